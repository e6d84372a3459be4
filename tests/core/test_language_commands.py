"""The table of commands, what is computed from it, and every sentence with which words are refused."""

from datetime import timedelta

import pytest

from bot.core.command.parse import parse, say
from bot.core.command.requests import (
    ALL,
    SUCCESS,
    Accept,
    Ack,
    Assign,
    Audit,
    Board,
    Bulk,
    Cancel,
    Close,
    Decline,
    Disable,
    Drill,
    Enable,
    Failed,
    FlowRef,
    Handover,
    Help,
    Incidents,
    LinkPerson,
    Log,
    OnCall,
    OwnerRef,
    People,
    Period,
    Preferences,
    Rerun,
    Runs,
    Show,
    Snooze,
    Snoozes,
    Status,
    Take,
    Trigger,
    Unlink,
    Unsnooze,
    Unwatch,
    Watch,
    Watches,
    When,
    Whoami,
    Withdraw,
)
from bot.core.command.rights import Who
from bot.core.command.row import Family, Row
from bot.core.command.table import (
    BY_REQUEST,
    BY_VERB,
    FAMILIES,
    ROWS,
    markdown_table,
    nearest,
    usage_hint,
)
from bot.core.errors import Refusal
from bot.core.flow.model import Parameter
from bot.core.flow.status import Status as RunStatus
from bot.core.incident.resolution import Resolution
from bot.core.text.message import Message, plain

RUN = "2809-20190812080700"
FLOW = FlowRef(id=3377)


