"""What bolt hears beyond commands and presses: home, shortcuts, strangers, membership, edits, and mishaps."""

import re
from dataclasses import replace

import pytest
from workspace_kit import CARD, bolt_app, connected, slack

from bot.sim.slack.model import Forbidden, Shortcut
from bot.sim.slack.seed import (
    ALEX,
    DATA_OPS,
    FINANCE,
    FLOWBOT,
    GENERAL,
    GUEST,
    JONAS,
    MAYA,
    PRIVATE,
    SAM,
    STRANGER,
)


async def test_the_home_tab():
    async with slack() as world:
        workspace, app = world.workspace, bolt_app(world)
        home = {"type": "home", "blocks": [*CARD]}

        @app.event("app_home_opened")
        async def opened(event, client):
            if event["tab"] == "home" and "view" not in event:
                await client.views_publish(user_id=event["user"], view=home)

        @app.action("say:1")
        async def say(ack, body, client):
            await ack()
            assert body["container"]["type"] == "view"
            done = {"type": "home", "blocks": [{"type": "header", "text": {"type": "plain_text", "text": "All well"}}]}
            await client.views_publish(user_id=body["user"]["id"], view=done, hash=body["view"]["hash"])

        async with connected(world, app):
            await workspace.interactions.open_home(MAYA)
            view = await workspace.until(lambda: workspace.modals.home(MAYA))
            await workspace.press(MAYA, view, "Acknowledge")
            await workspace.until(lambda: workspace.renderer.view_shown(view.content) == "All well")
            await workspace.interactions.open_home(MAYA)
        assert workspace.modals.home(JONAS) is None
        assert await world.refusal("views.publish", user_id=MAYA, view=home, hash="old") == "hash_conflict"


async def test_shortcuts_and_reactions():
    async with slack() as world:
        workspace, app, heard = world.workspace, bolt_app(world), []
        shortcuts = (
            Shortcut(name="New", callback_id="new"),
            Shortcut(name="This", callback_id="this", kind="message"),
        )
        scopes = workspace.state.app.scopes | {"reactions:read"}
        events = workspace.state.app.events | {"reaction_added", "reaction_removed"}
        workspace.state.app = replace(workspace.state.app, shortcuts=shortcuts, scopes=scopes, events=events)

        @app.global_shortcut("new")
        async def new(ack, body):
            await ack()
            heard.append("new" if body["trigger_id"] else "")

        @app.message_shortcut("this")
        async def this(ack, body, respond):
            await ack()
            heard.append(body["message"]["text"])
            await respond("noted")

        @app.event("reaction_added")
        async def added(event):
            heard.append(event["reaction"])

        @app.event("reaction_removed")
        async def removed(event):
            heard.append(f"no {event['reaction']}")

        message = workspace.messages(DATA_OPS)[-1]
        async with connected(world, app):
            await workspace.interactions.use_shortcut(MAYA, "new")
            await workspace.interactions.use_shortcut(MAYA, "this", message)
            await workspace.message_acts.react(MAYA, message, "eyes")
            await workspace.message_acts.react(MAYA, message, "eyes")
            await workspace.until(lambda: len(heard) == 4)
        assert heard == ["new", "I have the pager until Friday.", "eyes", "no eyes"]
        with pytest.raises(Forbidden):
            workspace.interactions.use_shortcut(MAYA, "this")


async def test_a_stranger_is_told_apart_in_every_payload():
    async with slack() as world:
        workspace, app, teams = world.workspace, bolt_app(world), []

        @app.event("app_mention")
        async def mentioned(event, body):
            teams.append((body["is_ext_shared_channel"], event["user_team"]))

        @app.action("say:1")
        async def say(ack, body):
            await ack()
            teams.append((body["team"]["id"], body["user"]["team_id"]))

        async with connected(world, app):
            await workspace.say(STRANGER, FINANCE, "@flowbot help")
            posted = await world.client.chat_postMessage(channel=FINANCE, text="card", blocks=CARD)
            await workspace.press(STRANGER, workspace.find(FINANCE, posted["ts"]), "Acknowledge")
            await workspace.until(lambda: len(teams) == 2)
        assert teams == [(True, "T0OTHER001"), ("T0DEMO0001", "T0OTHER001")]
        assert (await world.client.users_info(user=STRANGER))["user"]["is_stranger"] is True


