"""Forms between Slack and the handler: opened without waiting, answered in time, on a lane of their own."""

import asyncio

import pytest
from fake_slack import BOT_USER, Fault, event_of, mention, pressed, refusal, slash

from bot.core.errors import Refusal
from bot.core.forms import fields
from bot.core.forms.model import Reply, View
from bot.core.forms.rendering import rendered
from bot.core.outbox import blocks
from bot.core.outbox.conversations import SlackRefused, SlackUnclear
from bot.core.people.model import IncomingMessage, Origin, Person, Surface
from bot.core.text.escape import Markup
from bot.slack.listeners import Capacity

USER = {"user": {"id": "U0MAYA00001", "team_id": "T0DEMO0001"}, "team": {"id": "T0DEMO0001"}}
FORM = View(
    "snooze",
    Markup("Snooze"),
    [fields.text("note", Markup("Note")), fields.search("flow", Markup("Flow"))],
    submit=Markup("Snooze"),
    state={"incident": "i1"},
    origin=Origin(Surface.BUTTON, "C1", "", "5.5", response_url="https://hooks.slack.com/secret"),
)


class Handler:
    """Remembers what reaches it, and answers what it is told to."""

    def __init__(self, slack):
        self.slack = slack
        self.met = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.reply = Reply()
        self.failure = None

    async def _note(self, what):
        self.met.append(what)
        await self.slack.happened()
        await self.hold.wait()
        if self.failure:
            raise self.failure

    asked = changed = closed = home_opened = _note

    async def submitted(self, submitted):
        await self._note(submitted)
        return self.reply

    async def options(self, asked):
        await self._note(asked)
        return [{"text": {"type": "plain_text", "text": "daily"}, "value": "3377"}]


@pytest.fixture
def handler(slack):
    return Handler(slack)


@pytest.fixture
async def gateway(stage, handler):
    gateway = await stage.connected()
    gateway.listeners.forms.find_handler = lambda: handler
    gateway.listeners.forms.ack_seconds = 0
    yield gateway
    handler.hold.set()


def view_payload(kind="view_submission", view=FORM, values=None, **more):
    content = rendered(view)
    shown = {**content, "id": "V1", "hash": "h1", "state": {"values": values or {}}, "app_id": "A"}
    return {"type": kind, "trigger_id": "t1", "view": shown, **USER, **more}


def typed(note):
    return {"note": {"field:note": {"type": "plain_text_input", "value": note}}}


async def test_a_command_that_lacks_words_asks_for_its_form(slack, stage, gateway, handler):
    assert "payload" not in await slack.deliver("slash_commands", slash("snooze 2809"))
    await slack.until(lambda: handler.met)
    asked = handler.met[0]
    assert (asked.name, asked.words, asked.trigger) == ("snooze", "snooze 2809", "trigger-1")
    assert asked.origin.channel == "C0DATAOPS1"
    assert stage.receiver.said == []


async def test_commands_that_lack_nothing_and_those_without_a_trigger_are_messages(slack, stage, gateway, handler):
    await slack.deliver("slash_commands", slash("snooze 2809 for 2h because x"))
    await slack.deliver("slash_commands", slash("snooze", trigger_id=None))
    await slack.deliver("events_api", event_of(mention(f"<@{BOT_USER}> snooze")))
    await slack.until(lambda: len(stage.receiver.said) == 3)
    assert handler.met == []


async def test_a_button_opens_a_form(slack, gateway, handler):
    await slack.deliver("interactive", pressed("1|p3f9|form snooze 2809"))
    await slack.until(lambda: handler.met)
    assert (handler.met[0].name, handler.met[0].words, handler.met[0].post) == ("snooze", "snooze 2809", "p3f9")


async def test_forms_open_while_commands_hang_and_fill_all_places(slack, stage, gateway, handler):
    stage.receiver.hold.clear()
    for number in range(450):
        gateway.listeners._accept(
            IncomingMessage(f"k{number}", "runs", Person("T", "U"), Origin(Surface.COMMAND, "C"), stage.receiver), {}
        )
    ack = await slack.deliver("slash_commands", slash("snooze"))
    assert "payload" not in ack
    await slack.until(lambda: handler.met)


