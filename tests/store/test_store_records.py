"""Facts that are kept whole, as text."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.core.flow.model import FlowId
from bot.core.history.background import Background, Cause, FlowRef, MetBefore, UsualDuration
from bot.store import records

AT = datetime(2026, 11, 30, 6, 10, tzinfo=UTC)
FULL = Background(
    usual=UsualDuration(timedelta(minutes=20), timedelta(minutes=31, milliseconds=5), 28),
    took=timedelta(seconds=3),
    next_run=AT,
    waiting=(FlowRef(FlowId(1), "日报"), FlowRef(FlowId(2), 'a "quoted" name')),
    waiting_count=7,
    met_before=MetBefore(AT, "rerun", "T1:U1", timedelta(minutes=20), 3),
    runbook="restart the loader",
    cause=Cause(FlowRef(FlowId(2107), "meter-import"), "failed", AT, "i1"),
)


def test_what_is_written_is_read() -> None:
    assert records.from_text(Background, records.to_text(FULL)) == FULL


def test_nothing_known_takes_no_room() -> None:
    assert records.to_text(Background()) == ""
    assert records.from_text(Background, "") == Background()


def test_a_record_of_another_version_is_read() -> None:
    @dataclass(frozen=True)
    class Older:
        runbook: str = ""
        forgotten: str = ""

    text = records.to_text(Older("look", "something"))
    assert records.from_text(Background, text) == Background(runbook="look")
