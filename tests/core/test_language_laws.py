"""Laws: what a request says is read as that request; any text is understood or refused with a place."""

import string
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core.command import requests, table
from bot.core.command.durations import duration_words
from bot.core.command.parse import parse, say
from bot.core.command.periods import resolve, window
from bot.core.command.requests import Bulk, FlowRef, OwnerRef, Period, When
from bot.core.command.word_forms import SCOPES
from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, InstanceId, Parameter, TaskId
from bot.core.incident.resolution import Resolution

# Signs that mean something somewhere: to this grammar, to Slack, or to the eye.
SIGNS = (
    "\"'“”„‟«»‘’‚‛‹›＂`=<>&;#@!|/\\,.-–—−…:()[]{}$%*_~^ \t\n\r\x0b\x1c\x85\u00a0\u202f\u2028\u3000"
    "\u200b\u200d\u200e\u200f\u202e\u2066\ufeff\u00ad\x01\x7f🔥👩‍🚀אبж中ñ０²"
    "＝：，。（）！？ｗ「」『』《》【】、•＇＊＿～"
)
PIECES = (
    "&amp;",
    "&lt;",
    "&#34;",
    "&#0;",
    "<@U012AB>",
    "<@U012AB|Al B>",
    "<#C012AB|x>",
    "<https://a.b|a.b>",
    "<!here>",
)
LETTERS = string.ascii_letters + string.digits
texts = st.lists(
    st.one_of(
        st.sampled_from(PIECES),
        st.text(st.sampled_from(SIGNS), max_size=6),
        st.text(LETTERS, max_size=6),
        st.characters(exclude_characters="\x00", exclude_categories=["Cs"]),
    ),
    max_size=10,
).map("".join)
WORDS = "dry-run from all mine me 3377 today confirmed page 2809-20190812080700 a.b - because FAIL @jane"
CHINESE_WORDS = "失败 从1 v2从3 2小时 日报 参数 2h 11-21"
names = texts.filter(bool) | st.sampled_from(f"{WORDS} {CHINESE_WORDS}".split())
ids = st.integers(0, 10**18 - 1)
flows = st.builds(FlowRef, id=ids.map(FlowId)) | st.builds(FlowRef, name=names)
instances = st.builds(lambda flow, digits: InstanceId(f"{flow}-{digits}"), ids, st.integers(10**7, 10**20 - 1))
tasks = ids.map(TaskId)
people = st.text(string.ascii_uppercase + string.digits, min_size=1, max_size=10).map("U".__add__)
owners = st.one_of(st.builds(OwnerRef, name=names), st.builds(OwnerRef, person=people), st.just(OwnerRef(me=True)))
clocks = st.times().map("{:%H:%M}".format)
hours = st.lists(clocks, min_size=2, max_size=2, unique=True).map("-".join)
days = st.dates(date(1970, 1, 1), date(2999, 12, 31)).map(str)
any_days = days | st.dates(date(2000, 1, 1), date(2000, 12, 31)).map("{:%m-%d}".format)
zones = st.sampled_from(["Z", "+08:00", "-05:30", "+0530"])
whens = st.one_of(
    st.just("now"),
    clocks,
    st.builds("{} {}".format, st.sampled_from(["today", "tomorrow", "yesterday"]), clocks),
    st.builds("{} {}".format, days, clocks | st.times().map("{:%H:%M:%S}".format)),
    st.builds("{} {}".format, any_days, clocks),
    st.builds("{}T{}{}".format, days, clocks, zones),
).map(When)
durations = st.integers(1, 366 * 86400).map(lambda seconds: timedelta(seconds=seconds))
periods = st.one_of(
    st.sampled_from(["today", "yesterday", "this week", "last week"]),
    durations.map(lambda span: f"last {duration_words(span)}"),
    st.builds("since {}".format, clocks | any_days | st.just("yesterday")),
    st.builds("since {} {}".format, any_days | st.sampled_from(["today", "yesterday"]), clocks),
    any_days,
    st.builds("{}..{}".format, any_days, any_days),
).map(Period)
statuses = st.lists(st.integers(-1, 99), max_size=4, unique=True).map(tuple)
parameters = st.lists(st.builds(Parameter, names, texts), max_size=4, unique_by=lambda each: each.key).map(tuple)
counts = st.integers(1, 10_000)
offers = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)


previews = st.from_regex(r"[A-Za-z0-9_-]{16}", fullmatch=True)


def outcome(act, *arguments):
    """What is returned, or the refusal. Any other exception is a bug."""
    try:
        return act(*arguments)
    except Refusal as refused:
        return refused


def maybe(strategy):
    return st.none() | strategy


def either(request, **others):
    """A request whose target is a flow, an instance, or left to the thread."""
    return st.one_of(
        st.builds(request, **others),
        st.builds(request, flow=flows, **others),
        st.builds(request, instance=instances, **others),
    )


