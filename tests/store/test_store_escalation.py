"""The steps of an escalation: written with their posts, read back, and gone with what they are of."""

from dataclasses import replace
from datetime import timedelta

import pytest
from store_makers import MAYA, NOW, incident, later, message

from bot.core.incident import lifecycle
from bot.core.incident.escalation import CallReason, EscalationStep
from bot.core.incident.facts import ChangeSet
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.model import Phase
from bot.core.outbox.posts import PostId, PostState, call_about

FIRST = EscalationStep("i1", 1, NOW, CallReason.GROUP, ("U1", "U2"), "S1", (("S0", "empty"),))
SECOND = EscalationStep("i1", 2, later(minutes=30), CallReason.PAGERDUTY)


async def write(store, *steps, posts=(), incidents=(), groups=()):
    changes = ChangeSet(incidents=incidents, posts=posts, escalated=steps, incident_groups=groups)
    await store.observe([], [], lambda _: changes)


async def test_steps_are_read_back_in_their_order_each_with_its_incident(store):
    await write(store, FIRST, replace(SECOND, of="i2"))
    await write(store, SECOND)
    assert await store.escalation_steps(["i1", "i2", "i3"]) == {
        "i1": (FIRST, SECOND),
        "i2": (replace(SECOND, of="i2"),),
    }


async def test_after_a_hand_back_the_first_step_is_kept_next_to_the_earlier_one(store):
    again = replace(FIRST, at=later(hours=1))
    await write(store, FIRST)
    await write(store, again)
    assert await store.escalation_steps(["i1"]) == {"i1": (FIRST, again)}


async def test_steps_go_with_their_incident_and_those_of_a_storm_with_that(store):
    ended = incident("i1", phase=Phase.CLOSED, ended_at=NOW)
    storm = IncidentGroup(PostId("p9"), "C1", Occasion.STORM, NOW, NOW, ended_at=NOW)
    of_storm = replace(FIRST, of="p9")
    await write(store, FIRST, of_storm, incidents=(ended,), groups=(storm,))
    await store.prune(later(days=6))
    assert await store.escalation_steps(["i1", "p9"]) == {"i1": (FIRST,), "p9": (of_storm,)}
    await store.prune(later(days=8))
    assert await store.escalation_steps(["i1", "p9"]) == {"i1": (FIRST,)}
    for _ in range(2):  # the incident goes last
        await store.prune(later(days=401))
    assert await store.escalation_steps(["i1"]) == {}


async def test_a_step_that_lies_ahead_because_the_clock_was_set_back_becomes_now(store):
    await write(store, replace(FIRST, at=later(hours=5)), incidents=(incident("i1"),))
    await store.correct_future_times(NOW)
    assert await store.escalation_steps(["i1"]) == {"i1": (FIRST,)}


# ── its posts ──


async def states(store, *ids):
    return [(await store.post(PostId(id_))).state for id_ in ids]


CALL, REMINDER = call_about("i1", 1), "i1"
QUEUED, GONE = PostState.QUEUED, PostState.GIVEN_UP


async def test_the_posts_of_one_step_do_not_replace_each_other(store):
    step = [message(f"p{number}", f"C{number}", reminds_of=REMINDER) for number in range(3)]
    await write(store, posts=(*step, message("p0", "C0", reminds_of=REMINDER)))
    await write(store, posts=tuple(step))  # queued once more
    assert await states(store, "p0", "p1", "p2") == [QUEUED] * 3


@pytest.mark.parametrize(
    ("sentence", "first", "then", "expected"),
    [
        ("A newer reminder replaces an older one.", REMINDER, REMINDER, GONE),
        ("A call is not replaced by a reminder.", CALL, REMINDER, QUEUED),
        ("A call is not replaced by the next.", CALL, call_about("i1", 2), QUEUED),
        ("A reminder stays where another incident is called about.", REMINDER, call_about("i12", 1), QUEUED),
    ],
)
async def test_what_a_newer_one_replaces(store, sentence, first, then, expected):
    await write(store, posts=(message("p1", reminds_of=first),))
    await write(store, posts=(message("p2", reminds_of=then),))
    assert await states(store, "p1", "p2") == [expected, QUEUED], sentence


async def test_acknowledging_withdraws_all_calls_of_that_incident_alone(store):
    mine, other = incident("i1"), call_about("i12", 1)
    posts = (message("p1", reminds_of=CALL), message("p2", "U1", reminds_of=REMINDER), message("p3", reminds_of=other))
    await write(store, incidents=(mine,), posts=posts)
    await write(store, incidents=(lifecycle.acknowledge(mine, MAYA, NOW + timedelta(minutes=1))[0],))
    assert await states(store, "p1", "p2", "p3") == [GONE, GONE, QUEUED]
