"""Every card in every phase, as golden pictures; and no text from outside can ping or break one."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from incident_makers import JONAS, KNOWN, MAYA, NOW, OWNER, ZONE, failure, incident
from incident_picture import as_sent, foreign_pings, picture, refused
from languages import ALL
from thorough import examples

from bot.core.flow.model import FlowName, UserName
from bot.core.flow.status import Status
from bot.core.incident import lifecycle
from bot.core.incident.model import Phase
from bot.core.people.model import Person
from bot.core.text.message import msg, plain
from bot.messages import incident_posts
from bot.messages.cards import incident as cards
from bot.messages.cards import incident_groups, monitoring
from bot.messages.cards import incident_replies as replies

LATER = NOW + timedelta(hours=2, minutes=10)
LOOK = cards.RenderContext({OWNER: MAYA}, "https://enos.example/flow/{flow}/runs/{instance}", ZONE)
BARE = cards.RenderContext()
SECOND = failure("3377-2026112200", at=LATER, end="2026-11-22 02:00:00", **KNOWN)
THREE = incident(
    failure("3377-2026111806", end="2026-11-18 08:00:00", **KNOWN),
    failure("3377-2026111900", end="2026-11-19 02:00:00", **KNOWN),
    failure(status=Status.TIMEOUT, **KNOWN),
    last_success="3377-2026111700",
)
ACKED = lifecycle.acknowledge(incident(), MAYA, NOW, note="looking at the source table")[0]
GREEN = lifecycle.recovered(incident(failure(backfilled=True, **KNOWN)), "3377-2026112100", LATER)[0]
LEFT = lifecycle.recovered(THREE, "3377-2026112200", LATER)[0]
MANY_LEFT = lifecycle.recovered(
    incident(*(failure(f"3377-202611{day}00", end="2026-11-21 02:00:00") for day in range(10, 16))),
    "3377-2026112200",
    LATER,
)[0]
CLOSED = lifecycle.close(incident(), JONAS, LATER, "source is down until Monday")[0]
WIDE = incident(
    failure(failed_tasks=(1, 2, 3), failed_task_name="forecast north", error_line="Killed: out of memory"),
    flow_name="<!channel> weather & wind",
    owners=tuple(UserName(f"owner.{n}") for n in range(12)),
)
PHASES = {
    "open": incident(),
    "open, nothing known yet": incident(failure(), owners=()),
    "open, timed out, three in a row": THREE,
    "open, a status that alerts by choice": incident(failure(status=4)),
    "open, a status nobody knows": incident(failure(status=42, trigger=""), flow_name=""),
    "open, several tasks, many owners": WIDE,
    "open, several tasks timed out": incident(
        failure(status=Status.TIMEOUT, failed_tasks=(1, 2), failed_task_name="load")
    ),
    "open, timed out in a task not known yet": incident(failure(status=Status.TIMEOUT)),
    "open, a task without an id": incident(failure(failed_task_name="load")),
    "open, a status that alerts by choice, in a task": incident(failure(status=4, **KNOWN)),
    "open, a status that alerts by choice, in several tasks": incident(
        failure(status=4, failed_tasks=(1, 2, 3), failed_task_name="load")
    ),
    "open, an id that no command can name": incident(failure("odd id", end="")),
    "open, a thread for the instance alone": incident(group="3377-2026112100"),
    "acknowledged": ACKED,
    "acknowledged, without an end": replace(ACKED, ack_until=None, note=""),
    "recovered, nobody knows when": replace(GREEN, ended_at=None),
    "recovered": GREEN,
    "recovered, without good runs": LEFT,
    "recovered, many without a good run": MANY_LEFT,
    "recovered, a run whose id tells no time": lifecycle.recovered(
        incident(failure("odd-id")), "3377-2026112200", LATER
    )[0],
    "recovered, at half past an hour": lifecycle.recovered(
        incident(failure("3377-2026111821", trigger="2026-11-19 05:30:00")), "3377-2026112200", LATER
    )[0],
    "closed": CLOSED,
    "closed, by nobody we know": incident(phase=Phase.CLOSED),
}


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("phase", PHASES)
def test_the_decision_card(phase, language, golden):
    golden(cards.card(PHASES[phase], "p7", LOOK), language)


REPLIES = {
    "another instance failed": replies.failed_again(incident(*incident().occurrences, SECOND), SECOND, "p8"),
    "the same instance failed again": replies.failed_again(
        incident(failure(), failure(end="2026-11-21 03:00:00")), failure(end="2026-11-21 03:00:00"), "p8"
    ),
    "an id that no command can name": replies.failed_again(incident(), failure("odd id"), "p8"),
    "more than are told one by one": replies.more_failures_counted(THREE),
    "acknowledged": replies.acknowledged(ACKED),
    "given back": replies.handed_back(incident(), MAYA),
    "closed": replies.closed(CLOSED),
    "closed without a reason": replies.closed(replace(CLOSED, note="")),
    "a thread was opened": replies.thread_opened(incident(), MAYA),
    "reopened": replies.reopened(incident(), MAYA),
    "recovered": replies.recovered(GREEN, ZONE),
    "acknowledged without an end": replies.acknowledged(replace(ACKED, ack_until=None)),
    "an acknowledgement expires, in another thread": replies.ack_expiring(ACKED, "p8", mentions=False),
    "an acknowledgement without an end expires, in another thread": replies.ack_expiring(
        replace(ACKED, ack_until=None), "p8", mentions=False
    ),
    "an acknowledgement expired, in another thread": replies.ack_expired(ACKED, "p9", mentions=False),
    "an acknowledgement without an end expires": replies.ack_expiring(replace(ACKED, ack_until=None), "p8"),
    "recovered, without good runs": replies.recovered(LEFT, ZONE),
    "recovered, the zone unknown": replies.recovered(LEFT),
    "healed": replies.backfilled(GREEN, ["3377-2026112100"], ZONE),
    "healed, others left": replies.backfilled(LEFT, ["3377-2026112100"], ZONE),
}


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("reply", REPLIES)
def test_the_replies(reply, language, golden):
    golden(REPLIES[reply], language)


FLOWS = tuple(FlowName(n, f"turbine {n}") for n in range(12))
NOTICES = {
    "first start, nothing broken": incident_groups.first_start([], "p1", command="/flow", since=NOW, zone=ZONE),
    "first start, one of each": incident_groups.first_start(
        [incident(), ACKED, LEFT, CLOSED, WIDE, incident(failure("odd id"))],
        "p1",
        command="/flow",
        since=NOW,
        zone=ZONE,
    ),
    "first start, one broken": incident_groups.first_start(
        [incident(owners=())], "p1", command="/flow", since=NOW, zone=ZONE
    ),
    "first start, all over": incident_groups.first_start([LEFT, CLOSED], "p1", command="/flow", since=NOW, zone=ZONE),
    "EnOS cannot be read": monitoring.unreachable(
        NOW, msg("{it}", it="It did not answer within 10 s.\nAgain <!here>.")
    ),
    "the notice afterwards": monitoring.was_unreachable(NOW, LATER),
    "all clear, nothing failed": monitoring.all_clear(NOW, LATER, 0),
    "all clear, three failed": monitoring.all_clear(NOW, LATER, 3),
    "a gap": monitoring.gap(228, 240, FLOWS, "u15432100000000001"),
    "a small gap": monitoring.gap(239, 240, FLOWS[:1], "u15432100000000001"),
    "the gap closed": monitoring.gap_closed(240),
    "the order is not kept": monitoring.order_unreliable(1),
    "the order of an unknown type is not kept": monitoring.order_unreliable(9),
}


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("notice", NOTICES)
def test_the_notices(notice, language, golden):
    golden(NOTICES[notice], language)


@pytest.mark.parametrize("phase", PHASES)
def test_colour_never_stands_alone(phase):
    words = {
        "#d1242f": "*",
        "#bf3989": "TIMED OUT",
        "#d4720b": "ACKNOWLEDGED",
        "#1a7f37": "RECOVERED",
        "#6e7781": "CLOSED",
    }
    body = as_sent(cards.card(PHASES[phase], "p7", BARE))
    assert words[body["attachments"][0]["color"]] in body["blocks"][0]["text"]["text"]


def test_owners_are_mentioned_above_the_bar_where_slack_notifies():
    body = as_sent(cards.card(incident(), "p7", LOOK))
    assert "<@U0MAYA00001>" in body["blocks"][0]["text"]["text"]
    assert "`jonas.weber`" in body["blocks"][0]["text"]["text"]


def test_what_a_phone_shows_is_one_line():
    assert plain(cards.headline(incident())) == "FAILED · daily-energy-report · task transform"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("", ""),
        ("https://enos.example/x", "https://enos.example/x"),
        ("https://enos.example/{flow}?i={instance}", "https://enos.example/3377?i=3%3C3"),
        ("https://enos.example/a b", ""),
        ("https://enos.example/" + "x" * 3000, ""),
    ],
)
def test_the_address_of_the_console_is_fit_for_a_link(url, address):
    assert cards.console(url, 3377, "3<3") == address


def test_a_run_that_failed_twice_is_counted_as_failures_not_as_runs():
    again = incident(failure(**KNOWN), failure(end="2026-11-21 03:00:00", **KNOWN))
    card = replies.recovered(lifecycle.recovered(again, "3377-2026112200", LATER)[0])
    assert "recovered after 2 h 10 min (2 failures): run `3377-2026112200` succeeded." in picture(card)
    assert "持续 2 小时 10 分钟，失败 2 次。" in picture(card, "zh")


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "<!channel>",
            "<@U0MAYA00002>",
            "<https://evil|x>",
            "&amp;<!here>",
            "```",
            "`<!everyone>`",
            "a\n\n<!here>",
            "\u202e<",
            "𝔘" * 50,
        ]
    ),
    st.integers(1, 12_000).map(lambda length: "<!channel>&"[: length % 11] + "x" * length),
    st.integers(1, 4000).map(lambda length: "&" * length),
)


@given(
    name=HOSTILE, task=HOSTILE, line=HOSTILE, owner=HOSTILE, note=HOSTILE, printed=HOSTILE, phase=st.sampled_from(Phase)
)
@settings(max_examples=examples(40), deadline=None)
def test_no_text_from_outside_can_ping_or_break_a_card(name, task, line, owner, note, printed, phase):
    bad = failure(failed_tasks=(1,), failed_task_name=task, error_line=line[:200], trigger=printed)
    hurt = incident(
        bad,
        failure("3377-2026112200", **KNOWN),
        flow_name=name,
        owners=(UserName(owner), OWNER) * 6,
        phase=phase,
        note=note,
        acked_by=MAYA,
        ended_by=Person("T1", owner),
        ended_at=LATER,
    )
    bodies = [
        cards.card(hurt, "p1", LOOK),
        replies.failed_again(hurt, bad, "p2"),
        replies.more_failures_counted(hurt),
        replies.acknowledged(hurt),
        replies.closed(hurt),
        replies.recovered(hurt),
        replies.backfilled(hurt, [bad.instance] * 9),
        incident_groups.first_start([hurt] * 60, "p3", command="/flow", since=NOW, zone=ZONE),
        monitoring.unreachable(NOW, msg("{it}", it=line)),
        monitoring.gap(1, 99, [FlowName(1, name)] * 20, owner),
    ]
    for body in bodies:
        assert foreign_pings(body) == []
        assert refused(body) == []


def test_a_success_says_whether_the_alarm_ended_or_a_run_was_made_good():
    good = replace(incident(), occurrences=(failure(backfilled=True),))
    recovered = lifecycle.recovered(good, "3377-2026112100", LATER)[0]
    ended = incident_posts.success_reply(incident(), recovered, lifecycle.Transition.RECOVERED)
    assert ended == replies.recovered(recovered)
    made_good = incident_posts.success_reply(LEFT, good, lifecycle.Transition.BACKFILLED)
    assert made_good == replies.backfilled(good, ["3377-2026112100"])
