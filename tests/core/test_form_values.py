"""Forms as values: their fields, what Slack is sent of them, what they carry, and which command they say."""

import json

import pytest

from bot.core.command import buttons
from bot.core.command.lacking import said
from bot.core.command.parse import is_complete, parse
from bot.core.command.table import BY_VERB
from bot.core.forms import fields, names, rendering
from bot.core.forms.model import Errors, FormSubmitted, OpenView, View
from bot.core.forms.saying import command_of, filled, shown_command
from bot.core.outbox import blocks
from bot.core.people.model import Origin, Person, Surface
from bot.core.text.escape import Markup
from bot.core.text.message import verbatim
from bot.sim.slack.limits import check_view

LABEL = Markup("A label")
ORIGIN = Origin(Surface.BUTTON, "C1", "1.1", "2.2", response_url="https://secret")


def view(*shown, **more):
    return View("name", LABEL, shown, **{"submit": LABEL, "origin": ORIGIN, **more})


ALL_FIELDS = (
    fields.text("a", LABEL, initial="x", placeholder=LABEL, hint=LABEL, lines=True, optional=True, most=10),
    fields.text("b", LABEL, version="2"),
    fields.choice("c", LABEL, [(LABEL, "1"), (LABEL, "2")], initial="2", placeholder=LABEL, reports=True),
    fields.choice("d", LABEL, [(LABEL, "1")], initial="none of them"),
    fields.search("e", LABEL, initial=(LABEL, "3")),
    fields.search("f", LABEL),
    fields.person("g", LABEL, initial="U0MAYA00001"),
    fields.person("h", LABEL),
    fields.day("i", LABEL, initial="2026-11-21"),
    fields.day("j", LABEL),
    fields.clock("k", LABEL, initial="14:30"),
    fields.clock("l", LABEL),
    blocks.actions(fields.button("m", LABEL, "v", style="primary"), fields.button("n", LABEL)),
)


def test_slack_takes_every_field():
    sent = rendering.rendered(view(*ALL_FIELDS, notify_on_close=True))
    check_view(sent)
    by_name = {fields.name_of(block["block_id"]): block for block in sent["blocks"][:-1]}
    assert by_name["b"]["block_id"] == "b.2", "another version of a field is empty"
    assert by_name["c"]["element"]["initial_option"]["value"] == "2"
    assert "initial_option" not in by_name["d"]["element"]
    assert (by_name["c"].get("dispatch_action"), by_name["d"].get("dispatch_action")) == (True, None)
    assert sent["notify_on_close"] is True


def test_labels_are_cut_and_blocks_capped_and_a_home_has_no_title():
    long = Markup("x" * 500)
    sent = rendering.rendered(View("n", long, [blocks.section(LABEL)] * 120, submit=long, close=long))
    check_view(sent)
    assert len(sent["blocks"]) == 100
    assert sent["blocks"][-1]["elements"][0]["text"] == "… The rest does not fit here."
    assert len(sent["title"]["text"]) == 24
    home = rendering.rendered(view(blocks.section(LABEL), is_home=True))
    check_view(home, kinds=("home",))
    assert "title" not in home
    assert rendering.rendered(view(submit=None))["close"]["text"] == "Close"
    assert rendering.rendered(view())["close"]["text"] == "Cancel"


def test_what_does_not_fit_is_refused_and_never_cut():
    with pytest.raises(ValueError, match="at most 3000"):
        fields.text("a", LABEL, initial="x" * 3001)
    for value in ("x" * 151, ""):
        with pytest.raises(ValueError, match="at most 150"):
            fields.choice("a", LABEL, [(LABEL, value)])
    with pytest.raises(ValueError, match="carries at most 3000"):
        rendering.rendered(view(state={"a": "x" * 3000}))


def test_a_view_carries_ids_and_its_place_but_no_secret():
    carried = rendering.rendered(view(state={"incident": "i1"}))["private_metadata"]
    assert "secret" not in carried
    state, origin = rendering.read(carried, "U1")
    assert (state, origin) == ({"incident": "i1"}, Origin(Surface.FORM, "C1", "1.1", "2.2"))
    assert rendering.read(rendering.carried({}, None), "U1") == ({}, Origin(Surface.FORM, "U1"))