async def test_what_the_client_does_not_let_people_do():
    async with slack() as world:
        workspace = world.workspace
        workspace.change_person(SAM, deleted=True)
        for who, where in ((SAM, DATA_OPS), (JONAS, "D0MAYA00001"), (ALEX, PRIVATE), (GUEST, FINANCE), (MAYA, "#nope")):
            with pytest.raises(Forbidden):
                workspace.say(who, where, "hello")
        workspace.archive(DATA_OPS)
        with pytest.raises(Forbidden, match="archived"):
            workspace.say(MAYA, DATA_OPS, "hello")
        with pytest.raises(Forbidden):
            workspace.edit(MAYA, workspace.messages(GENERAL)[0], "mine now")
        with pytest.raises(Forbidden):
            workspace.delete(MAYA, workspace.messages(GENERAL)[0])
        with pytest.raises(Forbidden):
            workspace.state.person("nobody")


async def test_an_edit_that_adds_a_mention_reaches_the_app():
    async with slack() as world:
        workspace, app, heard = world.workspace, bolt_app(world), []

        @app.event("app_mention")
        async def mentioned(event):
            heard.append(event["text"])

        async with connected(world, app):
            message = workspace.say(MAYA, DATA_OPS, "ack 2809").message
            assert (await workspace.edit(MAYA, message, "@flowbot ack 2809")).acked
            await workspace.edit(MAYA, message, "@flowbot ack 2810")
            await workspace.until(lambda: heard)
        assert heard == [f"<@{FLOWBOT}> ack 2809"]
        assert workspace.json.message(message)["edited"]["user"] == MAYA
        workspace.delete(MAYA, message)
        assert message not in workspace.messages(DATA_OPS)


async def test_an_edit_of_a_direct_message_and_a_message_of_me_reach_the_app():
    async with slack() as world:
        workspace, app, heard = world.workspace, bolt_app(world), []

        @app.event(re.compile("message"))
        async def said(event):
            heard.append(event)

        async with connected(world, app):
            message = workspace.say(MAYA, "@flowbot", "show 337").message
            assert (await workspace.edit(MAYA, message, "show 3377")).acked
            workspace.say(MAYA, "@flowbot", "/me show 3377")
            await workspace.until(lambda: len(heard) == 3)
        first, changed, me = heard
        assert (first.get("subtype"), changed["subtype"], me["subtype"]) == (None, "message_changed", "me_message")
        assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("show 3377", "show 337")
        assert changed["message"]["edited"]["user"] == changed["message"]["user"] == me["user"] == MAYA
        assert "edited" not in changed["previous_message"]
        assert changed["message"]["ts"] == first["ts"] != changed["ts"]
        assert (me["text"], me["channel_type"]) == ("show 3377", "im")


async def test_membership_events_reach_an_app_that_listens():
    async with slack() as world:
        workspace, app, heard = world.workspace, bolt_app(world), []
        kinds = {"member_joined_channel", "member_left_channel", "channel_archive", "channel_unarchive"}
        workspace.state.app = replace(workspace.state.app, events=frozenset(kinds))
        for kind in kinds:

            @app.event(kind)
            async def happened(event):
                heard.append(event["type"])

        async with connected(world, app):
            await workspace.join(FLOWBOT, GENERAL)
            await workspace.join(FLOWBOT, GENERAL)
            await workspace.archive(GENERAL)
            await workspace.archive(GENERAL, archived=False)
            await workspace.leave(FLOWBOT, GENERAL)
            await workspace.leave(FLOWBOT, GENERAL)
            await workspace.until(lambda: len(heard) == 4)
        assert heard == [
            "member_joined_channel",
            "channel_archive",
            "channel_unarchive",
            "member_left_channel",
        ]


