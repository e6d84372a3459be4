"""Forms of what may be one, or many at once: ``ack 2809``, ``ack all``, ``ack all mine``."""

from collections.abc import Callable
from typing import Any

from bot.core.command import chinese, wanted
from bot.core.command.forms import RUN, TARGET, Form
from bot.core.command.requests import Bulk
from bot.core.command.spelling import spell_word
from bot.core.command.tokens import Cursor
from bot.core.command.wanted import Wanted


def _or_bulk(read: Callable[[Cursor], Any], all_: Bulk) -> Callable[[Cursor], Any]:
    """A reader of one value, or of the words for many at once, of which ``all`` alone means ``all_``.

    A flow with such a name is written in quotes.
    """

    def read_either(cursor: Cursor) -> Any:
        kinds = [_BULK_WORDS.get(each.plain) for each in cursor.ahead(2)]
        first = cursor.peek()
        is_name = first is not None and first.marked and len(cursor.marked(first)) > 1  # of several words, in bold
        if is_name or not kinds or kinds[0] is None:
            return read(cursor)
        both = len(kinds) > 1 and kinds[1] not in {None, kinds[0]}
        for _ in range(2 if both else 1):
            cursor.take()
        return Bulk.MINE if both or kinds[0] is Bulk.MINE else all_

    return read_either


def _say_bulk(say: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda value: value.value if isinstance(value, Bulk) else say(value)


def _say_bulk_zh(say: Callable[[Any], str]) -> Callable[[Any], str]:
    both = {Bulk.ALL: chinese.ALL[0], Bulk.MINE: f"{chinese.ALL[0]} {chinese.MINE[0]}"}
    return lambda value: both[value] if isinstance(value, Bulk) else say(value)


_BULK_WORDS = {
    **dict.fromkeys(("all", *chinese.ALL), Bulk.ALL),
    **dict.fromkeys(("mine", *chinese.MINE), Bulk.MINE),
}
_BULK_ZH = (*chinese.ALL, *chinese.MINE)
TARGETS = Form(
    "FLOW|RUN|all|all mine",
    _or_bulk(TARGET.read, Bulk.ALL),
    _say_bulk(TARGET.say),
    words=("all", "mine"),
    words_zh=_BULK_ZH,
    say_zh=_say_bulk_zh(TARGET.say),
)
RUNS = Form(  # of those that are not the asker's none can be started
    "RUN|all mine",
    _or_bulk(RUN.read, Bulk.MINE),
    _say_bulk(RUN.say),
    words=("all", "mine"),
    words_zh=_BULK_ZH,
    say_zh=_say_bulk_zh(RUN.say),
)


def _id(what: Wanted) -> Callable[[Cursor], str]:
    """A reader of an id that only buttons say."""

    def read(cursor: Cursor) -> str:
        token = cursor.peek()
        if token is None:
            raise cursor.expected(what)
        cursor.take()
        return token.bare

    return read


STORM = Form("STORM", _id(wanted.STORM), spell_word)  # the id of its message
SEEN = Form("PREVIEW", _id(wanted.SEEN), spell_word)  # the id of what it said
