"""What the demo page asks of the pretend Slack: one person's view of it, that person's acts, and what goes wrong.

What ``GET /sim/state`` answers is described in ``page_state.py``; each act says in its docstring what its body holds.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bot.sim.slack.deliveries import ActResult
from bot.sim.slack.model import Forbidden, Json, Message, View
from bot.sim.slack.page_state import PageState
from bot.sim.slack.workspace import Workspace

HEARTBEAT_SECONDS = 15.0
CALLS_SHOWN = 200


def workspace_routes(workspace: Workspace) -> list[web.RouteDef]:
    """List the routes under /sim/ that concern Slack; all speak JSON."""
    controls = _SlackControls(workspace)
    acts: dict[str, Callable[[Json], Awaitable[Json]]] = {
        "/sim/say": controls.say,
        "/sim/press": controls.press,
        "/sim/modal/submit": controls.submit,
        "/sim/modal/close": controls.close,
        "/sim/home": controls.open_home,
        "/sim/shortcut": controls.shortcut,
        "/sim/react": controls.react,
        "/sim/edit": controls.edit,
        "/sim/delete": controls.delete,
        "/sim/read": controls.read,
        "/sim/join": controls.join,
        "/sim/leave": controls.leave,
        "/sim/group": controls.group,
        "/sim/slack/fault": controls.fault,
        "/sim/slack/switch": controls.switch,
    }
    return [
        web.get("/sim/state", controls.state),
        web.get("/sim/stream", controls.stream),
        web.get("/sim/options", controls.options),
        web.get("/sim/slack/calls", controls.calls),
        *(web.post(path, _act(act)) for path, act in acts.items()),
    ]


def _act(perform: Callable[[Json], Awaitable[Json]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handler(request: web.Request) -> web.Response:
        try:
            body = await request.json()
            if not isinstance(body, dict):
                return _refused("the body must be a JSON object")
            return web.json_response({"ok": True, **await perform(body)})
        except KeyError as error:
            return _refused(f"{error.args[0]} is missing")
        except (Forbidden, ValueError, TypeError) as error:
            return _refused(str(error))

    return handler


def _refused(sentence: str) -> web.Response:
    return web.json_response({"ok": False, "error": sentence}, status=400)


class _SlackControls:
    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._state = workspace.state

    # ── looking ──────────────────────────────────────────────────────────────

    async def state(self, request: web.Request) -> web.Response:
        """Show everything one person sees."""
        try:
            person = self._state.person(request.query.get("as", ""))
        except Forbidden as error:
            return _refused(str(error))
        return web.json_response(PageState(self._workspace).seen_by(person))

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Send the page every new version, and a comment when there was none for 15 seconds."""
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        sent = -1
        try:
            while not self._state.closed:
                if self._state.version == sent:
                    await self._wait_for_change(response)
                    continue
                sent = self._state.version
                await response.write(f"data: {json.dumps({'version': sent})}\n\n".encode())
        except ConnectionError:
            return response
        return response

    async def _wait_for_change(self, response: web.StreamResponse) -> None:
        try:
            async with asyncio.timeout(HEARTBEAT_SECONDS):
                await self._state.next_change()
        except TimeoutError:
            await response.write(b": still here\n\n")

    async def options(self, request: web.Request) -> web.Response:
        """Ask the app for the options of an external select."""
        query = request.query
        try:
            source = self._source(dict(query))
            offered = await self._workspace.modal_acts.load_options(
                query["as"], source, query["block_id"], query["action_id"], query.get("value", "")
            )
        except (Forbidden, KeyError) as error:
            return _refused(str(error))
        return web.json_response({"ok": True, **offered})

    async def calls(self, _request: web.Request) -> web.Response:
        """Show the newest Web API calls."""
        calls = [
            {
                "method": call.method,
                "arguments": call.arguments,
                "answer": call.answer,
                "status": call.status,
                "at": call.at,
            }
            for call in self._state.calls[-CALLS_SHOWN:]
        ]
        return web.json_response({"ok": True, "calls": calls})

    # ── acting ───────────────────────────────────────────────────────────────

    async def say(self, body: Json) -> Json:
        """``{as, channel, text, thread_ts?}``."""
        result = self._workspace.message_acts.say(
            body["as"], body["channel"], str(body["text"]), body.get("thread_ts") or None
        )
        return _posted(result)

    async def press(self, body: Json) -> Json:
        """``{as, channel and ts or view_id, block_id, action_id, selected_option? or value? and the like}``."""
        chosen = next((body[key] for key in _CHOICES if body.get(key) is not None), None)
        source = self._source(body)
        return _posted(
            self._workspace.interactions.click(body["as"], source, body["block_id"], body["action_id"], chosen)
        )

    def _source(self, body: Json) -> Message | View:
        if body.get("view_id"):
            view = self._workspace.modals.find(str(body["view_id"]))
            if view is None:
                raise Forbidden("that view is closed")
            return view
        message = self._workspace.board.find(str(body["channel"]), str(body["ts"]))
        if message is None:
            raise Forbidden("that message is gone")
        return message

    async def submit(self, body: Json) -> Json:
        """``{as, view_id, values}``; answers when the app has."""
        result = self._workspace.modal_acts.submit(body["as"], body.get("values") or {}, self._view(body))
        await result
        modal = self._workspace.modals.top(body["as"])
        return {
            "errors": modal.errors if modal else {},
            "trouble": self._workspace.modals.connection_errors.get(body["as"], ""),
        }

    async def close(self, body: Json) -> Json:
        """``{as, view_id, cleared?}``."""
        self._workspace.modal_acts.close(body["as"], self._view(body), cleared=bool(body.get("cleared")))
        return {}

    def _view(self, body: Json) -> View | None:
        return self._workspace.modals.find(str(body["view_id"])) if body.get("view_id") else None

    async def open_home(self, body: Json) -> Json:
        """``{as, tab?}``."""
        self._workspace.interactions.open_home(body["as"], str(body.get("tab") or "home"))
        return {}

    async def shortcut(self, body: Json) -> Json:
        """``{as, callback_id, channel?, ts?}``."""
        source = self._source(body) if body.get("ts") else None
        message = source if isinstance(source, Message) else None
        self._workspace.interactions.use_shortcut(body["as"], body["callback_id"], message)
        return {}

    async def react(self, body: Json) -> Json:
        """``{as, channel, ts, name}``."""
        self._workspace.message_acts.react(body["as"], self._message(body), body["name"])
        return {}

    async def edit(self, body: Json) -> Json:
        """``{as, channel, ts, text}``."""
        self._workspace.message_acts.edit(body["as"], self._message(body), body["text"])
        return {}

    async def delete(self, body: Json) -> Json:
        """``{as, channel, ts}``; of an ephemeral, dismiss it."""
        self._workspace.message_acts.delete(body["as"], self._message(body))
        return {}

    def _message(self, body: Json) -> Message:
        source = self._source({"channel": body["channel"], "ts": body["ts"]})
        if isinstance(source, View):
            raise Forbidden("that is no message")
        return source

    async def read(self, body: Json) -> Json:
        """``{as, channel}``."""
        self._workspace.board.mark_read(self._state.person(body["as"]).id, self._state.channel(body["channel"]).id)
        return {}

    async def join(self, body: Json) -> Json:
        """``{as, channel}``; ``as`` may be the app."""
        self._workspace.membership.join(body["as"], body["channel"])
        return {}

    async def leave(self, body: Json) -> Json:
        """``{as, channel}``."""
        self._workspace.membership.leave(body["as"], body["channel"])
        return {}

    async def group(self, body: Json) -> Json:
        """``{group, members}``: who is in a user group, by name or id; bots and the deactivated too."""
        members = tuple(self._state.person(str(who)).id for who in body["members"])
        self._state.change_group(str(body["group"]), members=members)
        return {}

    async def fault(self, body: Json) -> Json:
        """``{name, …}`` of ``faults.py``; ``{name: "none"}`` ends every fault."""
        await self._workspace.fault(**body)
        return {}

    async def switch(self, body: Json) -> Json:
        """``{name, value}``: pace, tiers, distributed, acks_anywhere, tables.

        Or of a thing, named behind it: ``archived C…``, ``away U…``, ``deactivated U…``, ``disabled S…``.
        """
        name, value = str(body["name"]), bool(body["value"])
        limits, state = self._state.rate_limits, self._state
        match name.partition(" ")[::2]:
            case "pace", "":
                limits.posting = value
            case "tiers", "":
                limits.tiers = value
            case "distributed", "":
                limits.distributed = value
            case "acks_anywhere", "":
                self._workspace.deliveries.sockets.acks_anywhere = value
            case "tables", "":
                state.takes_tables = value
                state.changed()
            case "archived", channel:
                self._workspace.membership.archive(channel, archived=value)
            case "away", person:
                state.set_active(person, active=not value)
            case "deactivated", person:
                state.change_person(person, deleted=value)
            case "disabled", group:
                state.change_group(group, disabled=value)
            case _:
                raise ValueError(f"there is no switch called {name}")
        return {}


_CHOICES = (
    "selected_option",
    "selected_options",
    "selected_date",
    "selected_time",
    "selected_date_time",
    "selected_user",
    "selected_users",
    "selected_channel",
    "selected_channels",
    "selected_conversation",
    "selected_conversations",
    "value",
)


def _posted(result: ActResult) -> dict[str, Any]:
    return {"ts": result.message.ts} if result.message else {}
