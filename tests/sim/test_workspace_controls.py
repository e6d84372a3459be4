"""The control API, as the demo page uses it."""

import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from workspace_kit import bolt_app, connected, slack

from bot.sim.slack.controls import workspace_routes
from bot.sim.slack.model import Shortcut
from bot.sim.slack.seed import (
    DATA_ALERTS,
    DATA_OPS,
    FINANCE,
    FLOWBOT,
    GENERAL,
    GRID_OPS,
    GUEST,
    JONAS,
    MAYA,
    ON_CALL,
    PRIVATE,
    SAM,
    SOLAR_OPS,
    STRANGER,
)

CARD = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [
            {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}, "value": "go"},
            {"type": "users_select", "action_id": "who"},
            {"type": "external_select", "action_id": "pick"},
        ],
    }
]
MODAL = {
    "type": "modal",
    "callback_id": "m",
    "title": {"type": "plain_text", "text": "DetectionReason"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Reason"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


@asynccontextmanager
async def page():
    async with slack() as world:
        application = web.Application()
        application.add_routes(workspace_routes(world.workspace))
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield Page(world, f"http://127.0.0.1:{runner.addresses[0][1]}/sim")
        await world.workspace.close()
        await runner.cleanup()


class Page:
    def __init__(self, world, url):
        self.world, self.url = world, url

    async def get(self, path, **query):
        async with self.world.session.get(f"{self.url}/{path}", params=query) as answer:
            return await answer.json()

    async def post(self, path, **body):
        body = {key.rstrip("_"): value for key, value in body.items()}
        async with self.world.session.post(f"{self.url}/{path}", json=body) as answer:
            read = await answer.json()
            assert (answer.status == 200) == read["ok"]
            return read

    async def state(self, who=MAYA):
        return await self.get("state", **{"as": who})


async def test_each_person_sees_their_own_slack():
    async with page() as demo:
        await demo.world.client.chat_postEphemeral(channel=DATA_OPS, user=MAYA, text="only you")
        parent = await demo.world.client.chat_postMessage(channel=DATA_OPS, text="card", blocks=CARD)
        await demo.world.client.chat_postMessage(channel=DATA_OPS, text="reply", thread_ts=parent["ts"])
        seen = {who: {one["id"] for one in (await demo.state(who))["channels"]} for who in (MAYA, GUEST, STRANGER)}
        alerts = {DATA_ALERTS, GRID_OPS, SOLAR_OPS}
        assert seen[MAYA] == {DATA_OPS, GENERAL, FINANCE, PRIVATE, "D0MAYA00001"} | alerts
        assert seen[GUEST] == {DATA_OPS, GENERAL, "D0GUEST0001"}
        assert seen[STRANGER] == {FINANCE, "D0STRANGE01"}
        maya, jonas = await demo.state(MAYA), await demo.state(JONAS)
        assert [message["text"] for message in maya["ephemerals"]] == ["only you"]
        assert jonas["ephemerals"] == []
        card = maya["messages"][DATA_OPS][-1]
        assert (card["text"], card["replies"][0]["text"], card["ephemeral"]) == ("card", "reply", False)
        assert maya["unread"][DATA_OPS] == 2
        assert (await demo.post("read", as_=MAYA, channel=DATA_OPS))["ok"]
        assert (await demo.state(MAYA))["unread"][DATA_OPS] == 0
        assert maya["app"]["user"] == FLOWBOT
        assert maya["app"]["connected"] is False
        assert {person["id"]: person["stranger"] for person in maya["people"]}[STRANGER] is True
        assert (await demo.state("U0NOBODY01"))["ok"] is False


async def test_saying_pressing_and_choosing():
    async with page() as demo:
        workspace, app, heard = demo.world.workspace, bolt_app(demo.world), []

        @app.action("go")
        async def go(ack, body):
            await ack()
            heard.append(body["state"]["values"]["b"]["who"]["selected_user"])

        @app.action("who")
        async def who(ack, action):
            await ack()
            heard.append(action["selected_user"])

        @app.options("pick")
        async def pick(ack, payload):
            await ack(options=[{"text": {"type": "plain_text", "text": payload["value"]}, "value": "1"}])

        @app.event("app_mention")
        async def mentioned(event):
            heard.append(event["text"])

        async with connected(demo.world, app):
            said = await demo.post("say", as_=MAYA, channel=DATA_OPS, text="@flowbot hi")
            await demo.post("say", as_=MAYA, channel=DATA_OPS, text="more", thread_ts=said["ts"])
            await workspace.until(lambda: heard)
            assert (await demo.state())["app"]["connected"] is True
            card = await demo.world.client.chat_postMessage(channel=DATA_OPS, text="card", blocks=CARD)
            place = {"as_": MAYA, "channel": DATA_OPS, "ts": card["ts"], "block_id": "b"}
            await demo.post("press", **place, action_id="who", selected_user=SAM)
            await workspace.until(lambda: len(heard) == 2)
            await demo.post("press", **place, action_id="go")
            await workspace.until(lambda: len(heard) == 3)
            query = {"as": MAYA, "channel": DATA_OPS, "ts": card["ts"], "block_id": "b", "action_id": "pick"}
            offered = await demo.get("options", **query, value="lo")
            assert offered["options"][0]["text"]["text"] == "lo"
            chosen = (await demo.state())["messages"][DATA_OPS][-1]["chosen"]
            assert chosen["b"]["who"]["selected_user"] == SAM
        assert heard == [f"<@{FLOWBOT}> hi", SAM, SAM]
        assert [message.text for message in workspace.thread(DATA_OPS, said["ts"])] == [f"<@{FLOWBOT}> hi", "more"]


async def test_a_modal_and_the_home_tab_on_the_page():
    async with page() as demo:
        workspace, app = demo.world.workspace, bolt_app(demo.world)

        @app.view("m")
        async def submitted(ack, view):
            if view["state"]["values"]["why"]["text"]["value"] == "no":
                await ack(response_action="errors", errors={"why": "Say more."})
            else:
                await ack()

        @app.event("app_home_opened")
        async def opened(event, client):
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": []})

        async with connected(demo.world, app):
            view = workspace.modals.open(workspace.state.new_trigger_id(MAYA), MODAL)
            assert (await demo.state())["modal"]["id"] == view.id
            answer = await demo.post("modal/submit", as_=MAYA, view_id=view.id, values={"why": {"text": "no"}})
            assert answer["errors"] == {"why": "Say more."}
            assert (await demo.state())["modal_errors"] == {"why": "Say more."}
            state = {"why": {"text": {"type": "plain_text_input", "value": "because"}}}
            assert (await demo.post("modal/submit", as_=MAYA, view_id=view.id, values=state))["errors"] == {}
            assert (await demo.state())["modal"] is None
            view = workspace.modals.open(workspace.state.new_trigger_id(MAYA), MODAL)
            await demo.post("press", as_=MAYA, view_id=view.id, block_id="why", action_id="text", value="typed")
            assert view.values["why"]["text"]["value"] == "typed"
            await demo.post("modal/close", as_=MAYA, view_id=view.id)
            assert (await demo.state())["modal"] is None
            await demo.post("home", as_=MAYA)
            await workspace.until(lambda: workspace.modals.home(MAYA))
            assert (await demo.state())["home"]["type"] == "home"
            gone = await demo.post("press", as_=MAYA, view_id=view.id, block_id="why", action_id="text")
            assert gone["error"] == "that view is closed"


async def test_own_messages_reactions_membership_and_shortcuts():
    async with page() as demo:
        workspace = demo.world.workspace
        workspace.deliveries.ack_seconds = 0.01
        shortcut = Shortcut(name="This", callback_id="this", kind="message")
        workspace.state.app = replace(workspace.state.app, shortcuts=(shortcut,))
        ts = (await demo.post("say", as_=MAYA, channel=GENERAL, text="helo"))["ts"]
        place = {"as_": MAYA, "channel": GENERAL, "ts": ts}
        await demo.post("edit", **place, text="hello")
        await demo.post("react", **place, name="wave")
        shown = (await demo.state())["messages"][GENERAL][-1]
        assert (shown["text"], shown["reactions"][0]["name"]) == ("hello", "wave")
        assert shown["edited"]["user"] == MAYA
        assert (await demo.post("shortcut", **place, callback_id="this"))["ok"]
        await workspace.until(lambda: "did not respond" in workspace.visible(MAYA, GENERAL)[-1])
        await demo.post("delete", **place)
        assert workspace.find(GENERAL, ts) is None
        assert (await demo.post("delete", **place))["error"] == "that message is gone"
        await demo.post("join", as_=FLOWBOT, channel=GENERAL)
        assert workspace.state.has_app(workspace.state.channel(GENERAL))
        await demo.post("leave", as_=FLOWBOT, channel=GENERAL)
        assert not workspace.state.has_app(workspace.state.channel(GENERAL))


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("say", {"as_": MAYA, "channel": DATA_OPS}, "text is missing"),
        ("say", {"as_": "U0", "channel": DATA_OPS, "text": "x"}, "there is nobody called U0"),
        ("say", {"as_": MAYA, "channel": "C0", "text": "x"}, "there is no channel C0"),
        ("slack/fault", {"name": "nonsense"}, "there is no fault called nonsense"),
        ("slack/switch", {"name": "nonsense", "value": 1}, "there is no switch called nonsense"),
    ],
)
async def test_what_cannot_be_done_is_said(path, body, sentence):
    async with page() as demo:
        assert (await demo.post(path, **body))["error"] == sentence


