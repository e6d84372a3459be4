"""People and a real slack-bolt app, over Socket Mode."""

import asyncio
from dataclasses import replace

import pytest
from slack_sdk.errors import SlackApiError
from workspace_kit import bolt_app, connected, slack

from bot.sim.workspace_seed import ALEX, DATA_OPS, FINANCE, FLOWBOT, GENERAL, GUEST, JONAS, MAYA, PRIVATE, SAM, STRANGER
from bot.sim.workspace_things import Forbidden, Shortcut

CARD = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*FAIL* daily-energy-report <@U0MAYA00001>"}},
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "say:1",
                "text": {"type": "plain_text", "text": "Acknowledge"},
                "value": "1|p|ack",
            },
            {
                "type": "overflow",
                "action_id": "menu:1",
                "options": [{"text": {"type": "plain_text", "text": "Snooze 1 h"}, "value": "1|p|snooze"}],
            },
        ],
    },
]
MODAL = {
    "type": "modal",
    "callback_id": "rerun",
    "title": {"type": "plain_text", "text": "Rerun"},
    "submit": {"type": "plain_text", "text": "Start"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Reason"},
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 10},
        },
        {
            "type": "input",
            "block_id": "task",
            "optional": True,
            "label": {"type": "plain_text", "text": "From"},
            "element": {"type": "external_select", "action_id": "pick", "min_query_length": 0},
        },
    ],
}


async def test_a_slash_command_is_delivered_encoded_and_answered_privately():
    async with slack() as world:
        workspace, app, heard = world.workspace, bolt_app(world), []

        @app.command("/flow")
        async def flow(ack, respond, body):
            await ack()
            heard.append(body)
            await respond("on its way")

        async with connected(world, app):
            answer = await workspace.say(
                MAYA, "#data-ops", "/flow trigger 3377 by @Jonas Weber with note=a & <b> #general"
            )
            assert answer.acked
            await workspace.until(lambda: workspace.ephemerals(MAYA, DATA_OPS))
        assert heard[0]["text"] == "trigger 3377 by <@U0JONAS0001> with note=a &amp; &lt;b&gt; <#C0GENERAL1|general>"
        assert heard[0]["user_id"] == MAYA
        assert heard[0]["channel_name"] == "data-ops"
        assert workspace.visible(MAYA, DATA_OPS)[-1] == "flowbot (only you): on its way"
        assert not any("on its way" in line for line in workspace.visible(JONAS, DATA_OPS))


async def test_a_public_acknowledgement_shows_what_was_typed():
    async with slack() as world:
        app = bolt_app(world)

        @app.command("/flow")
        async def flow(ack, command):
            if command["text"] == "loud":
                await ack(text="heard", response_type="in_channel")
            elif command["text"] == "show":
                await ack(response_type="in_channel")
            else:
                await ack("quiet")

        async with connected(world, app):
            await world.workspace.say(MAYA, GENERAL, "/flow loud")
            await world.workspace.say(MAYA, GENERAL, "/flow show")
            await world.workspace.say(MAYA, GENERAL, "/flow")
        assert world.workspace.visible(JONAS, GENERAL)[-3:] == [
            "Maya Chen: /flow loud",
            "flowbot: heard",
            "Maya Chen: /flow show",
        ]
        assert world.workspace.visible(MAYA, GENERAL)[-1] == "flowbot (only you): quiet"


async def test_a_command_nobody_answers_is_told_to_the_person():
    async with slack() as world:
        world.workspace.ack_seconds = 0.05
        await world.workspace.say(MAYA, DATA_OPS, "/flow help")
        assert (
            world.workspace.visible(MAYA, DATA_OPS)[-1] == "Slackbot (only you): /flow failed: flowbot did not respond."
        )
        app = bolt_app(world)

        @app.command("/flow")
        async def flow(ack):
            await asyncio.Event().wait()

        async with connected(world, app):
            answer = await world.workspace.say(JONAS, DATA_OPS, "/flow help")
        assert (answer.acked, answer.why) == (False, "timeout")
        assert "did not respond" in world.workspace.visible(JONAS, DATA_OPS)[-1]


