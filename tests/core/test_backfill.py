"""What a backfill does next, what has become of each start, and what its buttons do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.errors import Refusal
from bot.core.flow.backfill import (
    Backfill,
    BackfillStart,
    BackfillState,
    Next,
    PauseReason,
    StartState,
    after_run,
    ended,
    expected_end,
    next_start,
    next_step,
    own_run,
    paused,
    pressed,
    progress,
    refused,
    unknown_backfill,
)
from bot.core.flow.backfill_times import Basis, Slot
from bot.core.flow.run import Run, RunState
from bot.core.people.model import Person

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
MAYA, JONAS = Person("T1", "U1"), Person("T1", "U2")
RUNNING = Backfill(
    *(7, 3377, "report", MAYA, "maya.chen", NOW, "C1", "p1", Basis.DAY, "UTC", Slot.DAY),
    state=BackfillState.RUNNING,
)
PLANNED, STARTING, STARTED = StartState.PLANNED, StartState.STARTING, StartState.STARTED
OVER = (StartState.SUCCEEDED, StartState.FAILED, StartState.NOT_STARTED, StartState.LOST, StartState.TAKEN)


def starts(*states):
    return tuple(BackfillStart(place, NOW - timedelta(days=9 - place), state) for place, state in enumerate(states))


def run(state=RunState.RUNNING, *, attempt=5, ago=30, **more):
    at = NOW - timedelta(seconds=ago)
    return Run("3377-20261101000000", 3377, "report", "T1:U1", "", at, "C1", state=state, attempt=attempt, **more)


@pytest.mark.parametrize(
    ("case", "state", "those", "runs", "expected"),
    [
        ("The first one is started.", BackfillState.RUNNING, [PLANNED, PLANNED], [], Next.START),
        ("What was left out needs none.", BackfillState.RUNNING, [StartState.HAS_RUN, PLANNED], [], Next.START),
        ("One is followed before the next is started.", BackfillState.RUNNING, [STARTED, PLANNED], [], Next.FOLLOW),
        ("One that is being started is followed.", BackfillState.RUNNING, [STARTING, PLANNED], [], Next.FOLLOW),
        ("A failure does not stop the others.", BackfillState.RUNNING, [StartState.FAILED, PLANNED], [], Next.START),
        (
            "EnOS starts one run of a flow a minute, whoever asks.",
            *(BackfillState.RUNNING, [StartState.SUCCEEDED, PLANNED], [run(RunState.ENDED)], Next.MINUTE),
        ),
        ("A minute later the next one may start.", BackfillState.RUNNING, [PLANNED], [run(ago=60)], Next.START),
        ("A start that was refused took no minute.", BackfillState.RUNNING, [PLANNED], [run(RunState.NOT_STARTED)],
         Next.START),
        ("With nothing left it ends.", BackfillState.RUNNING, list(OVER), [], Next.END),
        ("Paused, nothing is started.", BackfillState.PAUSED, [PLANNED], [], Next.NOTHING),
        ("Paused, a run is still followed.", BackfillState.PAUSED, [STARTED, PLANNED], [], Next.FOLLOW),
        ("Paused, it does not end by itself.", BackfillState.PAUSED, [StartState.SUCCEEDED], [], Next.NOTHING),
        ("Stopped, a run is still followed.", BackfillState.STOPPING, [STARTED, PLANNED], [], Next.FOLLOW),
        ("Stopped, it ends with its run.", BackfillState.STOPPING, [StartState.SUCCEEDED, PLANNED], [], Next.END),
        ("What has ended does nothing.", BackfillState.ENDED, [StartState.SUCCEEDED], [], Next.NOTHING),
    ],
)  # fmt: skip
def test_what_is_next(case, state, those, runs, expected):
    assert next_step(replace(RUNNING, state=state), starts(*those), runs, NOW) is expected, case


def test_the_oldest_that_is_planned_is_next():
    assert next_start(starts(StartState.SUCCEEDED, PLANNED, PLANNED)).place == 1
    assert next_start(starts(StartState.SUCCEEDED)) is None


@pytest.mark.parametrize(
    ("case", "found", "state", "status"),
    [
        ("Without a run nothing was called, and it is planned again.", None, PLANNED, None),
        ("An answer that was lost is being looked up.", run(RunState.ASKED), STARTING, None),
        ("It runs.", run(RunState.RUNNING), STARTED, None),
        ("It has succeeded.", run(RunState.ENDED, result=1), StartState.SUCCEEDED, 1),
        ("It has failed.", run(RunState.ENDED, result=-1), StartState.FAILED, -1),
        ("It was canceled, which is no success.", run(RunState.ENDED, result=8), StartState.FAILED, 8),
        ("EnOS does not show it.", run(RunState.NOT_STARTED), StartState.NOT_STARTED, None),
        ("Nobody saw it end.", run(RunState.LOST), StartState.LOST, None),
    ],
)
def test_what_its_run_makes_of_a_start(case, found, state, status):
    start = replace(starts(STARTING)[0], attempt=5, started_at=NOW)
    new = after_run(start, found, NOW)
    assert (new.state, new.status) == (state, status), case
    assert new.instance == (found.instance if found else "")
    assert (new.ended_at == NOW) is (state in OVER)
    assert (new.attempt, new.started_at) == ((5, NOW) if found else (0, None))


def test_a_start_knows_its_run_by_the_attempt():
    start = replace(starts(STARTING)[0], attempt=5)
    mine, other = run(), run(attempt=6)
    assert own_run(start, [other, mine]) is mine
    assert own_run(start, [other]) is None
    assert own_run(replace(start, attempt=0), [run(attempt=0)]) is None
    elsewhere = replace(run(RunState.NOT_STARTED))  # EnOS took another minute than expected
    assert own_run(start, [elsewhere, mine]) is mine
    assert own_run(start, [elsewhere]) is elsewhere


def test_all_is_counted_from_the_rows():
    found = progress(starts(*OVER, STARTED, PLANNED, PLANNED, StartState.HAS_RUN, StartState.UNDER_WAY))
    assert (found.total, found.over, found.succeeded, found.taken, found.left_out, found.waiting) == (8, 5, 1, 1, 2, 2)
    assert [each.state for each in found.not_done] == [StartState.FAILED, StartState.NOT_STARTED, StartState.LOST]
    assert found.current.state is STARTED
    assert progress(()).current is None


# ── when it is done ──


def took(place, minutes, state=StartState.SUCCEEDED):
    begun = NOW - timedelta(hours=2)
    return BackfillStart(place, NOW, state, started_at=begun, ended_at=begun + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("case", "usual", "those", "minutes"),
    [
        ("Nothing is known.", None, starts(PLANNED), None),
        ("As runs usually take.", 10, starts(PLANNED, PLANNED), 20),
        ("Its own runs count more than what is usual.", 10, (took(0, 30), *starts(PLANNED, PLANNED)), 60),
        ("Short runs wait for EnOS's minute.", 0.1, starts(*[PLANNED] * 11), 15),
        (
            "A run that is under way has begun before.",
            *(10, (replace(starts(STARTED)[0], started_at=NOW - timedelta(minutes=5)), *starts(PLANNED)), 15),
        ),
        (
            "The last one takes what it takes.",
            *(10, (replace(starts(STARTED)[0], started_at=NOW - timedelta(minutes=5)),), 5),
        ),
        (
            "A run that is overdue ends now at the earliest.",
            *(10, (replace(starts(STARTED)[0], started_at=NOW - timedelta(hours=5)), *starts(PLANNED)), 10),
        ),
        ("One that is being started begins now.", 10, starts(STARTING), 10),
        (
            "A clock that was set back makes no run of it shorter than nothing.",
            10,
            (took(0, -30), *starts(PLANNED)),
            10,
        ),
        ("Nothing is left.", 10, (took(0, 30),), None),
    ],
)
def test_when_it_is_done(case, usual, those, minutes):
    backfill = replace(RUNNING, usual=None if usual is None else timedelta(minutes=usual))
    expected = None if minutes is None else NOW + timedelta(minutes=minutes)
    assert expected_end(backfill, those, NOW) == expected, case
    assert expected_end(replace(backfill, state=BackfillState.PAUSED), those, NOW) is None


# ── pause, stop, go on ──


def act(what, state=BackfillState.RUNNING, turn=0, **more):
    return pressed(replace(RUNNING, state=state, turn=4, **more), what, turn, JONAS, "jonas.weber")


def test_it_is_paused_and_goes_on_as_who_let_it_go_on():
    halted = act("pause", turn=5)
    assert (halted.state, halted.reason, halted.acted_by) == (BackfillState.PAUSED, PauseReason.PERSON, JONAS)
    assert (halted.by, halted.turn) == (MAYA, 5)
    on = pressed(halted, "resume", 6, JONAS, "jonas.weber")
    assert (on.state, on.reason, on.by, on.user_name) == (BackfillState.RUNNING, PauseReason.NONE, JONAS, "jonas.weber")


@pytest.mark.parametrize("state", [BackfillState.RUNNING, BackfillState.PAUSED])
def test_it_is_stopped(state):
    stopped = act("stop", state, reason=PauseReason.BUG, detail="abc")
    assert (stopped.state, stopped.reason, stopped.detail) == (BackfillState.STOPPING, PauseReason.NONE, "")
    assert (stopped.acted_by, stopped.by) == (JONAS, MAYA)
    assert ended(stopped, NOW) == replace(stopped, state=BackfillState.STOPPED, ended_at=NOW)
    assert ended(RUNNING, NOW).state is BackfillState.ENDED


@pytest.mark.parametrize(
    ("case", "what", "state", "turn", "says"),
    [
        ("It has ended.", "pause", BackfillState.ENDED, 5, "has ended already"),
        ("It was stopped.", "resume", BackfillState.STOPPED, 5, "has ended already"),
        ("It is being stopped.", "stop", BackfillState.STOPPING, 5, "is being stopped already"),
        ("It is paused.", "pause", BackfillState.PAUSED, 5, "is paused already"),
        ("It runs.", "resume", BackfillState.RUNNING, 0, "is running already"),
        ("The button is one of before.", "stop", BackfillState.RUNNING, 3, "has changed since"),
    ],
)
def test_what_is_not_to_be_done_any_more(case, what, state, turn, says):
    with pytest.raises(Refusal, match=says) as caught:
        act(what, state, turn)
    assert caught.value.reason == "backfill_changed", case
    assert "Nothing was changed" in str(caught.value)


def test_it_pauses_for_a_reason():
    new = paused(RUNNING, PauseReason.REFUSED, "no_task")
    assert (new.state, new.detail, new.acted_by, new.turn) == (BackfillState.PAUSED, "no_task", None, 1)


def test_each_refusal_is_a_reason_to_pause():
    assert refused("not_owner") is PauseReason.NOT_OWNER
    assert refused("unknown_flow") is PauseReason.HIDDEN
    assert refused("no_task") is PauseReason.REFUSED
    assert "backfill 12" in str(unknown_backfill(12))