async def test_direct_messages_tell_of_changes_and_removals():
    async with slack() as world:
        workspace, app = world.workspace, bolt_app(world)
        im = workspace.dm(MAYA).id
        async with connected(world, app):
            posted = await world.client.chat_postMessage(channel=MAYA, text="first")
            await world.client.chat_update(channel=im, ts=posted["ts"], text="second")
            await world.client.chat_delete(channel=im, ts=posted["ts"])
            await workspace.settled()
        events = [envelope.payload["event"] for envelope in workspace.sockets.log]
        assert [event.get("subtype") for event in events] == [None, "message_changed", "message_deleted"]
        assert (events[1]["previous_message"]["text"], events[1]["message"]["text"]) == ("first", "second")
        assert events[2]["deleted_ts"] == posted["ts"]


async def test_every_message_of_a_channel_reaches_an_app_that_asked_for_it():
    async with slack() as world:
        workspace, app, heard = world.workspace, bolt_app(world), []
        events = workspace.state.app.events | {"message.channels", "message.groups"}
        workspace.state.app = replace(workspace.state.app, events=events)
        workspace.join(FLOWBOT, PRIVATE)

        @app.event("message")
        async def said(event):
            heard.append((event["channel_type"], event["text"]))

        @app.event("app_mention")
        async def mentioned(event):
            heard.append(("mention", event["ts"]))

        async with connected(world, app):
            await workspace.say(MAYA, PRIVATE, "psst")
            message = workspace.say(MAYA, DATA_OPS, "@flowbot hi").message
            workspace.say(MAYA, GENERAL, "not for the app")
            await workspace.until(lambda: len(heard) == 3)
            await workspace.settled()
        mention = ("mention", message.ts)
        assert sorted(heard) == sorted([("group", "psst"), ("channel", f"<@{FLOWBOT}> hi"), mention])
        ids = [envelope.payload["event_id"] for envelope in workspace.sockets.log]
        assert len(set(ids)) == 3


async def test_a_press_nobody_answers_is_told_where_it_was_pressed():
    async with slack() as world:
        workspace = world.workspace
        parent = workspace.messages(DATA_OPS)[0]
        posted = await world.client.chat_postMessage(channel=DATA_OPS, text="x", blocks=CARD, thread_ts=parent.ts)
        card = workspace.find(DATA_OPS, posted["ts"])
        assert not (await workspace.press(MAYA, card, "Acknowledge")).acked
        line = "↳ Slackbot (only you): That did not work: flowbot did not respond."
        assert workspace.visible(MAYA, DATA_OPS)[2] == line
        workspace.delete(MAYA, workspace.ephemerals(MAYA, DATA_OPS)[0])
        assert line not in workspace.visible(MAYA, DATA_OPS)


async def test_a_response_url_from_a_thread_answers_in_the_thread():
    async with slack() as world:
        workspace, app = world.workspace, bolt_app(world)

        @app.action("say:1")
        async def say(ack, body, respond):
            await ack()
            await respond("for you")
            ts = body["container"]["thread_ts"]
            await respond(text="for all", response_type="in_channel", replace_original=False, thread_ts=ts)
            await respond(text="new card", replace_original=True)

        parent = workspace.messages(DATA_OPS)[0]
        async with connected(world, app):
            posted = await world.client.chat_postMessage(channel=DATA_OPS, text="x", blocks=CARD, thread_ts=parent.ts)
            await workspace.press(MAYA, workspace.find(DATA_OPS, posted["ts"]), "Acknowledge")
            await workspace.until(lambda: "↳ flowbot: new card" in workspace.visible(MAYA, DATA_OPS))
        assert workspace.visible(MAYA, DATA_OPS)[1:4] == [
            "↳ flowbot: new card",
            "↳ flowbot (only you): for you",
            "↳ flowbot: for all",
        ]