async def test_commands_that_slack_itself_refuses():
    async with slack() as world:
        workspace = world.workspace
        parent = workspace.messages(DATA_OPS)[0]
        await workspace.say(MAYA, DATA_OPS, "/nope")
        await workspace.say(MAYA, DATA_OPS, "/flow help", thread=parent)
        assert (
            workspace.visible(MAYA, DATA_OPS)[1] == "↳ Slackbot (only you): /flow is not supported in threads. Sorry!"
        )
        assert workspace.visible(MAYA, DATA_OPS)[-1] == "Slackbot (only you): /nope is not a valid command."


async def test_a_mention_is_answered_in_its_thread():
    async with slack() as world:
        workspace, app, events = world.workspace, bolt_app(world), []

        @app.event("app_mention")
        async def mentioned(event, body, say):
            events.append(body)
            await say("yes?", thread_ts=event.get("thread_ts", event["ts"]))

        async with connected(world, app):
            first = workspace.say(SAM, DATA_OPS, "@flowbot ack 2809")
            assert (await first).acked
            await workspace.until(lambda: workspace.replies(first.message))
            workspace.say(SAM, DATA_OPS, "<@U0FLOWBOT1> again", thread=first.message)
            await workspace.until(lambda: len(workspace.replies(first.message)) == 3)
        assert events[0]["event"]["text"] == "<@U0FLOWBOT1> ack 2809"
        assert "thread_ts" not in events[0]["event"]
        assert events[1]["event"]["thread_ts"] == first.message.ts
        assert events[0]["event_id"] != events[1]["event_id"]
        assert workspace.visible(MAYA, DATA_OPS)[-4:] == [
            "Sam Lee: @flowbot ack 2809",
            "↳ flowbot: yes?",
            "↳ Sam Lee: @flowbot again",
            "↳ flowbot: yes?",
        ]


async def test_a_mention_where_the_app_is_no_member_reaches_nobody():
    async with slack() as world:
        app = bolt_app(world)
        async with connected(world, app):
            world.workspace.say(MAYA, GENERAL, "@flowbot hello")
            await world.workspace.settled()
        assert not world.workspace.sockets.log
        assert world.workspace.visible(MAYA, GENERAL)[-1].startswith("Slackbot (only you): You mentioned @flowbot, but")


async def test_a_direct_message_reaches_the_app_and_its_own_answers_come_back_to_it():
    async with slack() as world:
        workspace, app, heard = world.workspace, bolt_app(world), []

        @app.event("message")
        async def said(event, say):
            heard.append(event)
            await say("hello")

        async with connected(world, app):
            await workspace.say(MAYA, "@flowbot", "help")
            await workspace.until(lambda: len(workspace.messages("D0MAYA00001")) == 2)
            await workspace.settled()
        assert [event["channel_type"] for event in heard] == ["im"]
        assert [envelope.payload["event"].get("bot_id") for envelope in workspace.sockets.log] == [None, "B0FLOWBOT1"]
        assert workspace.visible(MAYA, workspace.dm(MAYA).id) == ["Maya Chen: help", "flowbot: hello"]
        assert not workspace.sees(JONAS, workspace.dm(MAYA))


