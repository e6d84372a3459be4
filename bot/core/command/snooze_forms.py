"""What ``snooze`` names besides a flow, a duration and a reason: all flows, and the end of a snooze."""

from bot.core.command import chinese
from bot.core.command.forms import FLOW, WHEN, Form
from bot.core.command.requests import ALL, SUCCESS, FlowRef, When
from bot.core.command.tokens import Cursor, Token

_ALL = frozenset((ALL, *chinese.ALL))
_SUCCESS = frozenset((SUCCESS.words, *chinese.SUCCESS))


def _flow_or_all(cursor: Cursor) -> FlowRef | str:
    if _is_one_of(cursor.peek(), _ALL):
        cursor.take()
        return ALL
    flow: FlowRef = FLOW.read(cursor)
    return flow


def _until(cursor: Cursor) -> When:
    if _is_one_of(cursor.peek(), _SUCCESS):
        cursor.take()
        return SUCCESS
    when: When = WHEN.read(cursor)
    return when


def _is_one_of(token: Token | None, words: frozenset[str]) -> bool:
    return token is not None and token.plain in words


def _say_flow_or_all(what: FlowRef | str) -> str:
    return FLOW.say(what) if isinstance(what, FlowRef) else what


def _say_flow_or_all_zh(what: FlowRef | str) -> str:
    return FLOW.say(what) if isinstance(what, FlowRef) else chinese.ALL[0]


FLOW_OR_ALL = Form(
    f"FLOW|{ALL}",
    _flow_or_all,
    _say_flow_or_all,
    words=(ALL,),
    words_zh=chinese.ALL,
    example="3377",
    say_zh=_say_flow_or_all_zh,
)
UNTIL = Form(
    f"WHEN|{SUCCESS.words}",
    _until,
    WHEN.say,
    words=(*WHEN.words, SUCCESS.words),
    words_zh=(*WHEN.words_zh, *chinese.SUCCESS),
    example="14:30",
    say_zh=lambda until: chinese.SUCCESS[0] if until == SUCCESS else WHEN.say_in(until, "zh"),
)