@pytest.mark.parametrize(
    ("words", "request_"),
    [
        ("", Help()),
        ("  \u200b ", Help()),
        ("?", Help()),
        ("help TRIGGER", Help("TRIGGER")),
        ("trigger 3377", Trigger(FLOW)),
        ("trigger 3377 from 108580", Trigger(FLOW, task=108580)),
        ("from 108580 trigger 3377", None),
        ("trigger from 108580 3377", Trigger(FLOW, task=108580)),
        ("trigger 3377 at now", Trigger(FLOW, when=When("now"))),
        ("trigger 3377 at tomorrow 2:00 from 1", Trigger(FLOW, task=1, when=When("tomorrow 02:00"))),
        ("trigger 3377 with a=1 b=2 at 14:30",
         Trigger(FLOW, when=When("14:30"), parameters=(Parameter("a", "1"), Parameter("b", "2")))),
        ("rerun", Rerun()),
        (f"rerun {RUN} from 104890", Rerun(RUN, 104890)),
        (f"cancel {RUN} confirmed", Cancel(RUN, confirmed=True)),
        ("enable 3377", Enable(FLOW)),
        ("disable confirmed", Disable(confirmed=True)),
        ("incidents", Incidents()),
        ("incidents UNACKED of 3377 by me page 2", Incidents("unacked", FLOW, OwnerRef(me=True), 2)),
        ("incidents by me mine", Incidents("mine", owner=OwnerRef(me=True))),
        ("failed", Failed()),
        ("failed of 3377 today", Failed(flow=FLOW)),
        ("failed last 2 days by jane.doe", Failed(Period("last 2d"), owner=OwnerRef(name="jane.doe"))),
        ("runs fail,timeout this week 2 -1", Runs(Period("this week"), (-1, 7, 2))),
        ("runs Failed CANCELLED internal_error 42", Runs(statuses=(-1, 8, 4, 42))),
        ("show 3377", Show(FLOW)),
        (f"show {RUN}", Show(instance=RUN)),
        ("log", Log()),
        (f"log tail 50 of 104890 {RUN} here", Log(RUN, 104890, 50, here=True)),
        ("ack", Ack()),
        ("ack all", Ack(bulk=Bulk.ALL)),
        ("ack all mine for 2h", Ack(bulk=Bulk.MINE, duration=timedelta(hours=2))),
        ("ack mine", Ack(bulk=Bulk.MINE)),
        ("ack mine all", Ack(bulk=Bulk.MINE)),
        ('ack "all"', Ack(FlowRef(name="all"))),
        ('ack "mine" because "all mine"', Ack(FlowRef(name="mine"), because='"all mine"')),
        ("ack *all the flows*", Ack(FlowRef(name="all the flows"))),
        ("认领全部", Ack(bulk=Bulk.ALL)),
        ("认领我的全部", Ack(bulk=Bulk.MINE)),
        ("rerun all mine", Rerun(bulk=Bulk.MINE)),
        ("rerun all", Rerun(bulk=Bulk.MINE)),
        ("重跑全部我的", Rerun(bulk=Bulk.MINE)),
        ("rerun all mine storm x1 confirmed", Rerun(bulk=Bulk.MINE, storm="x1", confirmed=True)),
        ("board", Board()),
        ("board page 2 storm x1", Board(2, "x1")),
        ("acknowledge 2809", Ack(FlowRef(id=2809))),
        ("ack because it is known for 2h", Ack(because="it is known for 2h")),
        (f"close {RUN} because done", Close(instance=RUN, because="done")),
        ("snooze 3377 for 2h because done", Snooze(FLOW, duration=timedelta(hours=2), because="done")),
        ("snooze 2h", Snooze(duration=timedelta(hours=2))),
        ("snooze 3377 until tomorrow 8:00", Snooze(FLOW, until=When("tomorrow 08:00"))),
        ("snooze until success because <https://jira.test/T-1|T-1>",
         Snooze(until=SUCCESS, because="https://jira.test/T-1")),
        ("snooze ALL until 14:30", Snooze(scope=ALL, until=When("14:30"))),
        ('snooze "all" for 1d', Snooze(FlowRef(name="all"), duration=timedelta(days=1))),
        ("unsnooze", Unsnooze()),
        ("unsnooze all", Unsnooze(scope=ALL)),
        ("unsnooze 3377", Unsnooze(FLOW)),
        ("snoozes page 2", Snoozes(2)),
        ("watch", Watch()),
        ("watch of 3377 by me after 3", Watch(FLOW, OwnerRef(me=True), after=3)),
        ("watch me matching meter-*", Watch(owner=OwnerRef(me=True), glob="meter-*")),
        ("watch matching *energy* of 3377", Watch(FLOW, glob="*energy*")),
        ("watch matching *energy after 2", Watch(glob="*energy", after=2)),
        ("watch matching `*-x`.", Watch(glob="*-x")),
        ('watch matching "meter *"', Watch(glob="meter *")),
        ("watch quiet 22:00 - 7:00", Watch(quiet="22:00-07:00")),
        ("watch quiet 22:00–07:00 matching *", Watch(glob="*", quiet="22:00-07:00")),
        ("watch quiet 22:00 to 07:00", Watch(quiet="22:00-07:00")),
        ("unwatch 12", Unwatch(12)),
        ("unwatch of 3377 quiet 22:00-07:00", Unwatch(flow=FLOW, quiet="22:00-07:00")),
        ("watches page 2", Watches(2)),
        ("prefs", Preferences()),
        ("prefs mentions off reminders ON", Preferences(mentions=False, reminders=True)),
        ("prefs digest 8:30 language zh replies channel",
         Preferences(replies="channel", language="zh", digest="08:30")),
        ("prefs digest off", Preferences(digest="off")),
        ("drill", Drill()),
        ("close 3377 as Fixed because done", Close(FLOW, resolution=Resolution.FIXED, because="done")),
        ("close as unneeded", Close(resolution=Resolution.UNNEEDED)),
        ("close because as fixed", Close(because="as fixed")),
        ("take", Take()),
        ("take 3377 for 2h", Take(FLOW, duration=timedelta(hours=2))),
        (f"take {RUN} from <@U012AB>", Take(instance=RUN, holder="U012AB")),
        ("assign 3377 to <@U012AB|jane>", Assign("U012AB", FLOW)),
        (f"assign to <@U012AB> {RUN}", Assign("U012AB", instance=RUN)),
        ("assign <@U012AB>", Assign("U012AB")),
        ("handover to <@U012AB>", Handover("U012AB")),
        ("handover <@U012AB>", Handover("U012AB")),
        ("accept 00ff", Accept("00ff")),
        ("decline 00ff", Decline("00ff")),
        ("withdraw 00ff", Withdraw("00ff")),
        ("link <@U012AB|jane> u15432 jane.doe", LinkPerson("U012AB", "u15432", "jane.doe")),
        ("unlink <@U012AB>", Unlink("U012AB")),
        ("people page 3", People(3)),
        ("WhoAmI", Whoami()),
        ("oncall", OnCall()),
        ("audit <@U012AB> yesterday", Audit(Period("yesterday"), "U012AB")),
        ("status", Status()),
    ],
)  # fmt: skip
def test_commands_are_read(words, request_):
    if request_ is None:
        with pytest.raises(Refusal):
            parse(words)
    else:
        assert parse(words) == request_