async def test_a_button_press_carries_all_that_bolt_needs_and_replaces_the_card():
    async with slack() as world:
        workspace, app, pressed = world.workspace, bolt_app(world), []

        @app.action("say:1")
        async def say(ack, body, action, respond):
            await ack()
            pressed.append(body)
            await respond(text=f"acknowledged by <@{body['user']['id']}>", replace_original=True)

        @app.action("menu:1")
        async def menu(ack, action):
            await ack()
            pressed.append(action)

        async with connected(world, app):
            await world.client.chat_postMessage(channel=DATA_OPS, text="FAIL", blocks=CARD)
            card = workspace.messages(DATA_OPS)[-1]
            assert workspace.visible(MAYA, DATA_OPS)[-1].endswith("[Acknowledge] [⋯: Snooze 1 h]")
            await workspace.press(JONAS, card, "Snooze 1 h")
            await workspace.press(JONAS, card, "Acknowledge")
            await workspace.until(lambda: "acknowledged" in card.text)
        assert pressed[0]["selected_option"]["value"] == "1|p|snooze"
        assert pressed[1]["actions"][0]["value"] == "1|p|ack"
        assert pressed[1]["container"] == {
            "type": "message",
            "message_ts": card.ts,
            "channel_id": DATA_OPS,
            "is_ephemeral": False,
        }
        assert pressed[1]["message"]["blocks"][0]["block_id"]
        assert workspace.visible(MAYA, DATA_OPS)[-1] == "flowbot: acknowledged by @Jonas Weber"
        with pytest.raises(Forbidden, match="no Acknowledge"):
            workspace.press(JONAS, card, "Acknowledge")


async def test_an_ephemeral_is_seen_and_pressed_by_one_person_and_changed_by_response_url_only():
    async with slack() as world:
        workspace, app, pressed = world.workspace, bolt_app(world), []

        @app.action("say:1")
        async def say(ack, body, respond):
            await ack()
            pressed.append(body)
            await respond(delete_original=True)

        async with connected(world, app):
            posted = await world.client.chat_postEphemeral(channel=DATA_OPS, user=MAYA, text="sure?", blocks=CARD)
            (private,) = workspace.ephemerals(MAYA, DATA_OPS)
            ts = posted["message_ts"]
            assert await world.refusal("chat.update", channel=DATA_OPS, ts=ts, text="x") == "message_not_found"
            assert (
                await world.refusal("chat.postMessage", channel=DATA_OPS, thread_ts=ts, text="x")
                == "cannot_reply_to_message"
            )
            with pytest.raises(Forbidden):
                workspace.press(JONAS, private, "Acknowledge")
            await workspace.press(MAYA, private, "Acknowledge")
            await workspace.until(lambda: not workspace.ephemerals(MAYA, DATA_OPS))
        assert "message" not in pressed[0]
        assert pressed[0]["container"]["is_ephemeral"] is True
        history = await world.client.conversations_history(channel=DATA_OPS)
        assert ts not in [message["ts"] for message in history["messages"]]


def modal_app(world, seen):
    app = bolt_app(world)

    @app.command("/flow")
    async def flow(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)
        with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
            await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @app.options("pick")
    async def tasks(ack, payload):
        text = payload["value"]
        option = {"text": {"type": "plain_text", "text": f"load {text}"}, "value": "108581"}
        if text == "too many":
            await ack(options=[option] * 101)
        elif text == "grouped":
            await ack(option_groups=[{"label": {"type": "plain_text", "text": "Tasks"}, "options": [option]}])
        else:
            await ack(options=[option])

    answers = {
        "no": {"response_action": "errors", "errors": {"why": "Say a little more."}},
        "wrong": {"response_action": "errors", "errors": {"nowhere": "x"}},
        "next": {"response_action": "update", "view": {**MODAL, "title": {"type": "plain_text", "text": "Step 2"}}},
        "more": {"response_action": "push", "view": {**MODAL, "title": {"type": "plain_text", "text": "On top"}}},
        "broken": {"response_action": "update", "view": {"type": "modal"}},
        "odd": {"response_action": "dance"},
        "all": {"response_action": "clear"},
    }

    @app.view("rerun")
    async def submitted(ack, view):
        values = view["state"]["values"]
        seen.append(values)
        await ack(answers.get(values["why"]["text"]["value"], {}))

    @app.view_closed("rerun")
    async def closed(ack, body):
        await ack()
        seen.append(body["is_cleared"])

    return app