@pytest.mark.parametrize(
    "text", ["", "no json", "[]", "1", '{"at": 1, "ids": 2}', '{"at": [1, 2, 3], "ids": {"a": 1}}', '{"at": ["C1"]}']
)
def test_what_cannot_be_read_was_asked_for_in_direct_messages(text):
    assert rendering.read(text, "U1") == ({}, Origin(Surface.FORM, "U1"))


def test_choices_are_at_most_a_hundred():
    assert len(rendering.offered([(verbatim(str(n)), str(n)) for n in range(1, 200)], "en")) == 100
    json.dumps(rendering.offered([(LABEL, "1")], "en"))


@pytest.mark.parametrize(
    ("state", "value"),
    [
        ({"value": "x"}, "x"),
        ({"value": None}, ""),
        ({"selected_option": {"value": "1"}}, "1"),
        ({"selected_option": None}, ""),
        ({"selected_options": [{"value": "1"}, {"value": "2"}, {"value": 3}]}, "1\n2"),
        ({"selected_user": "U1"}, "U1"),
        ({"selected_date": "2026-11-21"}, "2026-11-21"),
        ({"selected_time": "14:30"}, "14:30"),
        ({"selected_conversation": "C1"}, "C1"),
        ({}, ""),
    ],
)
def test_what_a_field_holds(state, value):
    assert fields.value_of(state) == value


def test_the_key_of_a_submission_is_its_view_and_what_that_showed():
    submitted = FormSubmitted(OpenView("V1", "h1"), "ack", Person("T", "U"), None, ORIGIN)
    assert submitted.key == "form:V1:h1"


# ── buttons ──


def test_a_button_may_open_a_form():
    assert buttons.asked_form(buttons.form("snooze 2809")) == ("snooze", "snooze 2809")
    assert buttons.asked_form(buttons.form("trigger #stash.secret")) == ("trigger", "#stash.secret")
    assert buttons.asked_form("snooze 2809") is None


# ── commands that lack words ──


@pytest.mark.parametrize(
    ("text", "words", "lacks"),
    [
        ("ack", "ack", True),
        ("please ack", "ack", True),
        ("/flow ack", "ack", True),
        ("认领", "ack", True),
        ("ack 2809", "ack 2809", False),
        ("ack all mine", "ack all mine", False),
        ("close 2809", "close 2809", False),
        ("assign 2809", "assign 2809", True),
        ("assign to <@U0JONAS0001>", "assign to <@U0JONAS0001>", True),
        ("assign 2809 to <@U0JONAS0001>", "assign 2809 to <@U0JONAS0001>", False),
        ("snooze 2809", "snooze 2809", True),
        ("snooze 2809 for", "snooze 2809", True),
        ("snooze 2809 for 2h", "snooze 2809 for 2h", True),
        ("snooze 2809 for 2h because …", "snooze 2809 for 2h", True),
        ("snooze for 2h because x", "snooze for 2h because x", True),
        ("snooze all until success because x", "snooze all until success because x", False),
        ("trigger", "trigger", True),
        ("trigger 3377 from", "trigger 3377", True),
        ("expect 3377 auto", "expect 3377 auto", False),
    ],
)
def test_what_a_command_lacks(text, words, lacks):
    found = said(text, "/flow")
    assert (found.words, found.lacks) == (words, lacks)
    assert is_complete(text, "/flow") is not lacks


@pytest.mark.parametrize(
    "text",
    ["", "hello", "foo", "trigger 3377 form 1", 'ack "', "trigger 1 from 2 with a=b", "👋", "show " + "x" * 10_000],
)
def test_what_is_no_command_or_not_understood_lacks_nothing(text):
    assert said(text, "/flow") is None


def test_what_needs_no_form_is_complete_and_what_is_not_understood_is_not():
    assert is_complete("runs of 3377")
    assert not is_complete("trigger 3377 fron 108580")