MISREAD = (
    "deploy",
    "triger 3377",
    "Fialed today",
    "3377",
    f"{RUN} log",
    "trigger",
    "trigger from 108580",
    "trigger 3377 from",
    "trigger 3377 from abc",
    "trigger 3377 from 1 from 2",
    "trigger 3377 form 108580",
    "trigger 3377 4410",
    "trigger daily energy report",
    'trigger ""',
    "trigger a=1",
    f"trigger {RUN}",
    "trigger <@U012AB>",
    "trigger 1234567890123456789",
    "trigger 3377 at",
    "trigger 3377 at noon",
    "trigger 3377 at tomorrow",
    "trigger 3377 at 2026-02-30 09:00",
    "trigger 3377 at 2026-11-21 9",
    'trigger 3377 at "now"',
    "trigger 3377 a=1",
    "trigger 3377 with",
    "trigger 3377 with a = 1",
    "trigger 3377 with =1",
    "trigger 3377 with a=1 a=2",
    "trigger 3377 with a=x y",
    "trigger 3377 with a=“x y",
    'trigger 3377 with a="say “x” now"',
    "trigger 3377 from 1 with a=1",
    "trigger 3377 with a=1 from 1",
    "rerun 3377",
    "rerun abc",
    "rerun all mine from 5",
    "ack all 3377",
    "ack 3377 all",
    "ack all the things",
    "board storm",
    "cancel 2809-123",
    "cancel confirmed confirmed",
    "incidents closed",
    "incidents mien",
    "incidents page 0",
    "failed 3377",
    "failed yesterdy",
    "failed last",
    "failed last 3",
    "failed this month",
    "failed since noon",
    "failed 2026-11-31",
    "failed today yesterday",
    "failed by",
    "failed by @jane",
    "runs 3377",
    "runs sucess",
    "runs by a=b",
    "show 3377 now",
    "log 3377",
    "log tail many",
    f"log {RUN} of extract",
    "ack 2809 for",
    "ack 2809 for ever",
    "ack 2809 for 400d",
    "ack 2809 because",
    "watch 3377",
    "watch matching",
    "watch matching <@U012AB>",
    "watch matching a=b",
    'watch matching ""',
    "watch after 0",
    "watch quiet",
    "watch quiet 22:00",
    "watch quiet 22:00-25:00",
    "watch quiet 22:60-07:00",
    "watch quiet 22:00-22:00",
    "watch tonight",
    "unwatch turbine",
    "unwatch 0",
    "prefs mentions",
    "prefs mentions maybe",
    "prefs replies here",
    "prefs language fr",
    "prefs digest noon",
    "prefs digest 24:00",
    "prefs on",
    "take 2809 from jane",
    "assign 2809",
    "assign 2809 to jane",
    "handover",
    "close 2809 as",
    "close 2809 as done",
    "accept",
    "link @jane u1 jane.doe",
    "link <@U012AB>",
    "link <@U012AB> u1",
    "link <@U012AB> <@U012AB> u1",
    "unlink jane",
    "whoami now",
    "help me now",
    "status \u202eevil`<!channel>` &amp; x",
)


def test_every_refusal_names_the_place_and_a_way_out(snapshot):
    told = []
    for words in MISREAD:
        with pytest.raises(Refusal) as caught:
            parse(words)
        what, place = caught.value.sentence.parts
        assert "▸" in place
        assert plain(what).endswith((".", "?"))
        told.append(f"/flow {words}\n[{caught.value.reason}] {caught.value}\n")
    assert "\n".join(told) == snapshot


@pytest.mark.parametrize(
    ("words", "seen", "in_english", "in_chinese"),
    [
        ("trigger", "trigger▸", ["`trigger`", "`trigger 3377`"], ["`触发`", "`触发 3377`"]),
        ("触发 3377 从", "触发 3377 从▸", ["`from`", "`from 108580`"], ["`从`", "`从 108580`"]),
        ("failed of", "failed of▸", ["`of`", "`of 3377`"], ["`任务流`", "`任务流 3377`"]),
        ("rerun 3377", "rerun ▸3377", ["`3377`", "`runs of 3377`"], ["`3377`", "`实例 任务流 3377`"]),
        ("failed 3377", "failed ▸3377", ["`3377`", "`of 3377`"], ["`3377`", "`任务流 3377`"]),
        ("3377", "▸3377", ["`3377`", "`show 3377`"], ["`3377`", "`查看 3377`"]),
        ("status x", "status ▸x", ["`x`", "`status`"], ["`x`", "`状态`"]),
        ("triger", "▸triger", ["`triger`", "`trigger`"], ["`triger`", "`trigger`"]),  # in the language it was typed in
        ("触法 1", "▸触法 1", ["`触法`", "`触发`"], ["`触法`", "`触发`"]),
        ("启动 3377", "▸启动 3377", ["`trigger 3377`", "`enable 3377`"], ["`触发 3377`", "`启用 3377`"]),
    ],
)
def test_a_refusal_speaks_the_language_of_who_reads_it(words, seen, in_english, in_chinese):
    with pytest.raises(Refusal) as caught:
        parse(words)
    assert str(caught.value).endswith(f"\n`{seen}`")
    values = caught.value.sentence.parts[0].values.values()
    for language, expected in (("en", in_english), ("zh", in_chinese)):
        shown = {value(language) if callable(value) else value for value in values}
        assert {*expected} <= shown


