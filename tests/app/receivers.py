"""A webhook's receiver and a PagerDuty on real sockets of this machine."""

import asyncio
import base64
import contextlib
import json
import re
from pathlib import Path

from aiohttp import web

from bot.sim.pagerduty import PATH, PagerDuty

SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, no less").decode()


def example():
    """The function that docs/bridges.md shows."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "bridges.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names = {}
    exec(code, names)
    return names["is_from_flowbot"]


class Receiver:
    """Accepts what the example of the documentation says is from flowbot. ``answers``: what it says before that."""

    def __init__(self):
        self.events, self.headers, self.answers = [], [], []
        self.changed = asyncio.Condition()
        self.secret = SECRET

    async def take(self, request):
        body = await request.read()
        if self.answers:
            status, headers = self.answers.pop(0)
            return web.Response(status=status, headers=headers, text="x" * 100_000)
        if not example()(self.secret, {name.lower(): value for name, value in request.headers.items()}, body):
            return web.Response(status=401)
        async with self.changed:
            self.events.append(json.loads(body))
            self.headers.append(dict(request.headers))
            self.changed.notify_all()
        return web.Response(status=204)

    async def until(self, *kinds):
        """Wait until events of these kinds are there."""
        async with asyncio.timeout(60), self.changed:
            await self.changed.wait_for(lambda: set(kinds) <= set(self.kinds()))

    def kinds(self):
        return [event["type"].split(".")[-2] for event in self.events]


@contextlib.asynccontextmanager
async def receiving():
    """A receiver, a PagerDuty, and the settings that lead to them."""
    receiver, pagerduty = Receiver(), PagerDuty()
    app = pagerduty.app()
    app.router.add_post("/hook/", receiver.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield (
            receiver,
            pagerduty,
            {
                "FLOWBOT_WEBHOOK_URL": f"{address}/hook/",
                "FLOWBOT_WEBHOOK_SECRET": SECRET,
                "FLOWBOT_PAGERDUTY_URL": f"{address}{PATH}",
                "FLOWBOT_PAGERDUTY_KEY": pagerduty.key,
            },
        )
    finally:
        await runner.cleanup()