async def test_what_a_form_refuses_is_one_sentence_to_who_asked(slack, gateway, handler):
    handler.failure = RuntimeError("boom")
    await slack.deliver("slash_commands", slash("snooze", response_url=slack.response_url))
    await slack.until(lambda: slack.ephemerals)
    assert slack.ephemerals[0]["text"].startswith("Something broke on my side.")
    assert gateway.listeners.counts.failed == 1


async def test_beyond_its_lane_a_form_is_refused(slack, gateway, handler):
    handler.hold.clear()
    lane = gateway.listeners.forms.lane
    lane.most_running, lane.most_waiting = 1, 0
    await slack.deliver("slash_commands", slash("snooze"))
    ack = await slack.deliver("slash_commands", slash("snooze"))
    assert "did not take this. Nothing was changed." in ack["payload"]["text"]
    await slack.deliver("interactive", pressed("1|p|form snooze 1", response_url=slack.response_url))
    await slack.until(lambda: slack.ephemerals)


async def test_a_submission_becomes_a_message_and_closes_the_form(slack, stage, gateway, handler):
    by, origin = Person("T0DEMO0001", "U0MAYA00001"), Origin(Surface.FORM, "C1", "", "5.5")
    handler.reply = Reply(message=IncomingMessage("form:V1:h1", "snooze 2809", by, origin, None))
    ack = await slack.deliver("interactive", view_payload(values=typed("why")))
    assert ack["payload"] == {"response_action": "clear"}
    await slack.until(lambda: stage.receiver.said)
    assert stage.receiver.said[0].origin.surface is Surface.FORM
    submitted = handler.met[0]
    assert (submitted.key, submitted.values, submitted.fields) == (
        "form:V1:h1",
        {"note": "why"},
        {"note": "note", "flow": "flow"},
    )
    assert (submitted.state, submitted.origin) == ({"incident": "i1"}, Origin(Surface.FORM, "C1", "", "5.5"))


async def test_errors_and_another_view_are_shown_in_the_form(slack, gateway, handler):
    handler.reply = Reply(errors={"note": "Why?"})
    ack = await slack.deliver("interactive", view_payload())
    assert ack["payload"] == {"response_action": "errors", "errors": {"note": "Why?"}}
    followed = asyncio.Event()

    async def then():
        followed.set()

    handler.reply = Reply(view=rendered(FORM), then=then)
    ack = await slack.deliver("interactive", view_payload())
    assert ack["payload"]["response_action"] == "update"
    assert ack["payload"]["view"]["callback_id"] == "snooze"
    await followed.wait()
    handler.reply = Reply()
    assert not (await slack.deliver("interactive", view_payload())).get("payload")


async def test_a_submission_that_fails_or_hangs_keeps_the_form_open_with_a_sentence(
    slack, gateway, handler, monkeypatch
):
    handler.failure = RuntimeError("boom")
    ack = await slack.deliver("interactive", view_payload())
    assert ack["payload"]["errors"]["note"].startswith("Something broke on my side.")
    handler.failure = None
    monkeypatch.setattr("bot.slack.form_listeners.SUBMIT_SECONDS", 0)
    handler.hold.clear()
    ack = await slack.deliver("interactive", view_payload())
    assert "did not take this" in ack["payload"]["errors"]["note"]
    place = Origin(Surface.BUTTON, "C1")
    bare = View("snooze", Markup("Snooze"), [blocks.section(Markup("x"))], origin=place)
    assert not (await slack.deliver("interactive", view_payload(view=bare))).get("payload")
    await slack.until(lambda: slack.ephemerals)
    assert "did not take this" in slack.ephemerals[0]["text"]


