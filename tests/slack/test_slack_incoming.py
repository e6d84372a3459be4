"""Payloads of Slack, and the messages that are read from them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from fake_slack import BOT, BOT_USER, TEAM, event_of, mention, pressed, slash
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.command.parse import parse, say
from bot.core.people.model import Person, Surface
from bot.slack import incoming
from bot.slack.directory import Identity
from bot.slack.incoming import SUBTYPES, Treatment

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
ME = Identity(TEAM, BOT_USER, BOT)


def test_a_slash_command_says_its_text_privately_answerable():
    received = incoming.command(slash(" trigger 3377 from 108580 "), NOW)
    assert received.text == "trigger 3377 from 108580"
    assert received.by == Person(TEAM, "U0MAYA00001")
    assert received.at == NOW
    assert received.key == "command:trigger-1"
    origin = received.origin
    assert (origin.surface, origin.channel, origin.thread, origin.message) == (Surface.COMMAND, "C0DATAOPS1", "", "")
    assert origin.response_url.endswith("secret")


def test_the_enterprise_identifies_a_person_before_the_team():
    assert incoming.command(slash("mine", enterprise_id="E1"), NOW).by == Person("E1", "U0MAYA00001")
    body = pressed("1|p|ack", enterprise={"id": "E1"}, team=None)
    assert incoming.press(body, NOW).by == Person("E1", "U0MAYA00001")
    body = pressed("1|p|ack", team={"id": TEAM, "enterprise_id": "E2"})
    assert incoming.press(body, NOW).by == Person("E2", "U0MAYA00001")


def test_without_a_trigger_id_the_envelope_is_the_key_and_without_both_the_payload_is():
    bare = slash("mine")
    del bare["trigger_id"]
    assert incoming.command(bare, NOW, delivery="env-7").key == "command:env-7"
    first, again = incoming.command(bare, NOW).key, incoming.command(dict(bare), NOW).key
    assert first == again != incoming.command({**bare, "text": "other"}, NOW).key


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"<@{BOT_USER}> trigger 3377", "trigger 3377"),
        (f"<@{BOT_USER}|flowbot> trigger 3377", "trigger 3377"),
        (f"  <@{BOT_USER}>: ack", "ack"),
        (f"<@{BOT_USER}>,\u00a0ack", "ack"),
        ("@flowbot ack", "ack"),
        ("@FlowBot ack", "ack"),
        ("@flowbots ack", "@flowbots ack"),
        (f"please <@{BOT_USER}> ack", "please ack"),
        (f"ack <@{BOT_USER}>", "ack"),
        (f"<@{BOT_USER}> ack because <@{BOT_USER}> said so", f"ack because <@{BOT_USER}> said so"),
        (f"<@{BOT_USER}>", ""),
        ("link <@U0OTHER0001> u1 name", "link <@U0OTHER0001> u1 name"),
    ],
)
def test_the_mention_is_taken_away_and_nothing_else(text, words):
    assert incoming.without_mention(text, ME) == words


def test_a_mention_in_a_thread_names_its_place():
    body = event_of(mention(f"<@{BOT_USER}> rerun", thread_ts="1799999999.000100"))
    received = incoming.event(body, NOW, ME)
    assert received.text == "rerun"
    assert received.origin.surface is Surface.MENTION
    assert received.origin.thread == "1799999999.000100"
    assert received.origin.message == "1800000000.000200"
    assert received.origin.response_url == ""


def test_the_first_message_of_a_thread_is_in_the_channel():
    own = mention(f"<@{BOT_USER}> rerun", thread_ts="1800000000.000200")
    assert incoming.event(event_of(own), NOW, ME).origin.thread == ""


def test_a_mention_and_a_message_of_the_same_post_are_one_and_so_is_a_repeat():
    direct = {"type": "message", "channel_type": "im", "channel": "D1"}
    one = incoming.event(event_of(mention("status", channel="D1"), "Ev1"), NOW, ME)
    two = incoming.event(event_of(mention("status") | direct, "Ev2"), NOW, ME)
    again = incoming.event(event_of(mention("status") | direct, "Ev2"), NOW, ME)
    assert one.key == two.key == again.key == "message:D1:1800000000.000200"
    assert one.origin.surface is two.origin.surface is Surface.DIRECT


@pytest.mark.parametrize(
    "more",
    [
        {"bot_id": "B1"},
        {"bot_profile": {"id": "B1"}},
        {"user": BOT_USER},
        {"user": "USLACKBOT"},
        {"user": None},
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"subtype": "bot_message"},
        {"subtype": "me_message", "bot_id": "B1"},
        {"subtype": "something_of_next_year"},
        {"subtype": ["x"]},
        {"ts": ""},
        {"channel": ""},
        {"type": "message"},
        {"type": "reaction_added"},
    ],
    ids=str,
)
def test_what_no_person_wrote_is_ignored(more):
    assert incoming.event(event_of(mention(f"<@{BOT_USER}> x") | more), NOW, ME) is None


@pytest.mark.parametrize("subtype", ["thread_broadcast", "file_share", "me_message"])
def test_a_broadcast_reply_a_file_with_text_and_a_me_message_are_answered(subtype):
    assert incoming.event(event_of(mention(f"<@{BOT_USER}> ack", subtype=subtype)), NOW, ME).text == "ack"
    direct = {"type": "message", "channel_type": "im", "channel": "D1"}
    received = incoming.event(event_of(mention("ack", subtype=subtype) | direct), NOW, ME)
    assert (received.text, received.hint, received.origin.surface) == ("ack", "", Surface.DIRECT)


AT = f"<@{BOT_USER}>"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"please {AT} show 3377", "show 3377"),
        (f"show 3377 {AT}", "show 3377"),
        (f"show 3377, {AT}", "show 3377"),
        (f"*show 3377 {AT}*", "show 3377"),
        (f":wave: {AT} show 3377", "show 3377"),
        (f"hey 👋 {AT}: could you show 3377", "show 3377"),
        (f"请 {AT} show 3377", "show 3377"),
        (f"*{AT}* show 3377", "show 3377"),
        (f"*_{AT}_* show 3377", "show 3377"),
        (f"*{AT} show 3377*", "show 3377"),
        (f"_{AT}, show_ 3377", "show 3377"),
        (f"&gt; {AT} show 3377", "show 3377"),
        (f"• *{AT}* show *3377*", "show 3377"),
        (f"{AT}，show 3377", "show 3377"),
        (f"{AT}、show 3377", "show 3377"),
        (f"{AT}：:wave: show 3377", "show 3377"),
        (f"{AT} {AT} show 3377", "show 3377"),
        (f"{AT} /flow show 3377", "show 3377"),
        (f"`/flow show 3377` {AT}", "show 3377"),
        (f"show 3377 {AT} please", "show 3377"),
        (f"show 3377 {AT} :pray:", "show 3377"),
        (f"show 3377 {AT}?", "show 3377"),
        (f"{AT} ?", "help"),
        (f"{AT} :wave: show 3377", "show 3377"),
        (f":wave: {AT}:show 3377", "show 3377"),
        ("*@flowbot* show 3377", "show 3377"),
        ("ok @FlowBot show 3377", "show 3377"),
    ],
)
def test_who_addresses_the_bot_is_understood(text, words):
    received = incoming.event(event_of(mention(text)), NOW, ME)
    assert received.hint == ""
    assert say(parse(received.text, "/flow")) == words


@pytest.mark.parametrize(
    "text",
    [
        f"as I told {AT}",
        f"ask {AT} about it",
        f"the team says {AT} show 3377",
        f"show 3377 {AT} or so",
        f"ack 2809 because {AT} is wrong",
        f"&gt; {AT} trigger 3377",
        f"&gt; {AT} cancel 3377-2026112102\nI would not do that",
        f"&gt; *{AT}* please ack 3377 for 2h",
        f"&gt; close 3377 {AT}",
        f"no: it stopped\n&gt; {AT} disable 3377",
        f"thanks {AT}",
        f"{AT} thank you :pray:",
        f"hi {AT}!",
        f"it's \"odd {AT}",
        f"“odd {AT} status",
    ],
)
def test_talk_in_which_the_bot_is_mentioned_is_not_carried_out(text):
    received = incoming.event(event_of(mention(text)), NOW, ME)
    assert (received.hint, received.key) == ("talk", "hint:C0DATAOPS1:1800000000.000200")


@pytest.mark.parametrize(
    "text", [f"{AT}", f" *{AT}* ", f"&gt; {AT}", f"{AT} is great", f"shwo 3377 {AT}", f"3377 {AT}"]
)
def test_what_may_be_a_command_is_answered_as_one(text):
    assert incoming.event(event_of(mention(text)), NOW, ME).hint == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"ack 2809 because {AT} is wrong", f"ack 2809 because {AT} is wrong"),
        (f"show 3377 {AT}", "show 3377"),
        ("as I told you", "as I told you"),
    ],
)
def test_direct_messages_are_all_for_the_bot(text, words):
    direct = {"type": "message", "channel_type": "im", "channel": "D1"}
    received = incoming.event(event_of(mention(text) | direct), NOW, ME)
    assert (received.text, received.hint) == (words, "")


def changed(text, before, *, channel="D1", kind="im", edited=True, **more):
    message = {"type": "message", "user": "U0MAYA00001", "text": text, "ts": "1.1", "team": TEAM} | more
    if edited:
        message["edited"] = {"user": "U0MAYA00001", "ts": "2.2"}
    return event_of(
        {"type": "message", "subtype": "message_changed", "channel": channel, "channel_type": kind, "hidden": True,
         "ts": "2.2", "event_ts": "2.2", "message": message, "previous_message": {"text": before, "ts": "1.1"}}
    )  # fmt: skip


def test_an_edit_is_a_hint_and_the_same_one_however_often():
    first = incoming.event(changed("show 3377", "show 337"), NOW, ME)
    again = incoming.event(changed("show 3378", "show 3377"), NOW, ME)
    assert first.key == again.key == "hint:D1:1.1"
    assert (first.hint, first.text, first.origin.surface) == ("edited", "show 3377", Surface.DIRECT)
    assert (first.origin.channel, first.origin.message, first.by) == ("D1", "1.1", Person(TEAM, "U0MAYA00001"))


def test_a_mention_that_an_edit_brings_is_a_hint_by_either_event():
    by_mention = incoming.event(
        event_of(mention(f"{AT} show 3377", ts="1.1", channel="C1", edited={"ts": "2.2"})), NOW, ME
    )
    by_message = incoming.event(changed(f"{AT} show 3377", "show 3377", channel="C1", kind="channel"), NOW, ME)
    assert by_mention.key == by_message.key == "hint:C1:1.1"
    assert by_mention.hint == by_message.hint == "edited"
    assert by_mention.origin.surface is by_message.origin.surface is Surface.MENTION
    assert incoming.event(changed("show 3377", "show 337", channel="C1", kind="channel"), NOW, ME) is None
    assert incoming.event(changed(f"{AT} show 3377", f"{AT} show 337", channel="C1", kind="channel"), NOW, ME) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (changed("show 3377", "show 3377"), "a preview"),
        (changed("show 3377 ", "show 3377"), "a blank"),
        (changed("show 3377", "show 337", edited=False), "nobody edited it"),
        (changed("Working", "Started", bot_id=BOT), "a program"),
        (changed("Working", "Started", user=BOT_USER), "the bot itself"),
        (changed("This message was deleted.", "show 3377", subtype="tombstone"), "a deletion"),
        (changed("show 3377", "show 337", user=None), "nobody"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_a_change_of_a_message_without_a_persons_words_is_ignored(body, why):
    assert incoming.event(body, NOW, ME) is None


def test_every_subtype_is_decided():
    assert {each for each, how in SUBTYPES.items() if how is Treatment.ANSWER} == {
        "", "file_share", "me_message", "thread_broadcast",
    }  # fmt: skip
    assert {each for each, how in SUBTYPES.items() if how is Treatment.HINT} == {"message_changed"}


@pytest.mark.parametrize(
    ("outer", "inner", "team"),
    [
        ({}, {}, TEAM),
        ({}, {"team": TEAM}, TEAM),
        ({}, {"user_team": "T0OTHER"}, "T0OTHER"),
        ({}, {"source_team": "T0OTHER"}, "T0OTHER"),
        ({}, {"team": "T0OTHER"}, "T0OTHER"),
        ({"enterprise_id": "E1"}, {"team": TEAM}, "E1"),
        ({"enterprise_id": "E1"}, {"team": "T0SISTER"}, "E1"),
        ({"enterprise_id": "E1", "is_ext_shared_channel": True}, {"user_team": "E1"}, "E1"),
        ({"enterprise_id": "E1", "is_ext_shared_channel": True}, {"user_team": "T0OTHER"}, "T0OTHER"),
    ],
)
def test_people_of_another_team_are_known_by_their_own(outer, inner, team):
    received = incoming.event(event_of(mention("x") | inner, **outer), NOW, ME)
    assert received.by == Person(team, "U0MAYA00001")


def test_a_button_says_its_words_and_names_its_post():
    received = incoming.press(pressed("1|p3f9|ack 2809"), NOW)
    assert (received.text, received.post, received.key) == ("ack 2809", "p3f9", "press:trigger-2")
    assert received.origin.surface is Surface.BUTTON
    assert received.origin.message == "1800000000.000300"
    assert received.origin.thread == ""


def test_a_button_in_a_thread_or_on_an_ephemeral_message_names_its_place():
    container = {"message_ts": "2.2", "thread_ts": "1.1", "channel_id": "C9", "is_ephemeral": True}
    body = pressed("1|p|log", container=container, message=None)
    origin = incoming.press(body, NOW).origin
    assert (origin.channel, origin.thread, origin.message) == ("C9", "1.1", "2.2")


def test_a_button_outside_of_any_channel_is_answered_directly():
    body = pressed("1|p|log", container={"type": "view", "view_id": "V1"}, channel=None, message=None)
    assert incoming.press(body, NOW).origin.channel == "U0MAYA00001"


def test_a_menu_says_the_words_of_what_was_chosen():
    chosen = {"action_id": "menu:1", "selected_option": {"value": "1|p3f9|snooze 2809 for 1h"}}
    assert incoming.press(pressed(None, actions=[chosen]), NOW).text == "snooze 2809 for 1h"


def test_a_button_of_ours_without_a_value_is_an_old_one():
    assert incoming.press(pressed(None), NOW).text == "old button"


def test_a_link_button_is_ignored():
    assert incoming.press(pressed(None, actions=[{"type": "button", "action_id": "open:0"}]), NOW) is None


@pytest.mark.parametrize("body", [{}, {"actions": []}, {"actions": "x"}, {"actions": ["x"]}, {"user": "U1"}])
def test_odd_payloads_are_ignored(body):
    assert incoming.press(body, NOW) is None
    assert incoming.command(body, NOW) is None
    assert incoming.event(body, NOW, ME) is None
    assert incoming.unsupported("shortcut", body, NOW) is None


leaves = st.sampled_from([None, True, 7, "", "x", "app_mention", "message", "D1", "1|p|ack", "1.1", [], {}, ["x"]])
NAMES = """user user_id event actions container channel channel_id text ts thread_ts type team team_id value
selected_option enterprise message trigger_id subtype action_id"""
names = st.sampled_from(NAMES.split())
parts = st.dictionaries(names, leaves, max_size=6)
payloads = st.dictionaries(names, leaves | parts | st.lists(parts, min_size=1, max_size=1), max_size=8)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(payloads)
def test_no_payload_breaks_the_reading(body):
    used = incoming.unsupported("form", body, NOW)
    for received in (incoming.command(body, NOW), incoming.event(body, NOW, ME), incoming.press(body, NOW), used):
        assert received is None or (received.by.user and received.key and received.origin.channel)


@pytest.mark.parametrize("home", [{}, {"enterprise": "E1"}])
@pytest.mark.parametrize("named", [{}, {"enterprise_id": "E1"}])
def test_while_the_workspace_joins_or_leaves_an_organization_its_people_stay_the_same(home, named):
    me = Identity(TEAM, "U0FLOWBOT1", "B0FLOWBOT1", **home)
    body = slash("mine", **named)
    assert incoming.with_workspace_key(incoming.command(body, NOW), body, me).by == Person(
        me.workspace_key, "U0MAYA00001"
    )
    body = pressed("1|p|ack", team={"id": TEAM} | named, enterprise={"id": "E1"} if named else None)
    assert incoming.with_workspace_key(incoming.press(body, NOW), body, me).by == Person(
        me.workspace_key, "U0MAYA00001"
    )


def test_people_of_other_workspaces_stay_who_they_are():
    me = Identity(TEAM, "U0FLOWBOT1", "B0FLOWBOT1", enterprise="E1")
    body = slash("mine", team_id="T0SISTER", enterprise_id="E1")
    assert incoming.with_workspace_key(incoming.command(body, NOW), body, me).by == Person("E1", "U0MAYA00001")
    received = incoming.command(slash("mine"), NOW)
    foreign = replace(received, by=Person("T0OTHER", "U0MAYA00001"))
    assert incoming.with_workspace_key(foreign, slash("mine"), me) == foreign
    nobody = Identity("", "U0FLOWBOT1", "B0FLOWBOT1")
    assert incoming.with_workspace_key(received, slash("mine"), nobody) == received