async def test_a_modal_from_trigger_to_submission():
    async with slack() as world:
        workspace, seen = world.workspace, []
        async with connected(world, modal_app(world, seen)):
            workspace.say(MAYA, DATA_OPS, "/flow")
            view = await workspace.until(lambda: workspace.modal(MAYA))
            assert workspace.view_shown(view.content) == "Rerun\nReason: []\nFrom: [⋯: ]"
            await workspace.submit(MAYA)
            assert view.errors == {"why": "Please complete this required field."}
            workspace.submit(MAYA, {"Reason": "far too long to take"})
            assert "no more than 10" in view.errors["why"]
            assert workspace.sockets.log[-1].payload.get("type") != "view_submission"
            await workspace.submit(MAYA, {"Reason": "no"})
            assert view.errors == {"why": "Say a little more."}
            offered = await workspace.load_options(MAYA, view, "task", "pick", "lo")
            await workspace.submit(MAYA, {"why": "next", "pick": offered["options"][0]})
            assert workspace.modal(MAYA).content["title"]["text"] == "Step 2"
            await workspace.submit(MAYA, {"why": "more"})
            assert workspace.modal(MAYA).content["title"]["text"] == "On top"
            await workspace.close_modal(MAYA)
            assert workspace.modal(MAYA) is view
            await workspace.close_modal(MAYA, cleared=True)
            assert workspace.modal(MAYA) is None
            with pytest.raises(Forbidden):
                workspace.submit(MAYA)
            workspace.say(MAYA, DATA_OPS, "/flow")
            await workspace.until(lambda: workspace.modal(MAYA))
            await workspace.submit(MAYA, {"why": "done"})
            assert workspace.modal(MAYA) is None
        assert seen[1]["task"]["pick"]["selected_option"]["text"]["text"] == "load lo"
        assert [entry for entry in seen if isinstance(entry, bool)] == [False, True]


async def test_answers_to_a_submission_that_slack_cannot_use_leave_the_modal_open():
    async with slack() as world:
        workspace = world.workspace
        async with connected(world, modal_app(world, [])):
            workspace.say(MAYA, DATA_OPS, "/flow")
            view = await workspace.until(lambda: workspace.modal(MAYA))
            for reason in ("wrong", "broken", "odd"):
                await workspace.submit(MAYA, {"why": {"text": reason}})
                assert "trouble" in workspace.trouble[MAYA]
                assert workspace.modal(MAYA) is view
            with pytest.raises(Forbidden, match="no field Colour"):
                workspace.submit(MAYA, {"Colour": "red"})
            assert await workspace.load_options(MAYA, view, "task", "pick", "too many") == {"options": []}
            grouped = await workspace.load_options(MAYA, view, "task", "pick", "grouped")
            assert grouped["option_groups"][0]["label"]["text"] == "Tasks"
            await workspace.submit(MAYA, {"why": "more"})
            await workspace.submit(MAYA, {"why": "all"})
            assert workspace.modal(MAYA) is None
        workspace.open_view(workspace.new_trigger(MAYA), MODAL)
        await workspace.submit(MAYA, {"why": "lost"})
        assert "trouble" in workspace.trouble[MAYA]


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
            await workspace.open_home(MAYA)
            view = await workspace.until(lambda: workspace.home(MAYA))
            await workspace.press(MAYA, view, "Acknowledge")
            await workspace.until(lambda: workspace.view_shown(view.content) == "All well")
            await workspace.open_home(MAYA)
        assert workspace.home(JONAS) is None
        assert await world.refusal("views.publish", user_id=MAYA, view=home, hash="old") == "hash_conflict"