async def test_a_body_must_be_an_object():
    async with page() as demo:
        for data in ("[]", "{"):
            async with demo.world.session.post(f"{demo.url}/say", data=data) as answer:
                assert answer.status == 400
        assert (await demo.get("options", **{"as": MAYA}))["ok"] is False


async def test_faults_switches_and_calls():
    async with page() as demo:
        workspace = demo.world.workspace
        await demo.post("slack/fault", name="ratelimited", times=1, seconds=7)
        assert await demo.world.refusal("chat.postMessage", channel=DATA_OPS, text="x") == "ratelimited"
        await demo.post("slack/fault", name="html")
        await demo.post("slack/fault", name="none")
        await demo.world.client.auth_test()
        calls = (await demo.get("slack/calls"))["calls"]
        assert [(call["method"], call["status"]) for call in calls] == [("chat.postMessage", 429), ("auth.test", 200)]
        for name in ("pace", "tiers", "acks_anywhere", f"archived {GENERAL}"):
            await demo.post("slack/switch", name=name, value=True)
        assert workspace.state.channel(GENERAL).archived
        assert (workspace.state.rate_limits.posting, workspace.state.rate_limits.tiers) == (True, True)


async def test_presence_groups_accounts_and_tables_are_switched_and_seen_by_page_and_app():
    async with page() as demo:
        client, table = demo.world.client, {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}

        async def shown():
            state = await demo.state()
            (sam,) = [one for one in state["people"] if one["id"] == SAM]
            return sam["active"], sam["deleted"], state["groups"][0]["disabled"], state["tables"]

        assert await shown() == (True, False, False, True)
        assert (await client.users_getPresence(user=SAM))["presence"] == "active"
        for name, value in ((f"away {SAM}", True), (f"disabled {ON_CALL}", True), ("tables", False)):
            await demo.post("slack/switch", name=name, value=value)
        assert await shown() == (False, False, True, False)
        assert (await client.users_getPresence(user=SAM))["presence"] == "away"
        assert await demo.world.refusal("usergroups.users.list", usergroup=ON_CALL) == "no_such_subteam"
        assert await demo.world.refusal("chat.postMessage", channel=DATA_OPS, blocks=[table]) == "invalid_blocks"
        for name, value in ((f"away {SAM}", False), (f"disabled {ON_CALL}", False), ("tables", True)):
            await demo.post("slack/switch", name=name, value=value)
        await demo.post("slack/switch", name=f"deactivated {SAM}", value=True)
        assert await shown() == (False, True, False, True)
        assert (await client.users_getPresence(user=SAM))["presence"] == "away"
        await client.chat_postMessage(channel=DATA_OPS, text="x", blocks=[table])
        await demo.post("group", group=ON_CALL, members=["Sam Lee", FLOWBOT, MAYA])
        assert (await client.usergroups_users_list(usergroup=ON_CALL))["users"] == [SAM, FLOWBOT, MAYA]
        for name in ("away U0", "disabled S0"):
            assert "there is no" in (await demo.post("slack/switch", name=name, value=True))["error"]