async def test_waiting_in_vain_says_what_was_called_last():
    async with slack() as world:
        await world.client.auth_test()
        with pytest.raises(TimeoutError, match=r"auth\.test → 200 ok"):
            await world.workspace.until(lambda: False, timeout=0.01)


async def test_what_was_removed_or_is_off_cannot_be_used():
    async with slack() as world:
        workspace = world.workspace
        posted = await world.client.chat_postMessage(channel=DATA_OPS, text="x", blocks=CARD)
        card = workspace.find(DATA_OPS, posted["ts"])
        with pytest.raises(Forbidden, match="no longer there"):
            workspace.interactions.click(MAYA, card, "nowhere", "nothing")
        workspace.board.remove(card)
        with pytest.raises(Forbidden, match="does not see"):
            workspace.press(MAYA, card, "Acknowledge")
        private = await world.client.chat_postEphemeral(channel=DATA_OPS, user=MAYA, text="x")
        shortcut = Shortcut(name="This", callback_id="this", kind="message")
        workspace.state.app = replace(workspace.state.app, shortcuts=(shortcut,), home_tab=False, messages_tab=False)
        with pytest.raises(Forbidden, match="ephemeral"):
            workspace.interactions.use_shortcut(MAYA, "this", workspace.find(DATA_OPS, private["message_ts"]))
        assert not (await workspace.interactions.open_home(MAYA)).acked
        with pytest.raises(Forbidden, match="turned off"):
            workspace.say(MAYA, "@flowbot", "hello")
        workspace.state.channel(DATA_OPS).read_only = True
        with pytest.raises(Forbidden, match="only admins"):
            workspace.say(MAYA, DATA_OPS, "hello")
        workspace.say(ALEX, DATA_OPS, "admins may")
        workspace.say(GUEST, DATA_OPS, "and anyone in threads", thread=workspace.messages(DATA_OPS)[0])


async def test_a_command_without_escaping_is_sent_as_typed():
    async with slack() as world:
        workspace, app = world.workspace, bolt_app(world)
        (command,) = workspace.state.app.commands
        workspace.state.app = replace(workspace.state.app, commands=(replace(command, should_escape=False),))

        @app.command("/flow")
        async def flow(ack, command):
            await ack(command["text"])

        async with connected(world, app):
            await workspace.say(MAYA, DATA_OPS, "/flow by @maya & co")
        assert workspace.ephemerals(MAYA, DATA_OPS)[-1].text == "by @maya & co"


async def test_slacks_own_commands_move_people_and_the_app():
    async with slack() as world:
        workspace = world.workspace
        await workspace.say(MAYA, PRIVATE, "/invite @flowbot")
        assert workspace.state.has_app(workspace.state.channel(PRIVATE))
        assert workspace.visible(MAYA, PRIVATE)[-1] == "flowbot: @flowbot has joined the channel"
        await workspace.say(MAYA, PRIVATE, "/invite @flowbot")
        assert len(workspace.messages(PRIVATE)) == 2
        await workspace.say(MAYA, PRIVATE, "/remove @flowbot")
        assert not workspace.state.has_app(workspace.state.channel(PRIVATE))
        await workspace.say(MAYA, PRIVATE, "/invite nobody")
        assert workspace.visible(MAYA, PRIVATE)[-1] == "Slackbot (only you): Say whom: /invite @flowbot"
        await workspace.say(MAYA, "@flowbot", "/leave")
        assert "does not work" in workspace.visible(MAYA, workspace.dm(MAYA).id)[-1]
        await workspace.say(MAYA, PRIVATE, "/archive")
        assert workspace.state.channel(PRIVATE).archived
        await workspace.say(MAYA, PRIVATE, "/leave")
        assert not workspace.state.sees(MAYA, workspace.state.channel(PRIVATE))
