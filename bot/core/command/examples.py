"""Examples of commands, about a flow of the person who reads them."""

import re
from collections.abc import Callable
from functools import partial

from bot.core.command.row import Row
from bot.core.flow.model import FlowId
from bot.core.text.language import ZH

_SAMPLE = re.compile(r"(?<![\w.-])(?:3377|2809)(?![\w-])", re.ASCII)  # the flows of the table's examples
_TASK = re.compile(r"(?<!\S)10\d{4}(?!\S)")  # their tasks: of another flow they would be wrong


def examples(row: Row, own: FlowId | None = None) -> list[Callable[[str], str]]:
    """The examples of a verb, each by language; those about a whole flow are about ``own``, where there is one."""
    pairs = zip(row.examples, row.examples_zh or row.examples, strict=True)
    return [partial(_in, *each, own) for each in pairs]


def _in(english: str, chinese: str, own: FlowId | None, language: str) -> str:
    example = chinese if language == ZH else english
    if own is None or _TASK.search(example):
        return example
    return _SAMPLE.sub(str(own), example, count=1)