async def test_shortcuts_and_reactions():
    async with slack() as world:
        workspace, app, heard = world.workspace, bolt_app(world), []
        shortcuts = (
            Shortcut(name="New", callback_id="new"),
            Shortcut(name="This", callback_id="this", kind="message"),
        )
        scopes = workspace.app.scopes | {"reactions:read"}
        events = workspace.app.events | {"reaction_added", "reaction_removed"}
        workspace.app = replace(workspace.app, shortcuts=shortcuts, scopes=scopes, events=events)

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
            await workspace.use_shortcut(MAYA, "new")
            await workspace.use_shortcut(MAYA, "this", message)
            await workspace.react(MAYA, message, "eyes")
            await workspace.react(MAYA, message, "eyes")
            await workspace.until(lambda: len(heard) == 4)
        assert heard == ["new", "I have the pager until Friday.", "eyes", "no eyes"]
        with pytest.raises(Forbidden):
            workspace.use_shortcut(MAYA, "this")


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
            workspace.person("nobody")


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
        assert workspace.message_json(message)["edited"]["user"] == MAYA
        workspace.delete(MAYA, message)
        assert message not in workspace.messages(DATA_OPS)


async def test_membership_events_reach_an_app_that_listens():
    async with slack() as world:
        workspace, app, heard = world.workspace, bolt_app(world), []
        kinds = {"member_joined_channel", "member_left_channel", "channel_archive", "channel_unarchive"}
        workspace.app = replace(workspace.app, events=frozenset(kinds))
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
        events = workspace.app.events | {"message.channels", "message.groups"}
        workspace.app = replace(workspace.app, events=events)
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
            workspace.click(MAYA, card, "nowhere", "nothing")
        workspace.remove(card)
        with pytest.raises(Forbidden, match="does not see"):
            workspace.press(MAYA, card, "Acknowledge")
        private = await world.client.chat_postEphemeral(channel=DATA_OPS, user=MAYA, text="x")
        shortcut = Shortcut(name="This", callback_id="this", kind="message")
        workspace.app = replace(workspace.app, shortcuts=(shortcut,), home_tab=False, messages_tab=False)
        with pytest.raises(Forbidden, match="ephemeral"):
            workspace.use_shortcut(MAYA, "this", workspace.find(DATA_OPS, private["message_ts"]))
        assert not (await workspace.open_home(MAYA)).acked
        with pytest.raises(Forbidden, match="turned off"):
            workspace.say(MAYA, "@flowbot", "hello")
        workspace.channel(DATA_OPS).read_only = True
        with pytest.raises(Forbidden, match="only admins"):
            workspace.say(MAYA, DATA_OPS, "hello")
        workspace.say(ALEX, DATA_OPS, "admins may")
        workspace.say(GUEST, DATA_OPS, "and anyone in threads", thread=workspace.messages(DATA_OPS)[0])


async def test_a_command_without_escaping_is_sent_as_typed():
    async with slack() as world:
        workspace, app = world.workspace, bolt_app(world)
        (command,) = workspace.app.commands
        workspace.app = replace(workspace.app, commands=(replace(command, should_escape=False),))

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
        assert workspace.has_app(workspace.channel(PRIVATE))
        assert workspace.visible(MAYA, PRIVATE)[-1] == "flowbot: @flowbot has joined the channel"
        await workspace.say(MAYA, PRIVATE, "/invite @flowbot")
        assert len(workspace.messages(PRIVATE)) == 2
        await workspace.say(MAYA, PRIVATE, "/remove @flowbot")
        assert not workspace.has_app(workspace.channel(PRIVATE))
        await workspace.say(MAYA, PRIVATE, "/invite nobody")
        assert workspace.visible(MAYA, PRIVATE)[-1] == "Slackbot (only you): Say whom: /invite @flowbot"
        await workspace.say(MAYA, "@flowbot", "/leave")
        assert "does not work" in workspace.visible(MAYA, workspace.dm(MAYA).id)[-1]
        await workspace.say(MAYA, PRIVATE, "/archive")
        assert workspace.channel(PRIVATE).archived
        await workspace.say(MAYA, PRIVATE, "/leave")
        assert not workspace.sees(MAYA, workspace.channel(PRIVATE))