# ── what the forms say ──


@pytest.mark.parametrize(
    ("verb", "values", "words"),
    [
        ("ack", {"target": "3377", "how_long": "2h"}, "ack 3377 for 2h"),
        ("ack", {"target": "all mine", "how_long": "2h"}, "ack all mine for 2h"),
        ("ack", {"target": "3377-2026112102", "note": " a\nb "}, "ack 3377-2026112102 because a\nb"),
        ("close", {"target": '"a b"', "as": "fixed", "note": "of course"}, 'close "a b" as fixed because of of course'),
        ("close", {"target": "3377", "as": "nonsense"}, "close 3377"),
        ("assign", {"target": "3377", "whom": "U0JONAS0001"}, "assign 3377 to <@U0JONAS0001>"),
        ("snooze", {"target": "3377", "how_long": "2h", "note": "x"}, "snooze 3377 for 2h because x"),
        (
            "snooze",
            {"target": "all", "how_long": "2h", "until": "18:00", "note": "x"},
            "snooze all until 18:00 because x",
        ),
        ("snooze", {"target": "3377", "how_long": "success", "note": "x"}, "snooze 3377 until success because x"),
    ],
)
def test_the_fields_say_a_command(verb, values, words):
    assert command_of(verb, values) == words
    parse(words)
    assert shown_command(verb, values) == words


@pytest.mark.parametrize(
    ("verb", "values", "at"),
    [
        ("ack", {}, {"target"}),
        ("ack", {"target": "for 2h"}, {"target"}),
        ("ack", {"target": "3377 nonsense"}, {"target"}),
        ("ack", {"target": '"'}, {"target"}),
        ("snooze", {"target": "3377-2026112102", "how_long": "2h", "note": "x"}, {"target"}),
        ("snooze", {"target": "3377", "how_long": "2h", "note": " … "}, {"note"}),
        ("snooze", {"target": "3377", "until": "25:99", "note": "x"}, {"until"}),
        ("snooze", {"target": "3377", "until": "18:00 for 2h", "note": "x"}, {"until"}),
        ("snooze", {"target": "3377", "until": "18:00 because y", "note": "x"}, {"until"}),
        ("snooze", {"target": "3377", "note": "x"}, {"until"}),
        ("assign", {"target": "3377"}, {"whom"}),
    ],
)
def test_what_is_wrong_is_at_its_field(verb, values, at):
    found = command_of(verb, values)
    assert isinstance(found, Errors)
    assert set(found.at) == at
    shown = shown_command(verb, values)
    assert shown == ("snooze 3377 for 2h because …" if at == {"note"} else "")


@pytest.mark.parametrize(
    ("verb", "words", "values"),
    [
        ("ack", "", {"target": "", "note": "", "how_long": "4h"}),
        ("ack", "ack 2809 for 90m because x", {"target": "2809", "note": "x", "how_long": "1h30m"}),
        ("close", "close as fixed", {"target": "", "note": "", "as": "fixed"}),
        ("snooze", "snooze all", {"target": "all", "note": "", "how_long": "2h"}),
        ("snooze", "snooze 1 until 18:00", {"target": "1", "note": "", "how_long": "2h", "until": "18:00"}),
        ("snooze", "snooze 1 until success", {"target": "1", "note": "", "how_long": "success"}),
        ("assign", "assign to <@U0JONAS0001>", {"target": "", "whom": "U0JONAS0001"}),
        ("assign", "not understood", {"target": ""}),
    ],
)
def test_what_was_said_is_in_the_fields(verb, words, values):
    assert filled(verb, words) == values


def test_every_form_is_of_a_verb_and_every_shortcut_on_a_message_says_a_command():
    assert set(BY_VERB) >= names.FORMS
    for words in names.MESSAGE_SHORTCUTS.values():
        parse(words)


def test_the_card_says_what_the_form_is_about():
    assert filled("ack", "ack 1", "3377-2026112102")["target"] == "3377-2026112102"
