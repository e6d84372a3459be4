"""A control API with a memory: it shows the world it is given, records what the page asks, and answers as told."""

import asyncio
import copy
import json
import time
from typing import Any

from aiohttp import web

MAYA, JONAS, PRIYA, BOT = "U0MAYA00001", "U0JONAS0001", "U0PRIYA0001", "U0FLOWBOT1"
WEI = "U0WEILIN001"
DATA_OPS, GENERAL, DIRECT = "C0DATAOPS1", "C0GENERAL1", "D0MAYA00001"
HINT = "help [VERB] · trigger FLOW [from TASK] · incidents [open|unacked|mine] · failed [PERIOD] · show FLOW|INSTANCE"


def person(id: str, name: str, **facts: Any) -> dict[str, Any]:
    handle = name.lower().replace(" ", ".")
    plain = {"team": "T0DEMO0001", "tz": "UTC", "guest": False, "stranger": False, "bot": False, "deleted": False}
    return {"id": id, "name": name, "handle": handle, "admin": False, **plain, **facts}


def channel(id: str, name: str, *, members: tuple[str, ...], **facts: Any) -> dict[str, Any]:
    plain = {"kind": "public", "topic": "", "archived": False, "shared": False, "read_only": False, "unread": 0}
    return {"id": id, "name": name, "member": MAYA in members, "members": list(members), **plain, **facts}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(label: str, value: str, index: int = 0, **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": plain(label), "value": value, "action_id": f"say:{index}", **more}


def option(label: str, value: str) -> dict[str, Any]:
    return {"text": plain(label), "value": value}


def bar(color: str, **commands: str) -> dict[str, Any]:
    """A card in no language: a colour, and buttons that say commands, by their labels."""
    row = [button(label, f"1|P1|{said}", index) for index, (label, said) in enumerate(commands.items())]
    return {"color": color, "blocks": [{"type": "actions", "block_id": "a1", "elements": row}]}


def flow(id: int, name: str, **facts: Any) -> dict[str, Any]:
    tasks = [{"id": id * 10 + number, "name": word} for number, word in enumerate(("extract", "transform", "load"))]
    state = {"active": True, "locked": False, "cycle": "D", "freq": "0 0 2 * * ? *", "failing": None, "running": None}
    return {"id": id, "name": name, "owners": ["maya.chen"], "tasks": tasks, "last_runs": [], **state, **facts}


def run(id: str, status: str, start: float, end: float | None = None) -> dict[str, Any]:
    of = int(id.split("-", maxsplit=1)[0])
    times = {"trigger": start, "start": start, "end": end}
    return {"id": id, "flow": of, "flow_name": "daily-energy-report", "status": status, "tasks": [], **times}


class FakeControl:
    """``world`` and ``platform`` are what is shown; ``asked`` is what came; ``answers`` overrides an answer by path."""

    def __init__(self) -> None:
        self.base = time.time() - 3600
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, tuple[int, dict[str, Any]]] = {}
        self.seen_as: list[str] = []
        self.slack_faults: list[dict[str, Any]] = []
        self.arrived: dict[str, Any] = {"alerts": [], "events": []}
        self.files: dict[str, str] = {}
        self.posted_in = [DATA_OPS]
        self.away = False
        self.closed = False
        self._waiting: set[asyncio.Future[None]] = set()
        self._count = 0
        self.world: dict[str, Any] = self._world()
        self.platform: dict[str, Any] = {
            "version": 1, "now": time.time(), "instances": [], "users": [],
            "faults": [], "fault_names": {}, "switches": [],
            "flows": [
                flow(2809, "turbine-10min"), flow(3377, "daily-energy-report"), flow(4410, "<!channel> weather & wind"),
            ],
        }  # fmt: skip

    def _world(self) -> dict[str, Any]:
        return {
            "version": 1,
            "team": {"id": "T0DEMO0001", "name": "Windmill", "domain": "windmill"},
            "app": {
                "id": "A0FLOWBOT1", "name": "flowbot", "user": BOT, "connected": True,
                "shortcuts": [], "home_tab": False,
                "commands": [{"command": "/flow", "hint": HINT, "description": "Run and watch flows"}],
            },
            "people": [
                person(MAYA, "Maya Chen", tz="Asia/Shanghai"),
                person(JONAS, "Jonas Weber", tz="Europe/Berlin"),
                person(PRIYA, "Priya Nair", tz="Asia/Kolkata"),
                person(BOT, "flowbot", bot=True),
            ],
            "groups": [{"id": "S0ONCALL01", "handle": "oncall-data", "name": "Data on call", "members": [JONAS]}],
            "channels": [
                channel(DATA_OPS, "data-ops", members=(MAYA, JONAS, PRIYA, BOT), topic="What runs, what broke"),
                channel(GENERAL, "general", members=(MAYA, JONAS)),
                channel(DIRECT, "flowbot", kind="im", members=(MAYA, BOT)),
            ],
            "messages": {DATA_OPS: [], GENERAL: [], DIRECT: []},
            "ephemerals": [],
            "modal": None, "modal_depth": 0, "modal_errors": {}, "trouble": "", "home": None, "unread": {},
        }  # fmt: skip

    # ── what a test tells ────────────────────────────────────────────────────

    def message(self, text: str = "", *, by: str = BOT, where: str = DATA_OPS, **facts: Any) -> dict[str, Any]:
        """Let a message arrive; ``to`` makes it one that only this person sees, ``thread_ts`` a reply."""
        self._count += 1
        made: dict[str, Any] = {
            "type": "message",
            "ts": f"{self.base + self._count * 0.01:.6f}",
            "user": by,
            "text": text,
        }
        made |= {"channel": where, "ephemeral": False, "chosen": {}, **facts}
        if by == BOT:
            made["bot_id"] = "B0FLOWBOT1"
        for number, block in enumerate(made.get("blocks", ())):
            block.setdefault("block_id", f"b{number}")
        if made.get("to"):
            made["ephemeral"] = True
            self.world["ephemerals"].append(made)
        elif made.get("thread_ts"):
            parent = next(one for one in self.world["messages"][where] if one["ts"] == made["thread_ts"])
            parent["replies"].append(made)
        else:
            self.world["messages"][where].append(made | {"replies": []})
        self.changed()
        return made

    def edit(self, message: dict[str, Any], **facts: Any) -> None:
        """Let a message be changed."""
        shown = next(one for one in self.world["messages"][message["channel"]] if one["ts"] == message["ts"])
        shown.update(facts, edited={"user": BOT, "ts": f"{time.time():.6f}"})
        self.changed()

    def change(self, **facts: Any) -> None:
        """Change the world and say so."""
        self.world |= facts
        self.changed()

    def changed(self) -> None:
        self.world["version"] += 1
        self.platform["version"] += 1
        self._stir()

    def close(self) -> None:
        """End the streams."""
        self.closed = True
        self._stir()

    def _stir(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """What was asked of a path, in order."""
        return [body for asked, body in self.asked if asked == path]

    async def until(self, path: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until a path was asked so many times, and return the bodies."""
        async with asyncio.timeout(60):
            while len(self.bodies(path)) < count:
                await self._stirred()
        return self.bodies(path)

    async def _stirred(self) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        await future

    # ── the routes ───────────────────────────────────────────────────────────

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/sim/state", self._state),
            web.get("/sim/stream", self._stream),
            web.get("/sim/options", self._options),
            web.get("/sim/platform", self._platform),
            web.get("/sim/platform/calls", self._calls),
            web.get("/sim/slack/calls", self._slack_calls),
            web.get("/sim/page/faults", self._faults),
            web.get("/sim/page/file/{id}", self._file),
            web.get("/sim/page/arrived", self._arrived),
            web.post("/sim/{rest:.*}", self._asked),
        ]

    async def _state(self, request: web.Request) -> web.Response:
        if self.away:
            raise web.HTTPServiceUnavailable
        who = request.query["as"]
        self.seen_as.append(who)
        seen = copy.deepcopy(self.world) | {"me": who}
        seen["ephemerals"] = [one for one in seen["ephemerals"] if one["to"] == who]
        return web.json_response(seen)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        told = -1
        while not self.closed:
            if told != self.world["version"]:
                told = self.world["version"]
                await response.write(f"data: {json.dumps({'version': told})}\n\n".encode())
            await self._stirred()
        return response

    async def _options(self, request: web.Request) -> web.Response:
        typed = request.query["value"]
        self.asked.append(("/sim/options", dict(request.query)))
        return web.json_response(
            {"ok": True, "options": [option(f"{typed}-{number}", str(number)) for number in (1, 2)]}
        )

    async def _platform(self, _request: web.Request) -> web.Response:
        return web.json_response(self.platform | {"now": time.time()})

    async def _calls(self, _request: web.Request) -> web.Response:
        call = {
            "at": time.time() - 4,
            "resource": "flows",
            "action": "trigger",
            "body": {"flowId": 3377},
            "status": 200,
        }
        return web.json_response([call | {"outcome": "OK"}])

    async def _slack_calls(self, _request: web.Request) -> web.Response:
        call = {"method": "chat.postMessage", "status": 200, "at": time.time() - 2, "answer": {"ok": True}}
        calls = [call | {"arguments": {"channel": place}} for place in self.posted_in]
        return web.json_response({"ok": True, "calls": calls})

    async def _faults(self, _request: web.Request) -> web.Response:
        return web.json_response({"faults": self.slack_faults})

    async def _arrived(self, _request: web.Request) -> web.Response:
        return web.json_response(self.arrived)

    async def _file(self, request: web.Request) -> web.Response:
        return web.Response(text=self.files[request.match_info["id"]])

    async def _asked(self, request: web.Request) -> web.Response:
        self.asked.append((request.path, await request.json()))
        self._stir()
        status, answer = self.answers.get(request.path, (200, {"ok": True}))
        return web.json_response(answer, status=status)