async def test_an_alert_channel_is_archived_and_the_app_is_taken_out_of_another():
    async with page() as demo:
        client = demo.world.client
        for channel in (DATA_ALERTS, GRID_OPS, SOLAR_OPS):
            await client.chat_postMessage(channel=channel, text="an alert")
        await demo.post("slack/switch", name=f"archived {GRID_OPS}", value=True)
        await demo.post("leave", as_=FLOWBOT, channel=SOLAR_OPS)
        assert await demo.world.refusal("chat.postMessage", channel=GRID_OPS, text="x") == "is_archived"
        assert await demo.world.refusal("chat.postMessage", channel=SOLAR_OPS, text="x") == "not_in_channel"
        await demo.post("slack/switch", name=f"archived {GRID_OPS}", value=False)
        await demo.post("join", as_=FLOWBOT, channel=SOLAR_OPS)
        for channel in (GRID_OPS, SOLAR_OPS):
            await client.chat_postMessage(channel=channel, text="again")


async def test_the_stream_tells_every_version_and_ends_with_the_workspace():
    async with page() as demo, demo.world.session.get(f"{demo.url}/stream", params={"as": MAYA}) as stream:
        first = json.loads((await stream.content.readuntil(b"\n\n")).decode().removeprefix("data: "))
        assert first == {"version": demo.world.workspace.state.version}
        await demo.post("say", as_=MAYA, channel=GENERAL, text="hello")
        second = json.loads((await stream.content.readuntil(b"\n\n")).decode().removeprefix("data: "))
        assert second["version"] > first["version"]
        await demo.world.workspace.close()
        assert (await stream.content.read()).count(b"version") <= 1
