"""Retry rules at work: what is planned, what is started in whose name, every no, and that nothing is done twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from answer_world import FAILED, OPS, Lost

from bot.core.errors import TemporaryFailure
from bot.core.flow.model import InstanceId
from bot.core.flow.run import RunState
from bot.core.flow.status import Status
from bot.core.incident.facts import ChangeSet
from bot.core.incident.lifecycle import is_live
from bot.core.incident.model import Phase
from bot.core.incident.retries import RetryReason, RetryState
from bot.core.outbox.conversations import SlackUnreachable
from bot.core.people.model import Person
from bot.core.text.message import msg
from bot.store.database import DatabaseUnavailable
from bot.work.runs import crash_recovery
from bot.work.runs.retrier import Retrier

RULE = 'retry 3377 on "connection RESET"'
ERROR = "java.net.SocketException: Connection reset by peer"


@pytest.fixture
def retrier(world):
    return Retrier(world.services)


async def learns(world, line=ERROR, instance=FAILED):
    """The error line of the newest failure is read."""
    incident = await world.incident(instance)
    newest = replace(incident.occurrences[-1], error_line=line)
    new = replace(incident, occurrences=(*incident.occurrences[:-1], newest))
    await world.store.change(incident.id, lambda _: ChangeSet(incidents=(new,)))


async def fails(world, rule=RULE):
    """Maya sets a rule, and the flow fails with what it is about; returns the card."""
    if rule:
        await world.maya.says(rule)
    world.later(minutes=1)
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    card = await world.breaks()
    await learns(world)
    return card


async def ticks(world, retrier, **span):
    """Let time pass; what people see then."""
    world.later(**span)
    await retrier.tick(world.now)
    return await world.delivered()


async def row(world):
    (found,) = await world.store.retries_of(3377)
    return found


class Instead:
    """A store, or a Slack, with other methods."""

    def __init__(self, inner, **methods):
        self._inner = inner
        self.__dict__.update(methods)

    def __getattr__(self, name):
        return getattr(self._inner, name)


def raising(error):
    async def method(*_args, **_more):
        raise error

    return method


def texts(messages):
    return "\n".join(message.text for message in messages)


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
    await world.maya.presses(card, "Close")


async def reruns(world, card):
    await world.maya.presses(card, "Rerun")


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


async def leaves(world, _card):
    profiles = world.slack.profiles
    profiles["U0MAYA00001"] = replace(profiles["U0MAYA00001"], deleted=True)


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


# ── what goes wrong ──


async def test_a_lost_answer_is_looked_up_and_never_sent_again(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["triggerFromTask"] = [Lost(effect=True)]
    said = await ticks(world, retrier, minutes=1)
    assert "I will not start it a second time." in texts(said)
    said = [*await ticks(world, retrier, seconds=5), *await world.tick(seconds=1)]
    assert "and EnOS shows the run" in texts(said)
    assert len(world.enos.done()) == 1
    assert (await world.audited())[-1][2] == "done"


async def test_a_call_that_did_not_arrive_is_not_sent_again_either(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["triggerFromTask"] = [Lost(effect=False)]
    await ticks(world, retrier, minutes=1)
    for _ in range(4):
        await world.tick(seconds=31)
        await ticks(world, retrier, seconds=1)
    assert len(world.enos.done()) == 1
    assert (await row(world)).state is RetryState.STARTED


async def test_while_enos_does_not_answer_it_waits_on(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["flow"] = [TemporaryFailure(msg("EnOS does not answer."))]
    assert await ticks(world, retrier, minutes=1) == []
    assert (await row(world)).state is RetryState.WAITING
    assert await ticks(world, retrier, minutes=4) == []  # it is not asked again at once
    await ticks(world, retrier, minutes=1)
    assert (await row(world)).state is RetryState.STARTED
    assert [each[2] for each in await world.audited()][1:] == ["outage:TemporaryFailure", "done"]


async def test_an_hour_after_its_time_it_is_too_late(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.restart()
    said = await ticks(world, Retrier(world.services), hours=1, minutes=2)
    assert "because its time passed more than an hour ago." in texts(said)
    assert world.enos.done() == []


async def test_a_restart_in_the_middle_of_the_wait_goes_on(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.restart()
    await ticks(world, Retrier(world.services), minutes=1)
    assert len(world.enos.done()) == 1


async def test_a_clock_that_is_set_back_starts_nothing_early_and_nothing_twice(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.later(hours=-5)
    await world.store.correct_future_times(world.now)
    assert await ticks(world, retrier, seconds=50) == []
    await ticks(world, retrier, seconds=10)
    assert len(world.enos.done()) == 1
    world.later(minutes=-30)
    await world.store.correct_future_times(world.now)
    for _ in range(5):
        await ticks(world, retrier, minutes=1)
    assert len(world.enos.done()) == 1


async def test_while_slack_does_not_say_who_is_active_it_waits(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    silent = Instead(world.slack, profile=raising(SlackUnreachable("profile")))
    assert await ticks(world, Retrier(replace(world.services, slack=silent)), minutes=1) == []
    await ticks(world, retrier)
    assert len(world.enos.done()) == 1


async def test_a_bug_is_told_with_a_reference_and_ends_it(world, retrier, caplog):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["triggerFromTask"] = [ValueError("a bug")]
    said = await ticks(world, retrier, minutes=1)
    assert (await row(world)).state in {RetryState.STARTED, RetryState.REFUSED}
    assert any("hit a bug, reference" in record.getMessage() for record in caplog.records)
    assert said is not None
    assert await ticks(world, retrier, minutes=1) == []
    assert len(world.enos.done()) == 1


async def test_a_bug_before_the_call_is_told_and_ends_it(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["flow"] = [ValueError("a bug")]
    said = await ticks(world, retrier, minutes=1)
    assert "Something broke on my side." in texts(said)
    assert (await row(world)).reason is RetryReason.BUG
    assert world.enos.done() == []


async def test_a_bug_before_it_is_decided_is_logged_and_it_waits(world, retrier, caplog):
    await fails(world)
    await ticks(world, retrier)
    broken = Instead(world.store, link=raising(ValueError("a bug")))
    assert await ticks(world, Retrier(replace(world.services, store=broken)), minutes=1) == []
    assert any("A retry hit a bug" in record.getMessage() for record in caplog.records)
    await ticks(world, retrier)
    assert len(world.enos.done()) == 1


async def test_where_the_database_fails_after_the_call_the_run_is_found_at_the_next_tick(world, retrier):
    await fails(world)
    await ticks(world, retrier)

    async def put_run(run, **more):
        if run.state is RunState.RUNNING:
            raise DatabaseUnavailable("disk is full")
        await world.store.put_run(run, **more)

    full = Instead(world.store, put_run=put_run)
    await ticks(world, Retrier(replace(world.services, store=full)), minutes=1)
    assert (await row(world)).state is RetryState.STARTING
    await ticks(world, retrier, seconds=2)
    assert (await row(world)).state is RetryState.STARTED
    assert len(world.enos.done()) == 1


async def dies_before_the_call(world, retrier):
    """The process is killed while EnOS is asked whether the run is still failed."""
    world.enos.before["instance"] = lambda: (_ for _ in ()).throw(KeyboardInterrupt)
    with pytest.raises(KeyboardInterrupt):
        await ticks(world, retrier, minutes=1)
    world.restart()
    assert await crash_recovery.open_attempts(world.services) == ()  # left to the retrier


async def test_an_open_attempt_of_an_earlier_process_ends_with_the_no(world, retrier):
    card = await fails(world)
    await ticks(world, retrier)
    await dies_before_the_call(world, retrier)
    await world.sam.presses(card, "Acknowledge")
    await ticks(world, Retrier(world.services), seconds=2)
    assert ("maya", f"rerun {FAILED}", "refused:acknowledged") in [each[:3] for each in await world.audited()]
    assert world.enos.done() == []


async def test_an_attempt_that_was_begun_before_a_crash_is_used_again(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    await dies_before_the_call(world, retrier)
    await ticks(world, Retrier(world.services), seconds=2)
    assert [each[2] for each in await world.audited()][1:] == ["done"]
    assert len(world.enos.done()) == 1


async def test_killed_after_the_call_the_run_is_found_and_followed(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    world.enos.faults["triggerFromTask"] = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        await ticks(world, retrier, minutes=1)
    world.restart()
    await ticks(world, Retrier(world.services), seconds=2)
    assert (await row(world)).state is RetryState.STARTED  # it may have been: it is looked up, and not sent again
    assert len(world.enos.done()) == 1


# ── rules whose maker is not there any more ──


async def test_the_rule_of_a_person_who_is_unlinked_ends_and_is_told_once(world, retrier):
    await world.maya.says(RULE)
    await world.alex.says("unlink <@U0MAYA00001>")
    (told,) = await ticks(world, retrier)
    assert told.place == "#data-ops"
    assert "The retry rule of `3377` *daily-energy-report* has ended" in told.text
    assert "the person who set it is no longer linked to `maya.chen`" in told.text
    assert await ticks(world, retrier, minutes=20) == []
    assert await world.store.retry_rules() == ()


async def test_the_rule_of_a_person_who_is_deactivated_ends_and_is_told_once(world, retrier):
    await world.maya.says(RULE)
    assert await ticks(world, retrier) == []
    await leaves(world, None)
    assert await ticks(world, retrier, minutes=14) == []  # Slack is asked now and then
    (told,) = await ticks(world, retrier, minutes=1)
    assert "`maya.chen` is no longer active in Slack." in told.text
    assert await ticks(world, retrier, minutes=20) == []


async def test_an_incident_that_is_not_kept_any_more_ends_its_retry(world, retrier):
    await fails(world)
    await ticks(world, retrier)
    incident = await world.incident()
    ended = replace(incident, phase=Phase.CLOSED, ended_at=world.now, ended_by=Person("T", "U"))
    assert not is_live(ended)
    await world.store.change(incident.id, lambda _: ChangeSet(incidents=(ended,)))
    await world.store.prune(world.now + timedelta(days=500))
    assert await ticks(world, retrier, seconds=5) == []
    assert (await row(world)).reason is RetryReason.ENDED
    assert OPS == "C0DATAOPS1"
