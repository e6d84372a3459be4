"""The addresses ``/healthz`` (the process is alive), ``/readyz`` (it can do its work), ``/metrics`` (Prometheus)."""

from collections.abc import Callable

from aiohttp import web

from bot.core.health.promise import Judgement
from bot.core.text.escape import Markup
from bot.core.text.message import plain
from bot.ops.metrics import Metrics


def application(metrics: Metrics, judgement: Callable[[], Judgement], refresh: Callable[[], None]) -> web.Application:
    """The three addresses; ``refresh`` brings gauges up to date."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def readyz(_request: web.Request) -> web.Response:
        found = judgement()
        lines = [*found.broken, *([] if found.broken else [Markup("ready")]), *found.remarks]
        return web.Response(text="".join(f"{plain(line)}\n" for line in lines), status=503 if found.broken else 200)

    async def exposition(_request: web.Request) -> web.Response:
        refresh()
        return web.Response(
            body=metrics.exposition(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    app = web.Application()
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", exposition)
    return app