some_days = any_days | st.sampled_from(["today", "yesterday"])
weekdays = st.sets(st.integers(0, 6)).map(lambda days: tuple(sorted(days)))
REQUESTS = {
    requests.Help: st.builds(requests.Help, texts),
    requests.Trigger: st.one_of(
        st.builds(
            requests.Trigger, flows, maybe(tasks), maybe(whens), dry_run=st.booleans(), seen=st.just("") | previews
        ),
        st.builds(requests.Trigger, flows, when=maybe(whens), parameters=parameters, dry_run=st.booleans()),
        st.builds(requests.Trigger, flows, parameters=parameters, confirmed=st.booleans(), seen=previews),
    ),
    requests.Rerun: st.one_of(
        st.builds(requests.Rerun, maybe(instances), maybe(tasks), dry_run=st.booleans(), seen=st.just("") | previews),
        st.builds(requests.Rerun, bulk=st.just(Bulk.MINE), storm=names, confirmed=st.booleans()),
    ),
    requests.Backfill: st.one_of(
        st.builds(
            requests.Backfill,
            maybe(flows),
            some_days,
            some_days,
            st.sampled_from(["", "hour", "day", "week", "month"]),
            maybe(tasks),
            st.booleans(),
        ),
        st.builds(
            requests.Backfill,
            flows,
            again=counts,
            confirmed=st.booleans(),
            seen=st.just("") | st.from_regex(r"[0-9a-f]{12}", fullmatch=True),
        ),
    ),
    requests.Backfills: st.builds(
        requests.Backfills, st.sampled_from(["pause", "stop", "resume"]), counts, st.just(0) | counts
    ),
    requests.Cancel: st.builds(requests.Cancel, maybe(instances), st.booleans()),
    requests.Enable: st.builds(requests.Enable, maybe(flows)),
    requests.Disable: st.builds(requests.Disable, maybe(flows), st.booleans()),
    requests.Runbook: st.builds(requests.Runbook, flows, texts.filter(bool) | st.just("off")),
    requests.Retry: st.one_of(
        st.builds(requests.Retry, maybe(flows), names, maybe(durations)),
        st.builds(requests.Retry, maybe(flows), off=st.just(True)),
    ),
    requests.Unretry: st.builds(requests.Unretry, maybe(flows)),
    requests.Expect: st.one_of(
        st.builds(requests.Expect, maybe(flows), st.times().map(lambda at: f"{at:%H:%M}"), weekdays),
        st.builds(requests.Expect, maybe(flows), mode=st.sampled_from(["off", "auto"])),
    ),
    requests.Incidents: st.builds(
        requests.Incidents, st.sampled_from(["", *SCOPES]), maybe(flows), maybe(owners), counts
    ),
    requests.Failed: st.builds(requests.Failed, periods, maybe(flows), maybe(owners), counts),
    requests.Runs: st.builds(requests.Runs, periods, statuses, maybe(flows), maybe(owners), counts),
    requests.Show: either(requests.Show),
    requests.Find: st.builds(requests.Find, names | people.map("<@{}>".format), counts),
    requests.Mine: st.builds(requests.Mine, counts),
    requests.ShowGraph: either(requests.ShowGraph),
    requests.Stats: st.builds(requests.Stats, periods, maybe(flows)),
    requests.Log: st.builds(requests.Log, maybe(instances), maybe(tasks), maybe(counts), st.booleans()),
    requests.Ack: st.one_of(
        either(requests.Ack, duration=maybe(durations), because=texts),
        st.builds(requests.Ack, bulk=st.sampled_from(Bulk), duration=maybe(durations), because=texts),
    ),
    requests.Board: st.builds(requests.Board, counts, names),
    requests.Unack: either(requests.Unack),
    requests.Take: either(requests.Take, duration=maybe(durations), holder=st.just("") | people),
    requests.Assign: either(requests.Assign, person=people),
    requests.Handover: st.builds(requests.Handover, people),
    requests.Ask: st.builds(requests.Ask, names),
    requests.Accept: st.builds(requests.Accept, offers),
    requests.Decline: st.builds(requests.Decline, offers),
    requests.Withdraw: st.builds(requests.Withdraw, offers),
    requests.Close: either(requests.Close, resolution=maybe(st.sampled_from(Resolution)), because=texts),
    requests.Reopen: either(requests.Reopen),
    requests.Thread: either(requests.Thread),
    requests.Snooze: st.one_of(
        st.builds(requests.Snooze, maybe(flows), duration=maybe(durations), because=texts),
        st.builds(requests.Snooze, maybe(flows), until=maybe(whens | st.just(requests.SUCCESS)), because=texts),
        st.builds(requests.Snooze, scope=st.just(requests.ALL), duration=maybe(durations), because=texts),
    ),
    requests.Unsnooze: st.one_of(
        st.builds(requests.Unsnooze, maybe(flows)), st.just(requests.Unsnooze(scope=requests.ALL))
    ),
    requests.Snoozes: st.builds(requests.Snoozes, counts),
    requests.Watch: st.builds(
        requests.Watch, maybe(flows), maybe(owners), st.just("") | names, maybe(counts), st.just("") | hours
    ),
    requests.Unwatch: st.builds(
        requests.Unwatch, maybe(counts), maybe(flows), maybe(owners), st.just("") | names, maybe(counts), hours
    ),
    requests.Watches: st.builds(requests.Watches, counts),
    requests.Preferences: st.builds(
        requests.Preferences,
        maybe(st.booleans()),
        maybe(st.booleans()),
        st.sampled_from(["", "thread", "channel"]),
        st.sampled_from(["", "en", "zh"]),
        st.sampled_from(["", "off"]) | clocks,
    ),
    requests.Drill: st.just(requests.Drill()),
    requests.LinkPerson: st.builds(requests.LinkPerson, people | st.just(requests.ME), names, names),
    requests.Unlink: st.builds(requests.Unlink, people),
    requests.People: st.builds(requests.People, counts),
    requests.Whoami: st.just(requests.Whoami()),
    requests.OnCall: st.just(requests.OnCall()),
    requests.Audit: st.builds(requests.Audit, periods, st.just("") | people, counts),
    requests.Status: st.just(requests.Status()),
}


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__name__)
@given(st.data())
def test_what_a_request_says_is_read_as_that_request(kind, data):
    request = data.draw(REQUESTS[kind])
    assert parse(say(request)) == request


