"""Retry rules at work: what is planned, what is started in whose name, every no, and that nothing is done twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from answer_world import FAILED
from retrier_kit import ERROR, RULE, fails, learns, leaves, row, texts, ticks

from bot.core.flow.model import InstanceId
from bot.core.flow.status import Status
from bot.core.incident.facts import ChangeSet
from bot.core.incident.retries import RetryReason, RetryState
from bot.work.runs.retrier import Retrier


@pytest.fixture
def retrier(world):
    return Retrier(world.services)


# ── one that helps ──


async def test_a_failure_is_rerun_once_as_the_person_who_set_the_rule(world, retrier):
    card = await fails(world)
    said = await ticks(world, retrier)
    assert "Retries at" in texts(said)
    assert "because the error contains `connection RESET` (rule of `maya.chen`)" in card.text
    assert "Stop" in card.buttons
    assert "<@U0MAYA00001>" not in texts(m for m in said if m is not card)
    assert (await row(world)).state is RetryState.WAITING
    assert await ticks(world, retrier, seconds=59) == []
    said = await ticks(world, retrier, seconds=1)
    ((call, as_user, flow, task, _),) = world.enos.done()
    assert (call, as_user, flow, task) == ("triggerFromTask", "u15432100000000011", 3377, 108580)
    assert (await row(world)).state is RetryState.STARTED
    assert "`maya.chen` started `3377` *daily-energy-report*" in texts(said)
    assert "Started by the retry rule of `maya.chen`, because the error contains `connection RESET`." in texts(said)
    assert "Retries at" not in card.text
    started = (await row(world)).started
    assert [each[:6] for each in await world.audited()][1:] == [
        ("maya", f"rerun {FAILED}", "done", "triggerFromTask", "u15432100000000011", started)
    ]
    for _ in range(3):
        assert await ticks(world, retrier, minutes=1) == []
    assert len(world.enos.done()) == 1


async def test_the_audit_says_that_a_rule_did_it(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    await ticks(world, retrier, minutes=1)
    (answer,) = await world.alex.says("audit")
    assert answer.text.count("by a retry rule") == 1


async def test_a_rerun_by_a_rule_that_fails_is_not_retried_again(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    await ticks(world, retrier, minutes=1)
    started = (await row(world)).started
    incident = await world.incident()
    again = replace(incident.occurrences[-1], instance=InstanceId(started), seen_at=world.now, error_line=ERROR)
    new = replace(incident, occurrences=(*incident.occurrences, again))
    await world.store.change(incident.id, lambda _: ChangeSet(incidents=(new,)))
    said = await ticks(world, retrier, minutes=1)
    assert f"was not retried again: run `{started}` is a rerun" in texts(said)
    assert await ticks(world, retrier, minutes=5) == []
    assert len(world.enos.done()) == 1
    assert [each.reason for each in await world.store.retries_of(3377)] == [RetryReason.IS_RERUN, RetryReason.RETRY]


async def test_a_run_that_a_rule_started_is_followed_in_the_thread(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    await ticks(world, retrier, minutes=1)
    started = (await row(world)).started
    world.enos.becomes(started, Status.SUCCESS, [Status.SKIP, Status.SUCCESS, Status.SUCCESS])
    (message,) = await world.tick(seconds=10)
    assert message.place == "thread in #data-ops"
    assert "started by `maya.chen`, succeeded" in message.text


async def test_another_error_is_not_retried(world, retrier):
    await fails(world)
    await learns(world, "ERROR column kwh not found")
    assert await ticks(world, retrier) == []
    assert await world.store.retries_of(3377) == ()


# ── what people do ──


async def test_stop(world, retrier):
    card = await fails(world)
    await ticks(world, retrier)
    said = await world.sam.presses(card, "Stop")  # on call, not linked
    assert "<@U0SAMLEE001> stopped the retry of *daily-energy-report*." in texts(said)
    assert "Stop" not in card.buttons
    assert (await row(world)).state is RetryState.STOPPED
    assert await ticks(world, retrier, minutes=10) == []
    assert world.enos.done() == []
    assert (await world.audited())[-1][:3] == ("sam", "unretry 3377", "done")


async def test_stop_is_for_owners_and_people_on_call(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    (answer,) = await world.jonas.says("unretry 3377")
    assert answer.place == "only jonas sees"
    assert (await row(world)).state is RetryState.WAITING
    await world.maya.says("unretry 3377")
    (answer,) = await world.maya.says("unretry 3377")
    assert "No retry of flow `3377` waits now. Nothing was changed." in answer.text


async def acknowledges(world, card):
    await world.sam.presses(card, "Acknowledge")


async def snoozes(world, _card):
    await world.maya.says("snooze 3377 for 1h because the source is repaired")


async def closes(world, card):
    await world.maya.submits(await world.maya.presses(card, "Close"))


async def reruns(world, card):
    await world.maya.starts(card, "Rerun")


async def triggers_in_enos(world, _card):
    world.enos.run(f"3377-{world.now + timedelta(seconds=30):%Y%m%d%H%M}", Status.RUNNING, kind=0)


async def reruns_in_enos(world, _card):
    world.enos.becomes(FAILED, Status.RUNNING, [Status.SUCCESS, Status.RUNNING, Status.INIT])


async def ends_the_rule(world, _card):
    await world.maya.says("retry 3377 off")


async def replaces_the_rule(world, _card):
    await world.maya.says('retry 3377 on "something else"')


async def is_unlinked(world, _card):
    await world.alex.says("unlink <@U0MAYA00001>")


async def loses_the_flow(world, _card):
    world.enos.change(3377, owners=("jonas.weber",))


async def loses_sight(world, _card):
    world.enos.hidden[3377] = {"u15432100000000011"}


async def is_locked(world, _card):
    world.enos.change(3377, user_locked=True)


async def locks_the_flow(world, _card):
    world.enos.change(3377, locked=True)


async def changes_the_flow(world, _card):
    world.enos.change(3377, parameters=())


async def is_linked_to_another(world, _card):
    await world.alex.says("link <@U0MAYA00001> u15432100000000099 maya.admin")


async def fails_again(world, _card):
    incident = await world.incident()
    again = replace(incident.occurrences[-1], instance=InstanceId("3377-2026112103"), error_line="", seen_at=world.now)
    new = replace(incident, occurrences=(*incident.occurrences, again))
    await world.store.change(incident.id, lambda _: ChangeSet(incidents=(new,)))


@pytest.mark.parametrize(
    ("happens", "reason", "said", "calls"),
    [
        (acknowledges, RetryReason.ACKNOWLEDGED, "because somebody is on it.", 0),
        (snoozes, RetryReason.SNOOZED, "because it is snoozed.", 0),
        (closes, RetryReason.ENDED, "because the incident has ended.", 0),
        (fails_again, RetryReason.OTHER_FAILURE, "because it has failed again since.", 0),
        (reruns, RetryReason.STARTED, "because a run was started since.", 1),
        (triggers_in_enos, RetryReason.STARTED, "because a run was started since.", 0),
        (reruns_in_enos, RetryReason.NOT_FAILED, f"because EnOS no longer shows run `{FAILED}` as failed.", 0),
        (ends_the_rule, RetryReason.RULE_ENDED, "because the retry rule has ended.", 0),
        (replaces_the_rule, RetryReason.RULE_ENDED, "because the retry rule has ended.", 0),
        (is_unlinked, RetryReason.NOT_LINKED, "because the person behind `maya.chen` is no longer linked", 0),
        (is_linked_to_another, RetryReason.NOT_LINKED, "is no longer linked", 0),
        (leaves, RetryReason.NOT_LINKED, "no longer active in Slack.", 0),
        (loses_the_flow, RetryReason.NOT_OWNER, "because `maya.chen` no longer owns it.", 0),
        (loses_sight, RetryReason.HIDDEN, "because EnOS no longer shows it to `maya.chen`.", 0),
        (is_locked, RetryReason.USER_LOCKED, "because the EnOS user of `maya.chen` is locked.", 0),
        (locks_the_flow, RetryReason.REFUSED, "was not retried.", 0),
        (changes_the_flow, RetryReason.REFUSED, "had other parameters", 0),
    ],
)
async def test_what_happens_during_the_wait_decides(world, retrier, happens, reason, said, calls):
    card = await fails(world)
    await ticks(world, retrier)
    world.later(seconds=50)
    await happens(world, card)
    await world.delivered()
    told = [*await ticks(world, retrier), *await ticks(world, retrier, seconds=11)]
    assert said in texts(told)
    assert (await row(world)).state is RetryState.REFUSED
    assert (await row(world)).reason is reason
    assert len([call for call in world.enos.done() if call[0].startswith("trigger")]) == calls
    assert ("Retries at" not in card.text) or happens is fails_again  # a poll draws the card of another failure
    later = await ticks(world, retrier, minutes=20)
    assert "Retries" not in texts(later)
    assert "retried" not in texts(later) or happens in {leaves, is_unlinked}  # that its maker's rule has ended is told
    assert await world.store.unfinished_attempts() == ()


async def test_who_is_on_it_already_keeps_it(world, retrier):
    await world.maya.says(RULE)
    world.later(minutes=1)
    card = await world.breaks()
    await world.sam.presses(card, "Acknowledge")
    await learns(world)
    said = await ticks(world, retrier)
    assert "*daily-energy-report* was not retried, because somebody is on it." in texts(said)
