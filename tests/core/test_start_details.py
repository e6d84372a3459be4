"""What a run was asked for besides its flow, as its row keeps it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.core.flow.model import Parameter
from bot.core.flow.run import StartDetails

minutes = some.integers(0, 60_000_000).map(lambda minute: datetime.fromtimestamp(minute * 60, UTC))
names = some.lists(some.text()).map(tuple)


@given(
    some.builds(
        StartDetails,
        parameters=some.lists(some.builds(Parameter, some.text(), some.text())).map(tuple),
        unknown_keys=names,
        skips=names,
        moved=some.none() | some.tuples(minutes, minutes),
    )
    | some.builds(StartDetails, rule_of=some.text(min_size=1), rule_text=some.text())
)
def test_what_is_kept_is_read_again(details):
    assert StartDetails.read(details.kept()) == details


def test_how_it_is_kept():
    minute = datetime(2026, 11, 21, tzinfo=UTC)
    details = StartDetails((Parameter("path", "/data"),), ("b",), ("extract",), (minute, minute))
    assert details.kept() == (
        '{"parameters": [["path", "/data"]], "unknown_keys": ["b"], "skips": ["extract"],'
        ' "moved": [1795219200, 1795219200]}'
    )
    assert StartDetails.read(details.kept()) == details


@pytest.mark.parametrize("kept", ["", "Not run again: extract", "The flow has no parameter `a`; sent all the same."])
def test_sentences_of_an_earlier_version_are_left_out(kept):
    assert StartDetails.read(kept) == StartDetails()