async def test_a_submission_beyond_the_capacity_keeps_the_form_open(slack, stage, handler):
    stage.receiver.hold.clear()
    gateway = await stage.connected(capacity=Capacity(running=1, waiting=0))
    gateway.listeners.forms.find_handler = lambda: handler
    await slack.deliver("slash_commands", slash("one"))
    by = Person("T0DEMO0001", "U0MAYA00001")
    handler.reply = Reply(message=IncomingMessage("form:V1:h1", "snooze 1", by, Origin(Surface.FORM, "C1"), None))
    ack = await slack.deliver("interactive", view_payload())
    assert "did not take this" in ack["payload"]["errors"]["note"]


async def test_choices_are_answered_at_once_or_are_empty(slack, gateway, handler, monkeypatch):
    asked = view_payload("block_suggestion", action_id="field:flow", block_id="flow", value="dai")
    ack = await slack.deliver("interactive", asked)
    assert [each["value"] for each in ack["payload"]["options"]] == ["3377"]
    assert (handler.met[0].field, handler.met[0].typed) == ("flow", "dai")
    handler.failure = RuntimeError("boom")
    assert (await slack.deliver("interactive", asked))["payload"] == {"options": []}
    handler.failure = None
    monkeypatch.setattr("bot.slack.form_listeners.OPTIONS_SECONDS", 0)
    handler.hold.clear()
    assert (await slack.deliver("interactive", asked))["payload"] == {"options": []}
    foreign = {**asked, "action_id": "other"}
    assert (await slack.deliver("interactive", foreign))["payload"] == {"options": []}


async def test_changes_closings_and_the_home_reach_the_handler(slack, gateway, handler):
    action = {"type": "static_select", "action_id": "field:flow", "selected_option": {"value": "3377"}}
    await slack.deliver("interactive", view_payload("block_actions", actions=[action], container={"type": "view"}))
    await slack.deliver("interactive", view_payload("view_closed", is_cleared=False))
    opened = {"type": "app_home_opened", "user": "U0MAYA00001", "tab": "home", "view": {"id": "V9", "hash": "h9"}}
    await slack.deliver("events_api", event_of(opened))
    await slack.deliver("events_api", event_of(opened | {"tab": "messages"}))
    await slack.until(lambda: len(handler.met) == 3)
    changed, closed, home = handler.met
    assert (changed.field, changed.chosen) == ("flow", "3377")
    assert closed.view.id == "V1"
    assert (home.by, home.view.hash) == (Person("T0DEMO0001", "U0MAYA00001"), "h9")


async def test_a_button_in_a_view_that_says_a_command_is_a_message_of_that_place(slack, stage, gateway):
    action = {"type": "button", "action_id": "say:0", "value": "1||ack 2809"}
    await slack.deliver("interactive", view_payload("block_actions", actions=[action], container={"type": "view"}))
    home = View("home", Markup("x"), [], is_home=True)
    payload = view_payload("block_actions", home, actions=[action], container={"type": "view"}, trigger_id="t2")
    await slack.deliver("interactive", payload)
    await slack.until(lambda: len(stage.receiver.said) == 2)
    assert [said.origin for said in stage.receiver.said] == [
        Origin(Surface.FORM, "C1", "", "5.5"),
        Origin(Surface.HOME, "U0MAYA00001"),
    ]


async def test_shortcuts_say_commands_and_unknown_ones_are_refused(slack, stage, gateway):
    shortcut = {
        "type": "message_action",
        "callback_id": "ack",
        "trigger_id": "t1",
        "channel": {"id": "C1"},
        "message": {"ts": "6.6", "thread_ts": "5.5"},
        "message_ts": "6.6",
        "response_url": "https://hooks.slack.com/x",
        **USER,
    }
    await slack.deliver("interactive", shortcut)
    await slack.deliver("interactive", shortcut | {"callback_id": "old"})
    await slack.until(lambda: len(stage.receiver.said) == 2)
    said, old = stage.receiver.said
    assert (said.text, said.key) == ("ack", "shortcut:t1")
    assert said.origin == Origin(Surface.SHORTCUT, "C1", "5.5", "6.6", "https://hooks.slack.com/x")
    assert old.origin.surface is Surface.UNSUPPORTED