def test_the_readme_table(snapshot):
    assert markdown_table() == snapshot


def test_the_usage_hint(snapshot):
    assert usage_hint() == snapshot
    assert len(usage_hint()) <= 1000


def test_a_usage_hint_without_room_falls_back_to_bare_verbs():
    rows = [
        Row(f"verb{place}", Help, Who.ANYONE, Message(""), ROWS[1].clauses, family=Family.ME) for place in range(40)
    ]
    hint = usage_hint(rows)
    assert hint.startswith("verb0 FLOW [from TASK]")
    assert hint.endswith("verb38 · verb39")
    assert len(hint) <= 1000


@pytest.mark.parametrize(
    ("verb", "english", "chinese"),
    [
        ("trigger", "trigger FLOW", "触发 任务流ID"),
        ("ack", "ack FLOW", "认领 任务流ID"),
        ("link", "link @person", "绑定 @人员"),
        ("failed", "failed", "失败"),
        ("whoami", "whoami", "我是谁"),
        ("oncall", "oncall", "值班"),
    ],
)
def test_a_verb_in_brief_has_what_it_is_about(verb, english, chinese):
    assert (BY_VERB[verb].brief_in("en"), BY_VERB[verb].brief_in("zh")) == (english, chinese)


def test_each_verb_is_of_a_family_that_help_knows_in_both_languages():
    assert {row.family for row in ROWS} == set(Family)
    for family in Family:
        english, *others = (word for word, each in FAMILIES.items() if each is family)
        assert english == family.value
        assert others
        assert not any(other.isascii() for other in others)


@pytest.mark.parametrize("about", ROWS, ids=lambda each: each.verb)
def test_every_row_is_complete(about):
    assert about.summary.text.endswith(".")
    assert about.examples
    for example in about.examples:
        delivered = example.replace("@jane", "<@U012AB>")
        request = parse(delivered)
        assert BY_REQUEST[type(request)] is about
        assert say(request).split()[0] == about.verb
        assert parse(say(request)) == request
    assert parse(about.verb.upper() + say(parse(delivered))[len(about.verb) :]) == parse(delivered)
    assert about.verb == about.verb.casefold()


def test_words_of_the_grammar_are_letters_only():
    """Names with other signs are said without quotes, because no word of the grammar has any."""
    for each in ROWS:
        assert all(clause.word.isalpha() for clause in each.clauses if clause.word)


def test_who_may_and_what_is_on_record():
    assert {each.verb for each in ROWS if each.who is Who.OWNER} == {"trigger", "rerun", "cancel", "enable", "disable"}
    assert {each.verb for each in ROWS if each.who is Who.RESPONDER} == {
        "ack", "unack", "take", "assign", "accept", "close", "reopen", "thread", "snooze", "unsnooze"
    }  # fmt: skip
    assert {each.verb for each in ROWS if each.who is Who.ADMIN} == {"link", "unlink", "people", "audit", "drill"}
    assert {each.verb for each in ROWS if each.who is Who.ANYONE} == {
        "help", "whoami", "oncall", "status", "handover", "decline", "withdraw", "board"
    }  # fmt: skip
    assert {each.verb for each in ROWS if each.changes} == {
        "trigger", "rerun", "cancel", "enable", "disable", "ack", "unack", "close", "reopen", "thread", "link",
        "unlink", "watch", "unwatch", "prefs", "take", "assign", "handover", "accept", "decline", "withdraw",
        "snooze", "unsnooze", "drill",
    }  # fmt: skip
    assert {each.verb for each in ROWS if each.shows} == {"prefs"}  # alone, it changes nothing
    assert {each.verb for each in ROWS if each.in_thread} == {
        "rerun", "cancel", "enable", "disable", "show", "log", "ack", "unack", "close", "reopen", "thread",
        "take", "assign", "snooze", "unsnooze",
    }  # fmt: skip


def test_verbs_are_found_and_suggested():
    assert nearest("acknowlege") == "ack"
    assert nearest("incident") == "incidents"
    assert nearest("xyz") == ""


def test_every_status_has_a_word():
    for status in RunStatus:
        assert parse(f"runs {status.name}") == parse(f"runs {int(status)}") == Runs(statuses=(int(status),))
