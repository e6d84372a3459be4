"""People and a real slack-bolt app, over Socket Mode."""

import asyncio

import pytest
from slack_sdk.errors import SlackApiError
from workspace_kit import CARD, bolt_app, connected, slack

from bot.sim.slack.model import Forbidden
from bot.sim.slack.seed import DATA_OPS, GENERAL, JONAS, MAYA, SAM

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
        world.workspace.deliveries.ack_seconds = 0.05
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
        assert not workspace.state.sees(JONAS, workspace.dm(MAYA))


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
            view = await workspace.until(lambda: workspace.modals.top(MAYA))
            assert workspace.renderer.view_shown(view.content) == "Rerun\nReason: []\nFrom: [⋯: ]"
            await workspace.submit(MAYA)
            assert view.errors == {"why": "Please complete this required field."}
            workspace.submit(MAYA, {"Reason": "far too long to take"})
            assert "no more than 10" in view.errors["why"]
            assert workspace.sockets.log[-1].payload.get("type") != "view_submission"
            await workspace.submit(MAYA, {"Reason": "no"})
            assert view.errors == {"why": "Say a little more."}
            offered = await workspace.modal_acts.load_options(MAYA, view, "task", "pick", "lo")
            await workspace.submit(MAYA, {"why": "next", "pick": offered["options"][0]})
            assert workspace.modals.top(MAYA).content["title"]["text"] == "Step 2"
            await workspace.submit(MAYA, {"why": "more"})
            assert workspace.modals.top(MAYA).content["title"]["text"] == "On top"
            await workspace.modal_acts.close(MAYA)
            assert workspace.modals.top(MAYA) is view
            await workspace.modal_acts.close(MAYA, cleared=True)
            assert workspace.modals.top(MAYA) is None
            with pytest.raises(Forbidden):
                workspace.submit(MAYA)
            workspace.say(MAYA, DATA_OPS, "/flow")
            await workspace.until(lambda: workspace.modals.top(MAYA))
            await workspace.submit(MAYA, {"why": "done"})
            assert workspace.modals.top(MAYA) is None
        assert seen[1]["task"]["pick"]["selected_option"]["text"]["text"] == "load lo"
        assert [entry for entry in seen if isinstance(entry, bool)] == [False, True]


async def test_answers_to_a_submission_that_slack_cannot_use_leave_the_modal_open():
    async with slack() as world:
        workspace = world.workspace
        async with connected(world, modal_app(world, [])):
            workspace.say(MAYA, DATA_OPS, "/flow")
            view = await workspace.until(lambda: workspace.modals.top(MAYA))
            for reason in ("wrong", "broken", "odd"):
                await workspace.submit(MAYA, {"why": {"text": reason}})
                assert "trouble" in workspace.modals.connection_errors[MAYA]
                assert workspace.modals.top(MAYA) is view
            with pytest.raises(Forbidden, match="no field Colour"):
                workspace.submit(MAYA, {"Colour": "red"})
            assert await workspace.modal_acts.load_options(MAYA, view, "task", "pick", "too many") == {"options": []}
            grouped = await workspace.modal_acts.load_options(MAYA, view, "task", "pick", "grouped")
            assert grouped["option_groups"][0]["label"]["text"] == "Tasks"
            await workspace.submit(MAYA, {"why": "more"})
            await workspace.submit(MAYA, {"why": "all"})
            assert workspace.modals.top(MAYA) is None
        workspace.modals.open(workspace.state.new_trigger_id(MAYA), MODAL)
        await workspace.submit(MAYA, {"why": "lost"})
        assert "trouble" in workspace.modals.connection_errors[MAYA]