async def test_a_global_shortcut_opens_a_form(slack, stage, gateway, handler, monkeypatch):
    monkeypatch.setattr("bot.slack.incoming_forms.FORMS", {"trigger"})
    used = {"type": "shortcut", "callback_id": "trigger", "trigger_id": "t1", **USER}
    await slack.deliver("interactive", used)
    await slack.until(lambda: handler.met)
    asked = handler.met[0]
    assert (asked.name, asked.words, asked.key) == ("trigger", "trigger", "shortcut:t1")
    assert asked.origin == Origin(Surface.SHORTCUT, "U0MAYA00001")
    handler.hold.clear()
    gateway.listeners.forms.lane.most_running, gateway.listeners.forms.lane.most_waiting = 1, 0
    for _ in range(2):
        await slack.deliver("interactive", used)
    await slack.until(lambda: slack.called("chat.postMessage"))
    assert "did not take this" in slack.called("chat.postMessage")[0]["text"]


async def test_what_a_form_refuses_reaches_who_asked_and_later_trouble_nobody(slack, gateway, handler):
    handler.failure = Refusal("not_opened", Markup("It did not open."))
    action = {"type": "static_select", "action_id": "field:flow", "selected_option": {"value": "3377"}}
    await slack.deliver("interactive", view_payload("block_actions", actions=[action], container={"type": "view"}))
    await slack.deliver("slash_commands", slash("snooze", response_url=slack.response_url))
    await slack.until(lambda: slack.ephemerals)
    assert [each["text"] for each in slack.ephemerals] == ["It did not open."]


async def test_a_view_of_another_app_or_version_is_acked(slack, stage, gateway, handler):
    foreign = View("of last year", Markup("x"), [fields.text("note", Markup("Note"))], submit=Markup("x"))
    await slack.deliver("interactive", view_payload(view=foreign))
    await slack.deliver("interactive", view_payload("view_closed", foreign, is_cleared=False))
    await slack.until(lambda: stage.receiver.said)
    assert (stage.receiver.said[0].text, handler.met) == ("form", [])


async def test_without_a_handler_forms_are_refused(slack, stage):
    await stage.connected()
    assert "payload" in await slack.deliver("slash_commands", slash("snooze"))
    assert "did not take this" in (await slack.deliver("interactive", view_payload()))["payload"]["errors"]["note"]
    asked = view_payload("block_suggestion", action_id="field:flow", block_id="flow", value="")
    assert (await slack.deliver("interactive", asked))["payload"] == {"options": []}


async def test_views_are_sent_once_and_what_slack_refuses_is_raised(slack, gateway):
    slack.answers["views.open"] = slack.answers["views.update"] = {"view": {"id": "V1", "hash": "h1"}}
    slack.answers["views.push"] = slack.answers["views.publish"] = {"view": {"id": "V1", "hash": "h1"}}
    shown = await gateway.views.open("t1", FORM)
    await gateway.views.update(shown, FORM, "zh")
    await gateway.views.push("t2", FORM)
    await gateway.views.publish("U1", FORM)
    (opened,), (updated,), (published,) = (slack.called(f"views.{name}") for name in ("open", "update", "publish"))
    assert opened["trigger_id"] == "t1"
    assert (updated["view_id"], updated["hash"]) == ("V1", "h1")
    assert "secret" not in opened["view"]["private_metadata"]
    assert "hash" not in published
    slack.fail("views.open", refusal("expired_trigger_id"), Fault(cut=True))
    with pytest.raises(SlackRefused, match="expired_trigger_id"):
        await gateway.views.open("t3", FORM)
    with pytest.raises(SlackUnclear):
        await gateway.views.open("t3", FORM)
    assert len(slack.called("views.open")) == 3
    slack.answers["views.open"] = {}
    with pytest.raises(SlackUnclear, match="names no view"):
        await gateway.views.open("t4", FORM)
