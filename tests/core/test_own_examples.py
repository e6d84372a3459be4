"""Examples of a command are about a flow of the reader, where that stays true."""

import pytest

from bot.core.command.examples import examples
from bot.core.command.table import BY_VERB, ROWS
from bot.core.flow.model import FlowId


@pytest.mark.parametrize(
    ("verb", "english", "chinese"),
    [
        ("ack", "ack 5001", "认领 5001"),
        ("trigger", "trigger 3377 from 108580", "触发 3377 从 108580"),  # the task is of the other flow
        ("rerun", "rerun 2809-20190812080700", "重跑 2809-20190812080700"),  # so is a run
        ("runs", "runs of 5001", "实例 任务流 5001"),
    ],
)
def test_an_example_about_a_flow_is_about_the_readers(verb, english, chinese):
    shown = examples(BY_VERB[verb], FlowId(5001))
    assert (english, chinese) in [(each("en"), each("zh")) for each in shown]


def test_a_note_keeps_the_flow_it_names():
    shown = [each("en") for each in examples(BY_VERB["close"], FlowId(5001))]
    assert "close 5001 as duplicate because 3377 is the cause" in shown


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.verb)
def test_who_owns_nothing_reads_the_examples_of_the_table(row):
    assert tuple(each("en") for each in examples(row)) == row.examples
    assert tuple(each("zh") for each in examples(row)) == (row.examples_zh or row.examples)