@given(st.one_of(*REQUESTS.values()))
def test_what_a_request_says_in_chinese_is_read_as_that_request(request_):
    assert parse(say(request_, "zh")) == request_


@given(st.one_of(*REQUESTS.values()))
def test_any_command_can_be_asked_for(request_):
    assert parse(say(requests.Ask(say(request_)))) == requests.Ask(say(request_))


@given(st.one_of(*REQUESTS.values()))
def test_canonical_words_stay_as_they_are(request_):
    assert say(parse(say(request_))) == say(request_)


def test_every_verb_has_a_law():
    assert set(REQUESTS) == {row.request for row in table.ROWS}
    assert all(set(each.fields) <= {f.name for f in fields(row.request)} for row in table.ROWS for each in row.clauses)


vocabulary = st.sampled_from(
    [row.verb for row in table.ROWS]
    + [clause.word for row in table.ROWS for clause in row.clauses]
    + ["3377", "2809-20190812080700", "today", "last", "3h", "since", "09:00", "2026-11-19", "a=b"]
    + ["k=“x y”", "fail", "<@U012AB>"]
)
sentences = st.lists(vocabulary | texts, max_size=9).map(" ".join)


@given(sentences | texts | st.text(max_size=50))
@example("trigger \ud800 \x00")
@example("`")
@example("``````")
@example("=")
@example("&#1114112; &#0; &#55296;")
@example("show \u202e")
def test_any_text_is_understood_or_refused_with_a_place(text):
    told = outcome(parse, text)
    if isinstance(told, Refusal):
        what, place = told.sentence.parts
        assert "▸" in place
        assert told.reason
        assert what.text.endswith((".", "?"))
        assert str(told).count("\n") == 1
        assert str(told).count("`") % 2 == 0  # cards show what stands between two of them as code
    else:
        assert parse(say(told)) == told


SOME_ZONES = st.sampled_from(
    [ZoneInfo(name) for name in ("UTC", "Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")]
)
nows = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  strategies take naive bounds


@given(periods, nows, SOME_ZONES)
def test_a_window_begins_before_it_ends_or_is_refused(period, now, zone):
    span = outcome(window, period, now, zone)
    if isinstance(span, Refusal):
        assert span.reason in {"ends_before_it_begins", "no_such_time"}
    else:
        assert span.since < span.until
        assert span.since.tzinfo is UTC
        assert span.until.tzinfo is UTC
        assert str(zone) in str(span.words)


@given(whens, nows, SOME_ZONES)
def test_a_time_is_a_moment_or_is_refused(when, now, zone):
    at = outcome(resolve, when, now, zone)
    if isinstance(at, Refusal):
        assert at.reason in {"passed", "no_such_time", "repeated_time"}
    else:
        assert at.tzinfo is UTC
        if when.words[2:3] == ":":
            assert timedelta(minutes=-1) < at - now < timedelta(hours=26)


@given(nows, SOME_ZONES)
def test_neighbouring_days_meet(now, zone):
    today = window(Period("today"), now, zone)
    assert today.since <= now < today.until
    yesterday = outcome(window, Period("yesterday"), now, zone)
    assert isinstance(yesterday, Refusal) or yesterday.until == today.since  # one zone once left out a day
