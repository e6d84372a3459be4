"""Hostile text from outside, through every card there is: nothing of it acts, and Slack takes each card.

The builders are found, not listed: a new card is tested as soon as it is written.
"""

import dataclasses
import importlib
import inspect
import itertools
import json
import pkgutil
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from incident_picture import all_blocks, as_sent, refused
from thorough import TIMES, examples

import bot.messages.cards as room
from bot.core.bridges.model import Bridge
from bot.core.command.rights import Denial
from bot.core.command.row import Family, Row
from bot.core.command.table import ROWS
from bot.core.flow import backfill_times
from bot.core.flow.backfill import BackfillState, PauseReason, StartState
from bot.core.flow.backfill_times import Basis, Slot
from bot.core.flow.model import FlowId, InstanceId, TaskId
from bot.core.flow.run import RunState
from bot.core.flow.status import Status
from bot.core.history.lateness import Reason
from bot.core.history.promise import CannotSay
from bot.core.history.stats import End
from bot.core.history.usual import Kind
from bot.core.incident.asking import Askable
from bot.core.incident.bulk import LeftOut
from bot.core.incident.escalation import CallReason
from bot.core.incident.groups import Occasion
from bot.core.incident.handover import OfferKind, OfferState
from bot.core.incident.model import Incident, IncidentId, OfferId, Phase, SnoozeEnd, SnoozeId
from bot.core.incident.resolution import Resolution
from bot.core.incident.retries import RetryId, RetryReason, RetryState, RuleEnd, RuleId
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card
from bot.core.outbox.pointers import PostPresence
from bot.core.outbox.posts import PostId
from bot.core.people.model import Ending
from bot.core.pictures.model import Look, NoPicture
from bot.core.routing.mentions import Permission
from bot.core.routing.places import PlaceReason
from bot.core.text.escape import Markup, clean, escape
from bot.core.text.message import Message, Text, rendered, verbatim
from bot.messages.cards import runs

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

HOSTILE = [
    "<!channel>",
    "<!here|here> <!everyone>",
    "<@U0EVIL00001>",
    "<#C0EVIL00001>",
    "<https://evil.test|click>",
    "&lt;!channel&gt; &amp;lt; &lt;",
    "`<!channel>` ``` *_~> quote",
    "\u202e<lennahc!> \u2066\u200b",
    "\n\n> <!here>\n",
    "\u2067\u061c\u200e\u2028\x1b[31mred\x9b0m\x08\x85\ufeff\u3164\U000e0041",
    "pay\u200dload\u200c" + "Z" + "\u0300\u20dd\u0489" * 200,
    "\x00\ud800 <!channel>",
    "1|p1|disable 3377 confirmed",
    "",
]
LONG = ["<" * 10_000, "&" * 10_000, "x" * 10_000, "🦆" * 10_000, "`" * 10_000]
OURS = {"channel": "C0DATAOPS1", "post": "p1", "command": "/flow", "by": "T0DEMO0001:U0MAYA00001", "listed_in": "p2"}
ADDRESSES = {"incident_link", "link_to_it", "url", "console_url", "links"}  # Slack's own, or the operator's
TEXTS = (Text, Text | None, Message, Message | None, Markup)

hints_of = cache(typing.get_type_hints)


def builders():
    """Every public function of the cards that returns one, or a text for one."""
    for module in pkgutil.iter_modules(room.__path__):
        loaded = importlib.import_module(f"{room.__name__}.{module.name}")
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if function.__module__ != loaded.__name__ or name.startswith("_"):
                continue
            returns = typing.get_type_hints(function)["return"]
            if returns is Card or returns in TEXTS:
                yield pytest.param(function, id=f"{module.name}.{name}")


BUILDERS = list(builders())


def lives():
    """Every card, and one that is drawn of an incident in each of its phases."""
    turn = itertools.count()
    for each in BUILDERS:
        (builder,) = each.values
        has_phase = Incident in typing.get_type_hints(builder).values()
        for phase in Phase if has_phase else (Phase.OPEN,):
            yield pytest.param(builder, phase, next(turn), id=f"{each.id}-{phase.name}")


SIMPLE = {
    int: 3,
    float: 1.5,
    bool: False,
    datetime: NOW,
    date: NOW.date(),
    time: time(22),
    timedelta: timedelta(hours=3),
    tzinfo: UTC,
    PostId: PostId("p1"),
    IncidentId: IncidentId("i1"),
    OfferId: OfferId("0ffe"),
    SnoozeId: SnoozeId("s1"),
    RuleId: RuleId("r1"),
    RetryId: RetryId("t1"),
    FlowId: FlowId(3377),
    TaskId: TaskId(108580),
}
ENUMS = {
    Phase: Phase.OPEN,
    SnoozeEnd: SnoozeEnd.TIME,
    RuleEnd: RuleEnd.UNLINKED,
    RetryState: RetryState.REFUSED,
    RetryReason: RetryReason.REFUSED,
    CallReason: CallReason.GROUP,
    Status: Status.FAIL,
    Denial: Denial.NOT_OWNER,
    Occasion: Occasion.STORM,
    PostPresence: PostPresence.PENDING,
    RunState: RunState.RUNNING,
    Ending: Ending.BUG,
    Resolution: Resolution.DUPLICATE,
    OfferKind: OfferKind.ASSIGN,
    Askable: Askable.NO_OWNER,
    OfferState: OfferState.DECLINED,
    Family: Family.RUNS,
    Bridge: Bridge.PAGERDUTY,
    Row: ROWS[0],
    LeftOut: LeftOut.NOT_YOURS,
    Basis: Basis.SCHEDULE,
    Slot: Slot.DAY,
    backfill_times.LeftOut: backfill_times.LeftOut.UNDER_WAY,
    BackfillState: BackfillState.STOPPED,
    StartState: StartState.FAILED,
    PauseReason: PauseReason.REFUSED,
    PlaceReason: PlaceReason.WATCHED,
    Permission: Permission.QUIET_HOURS,
    Look: Look.GOOD,
    NoPicture: NoPicture.TOO_LARGE,
    End: End.RERUN,
    Reason: Reason.WAS_OFF,
    Kind: Kind.SIMILAR,
    CannotSay: CannotSay.UNKNOWN_FLOW,
}


MADE = blocks.Card(Markup("–"), [blocks.context()])  # what others make and hand in
KNOWN = SIMPLE | ENUMS | {Card: MADE}


def value(kind, name, owner, text):
    """Return a value of a type, with the hostile text wherever text can be."""
    if kind is str and name in ADDRESSES | OURS.keys():
        return OURS.get(name, "")
    if (owner, name) == ("Run", "notes"):
        return made(runs.StartDetails, text).kept()
    if kind in TEXTS:
        return escape(text) or Markup("–") if kind is Markup else verbatim(text)
    if kind is InstanceId and len(text) % 2:  # else it is a form that EnOS never promised
        return InstanceId("3377-2026112108")
    if kind in (str, typing.Any):
        return text
    if kind in KNOWN:
        return KNOWN[kind]
    if isinstance(kind, typing.NewType):
        return value(kind.__supertype__, name, owner, text)
    if dataclasses.is_dataclass(kind):
        return made(kind, text)
    return _composed(kind, name, owner, text)


def _composed(kind, name, owner, text):
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if origin in {types.UnionType, typing.Union}:
        return value(next(part for part in parts if part is not type(None)), name, owner, text)
    if origin is tuple and parts[-1] is not Ellipsis:
        return tuple(value(part, name, owner, text) for part in parts)
    if kind == dict[str, typing.Any]:
        return MADE.blocks[0]
    if origin in {tuple, list, set, frozenset, Sequence, Iterable}:
        return (value(parts[0], name, owner, text),) * 12
    if origin is Callable:
        return lambda *_: text
    if origin in {dict, Mapping}:
        return {value(parts[0], name, owner, text): value(parts[1], name, owner, text)}
    raise AssertionError(f"tell this test how to make {name}: {kind} for {owner}")


def made(cls, text):
    """Return an instance of a dataclass whose texts are all hostile."""
    hints = hints_of(cls)
    fields = {each.name: value(hints[each.name], each.name, cls.__name__, text) for each in dataclasses.fields(cls)}
    if "phase" in fields:  # one of each life
        fields["phase"] = list(Phase)[len(text) % len(Phase)]
    return cls(**fields)


def called(builder, text, phase):
    hints = hints_of(builder)
    arguments = {
        name: value(hints[name], name, builder.__name__, text) for name in inspect.signature(builder).parameters
    }
    for name, each in arguments.items():
        if hasattr(each, "phase"):
            arguments[name] = dataclasses.replace(each, phase=phase)
    kinds = {name: each.kind for name, each in inspect.signature(builder).parameters.items()}
    if inspect.Parameter.VAR_POSITIONAL in kinds.values():  # one of them, behind those before it
        by_name = {
            name: arguments.pop(name) for name in list(arguments) if kinds[name] is inspect.Parameter.KEYWORD_ONLY
        }
        return builder(*arguments.values(), **by_name)
    return builder(**arguments)


def acts(part):
    """Return every mrkdwn text in which something stands that Slack would act on and that is not the bot's own."""
    if isinstance(part, str):
        left = part
        for ours in _OURS_IN_SLACK:
            left = ours.sub("", left)
        return [part] if "<" in left else []
    if isinstance(part, Mapping):
        if part.get("type") in {"plain_text", "text"}:  # Slack parses nothing in them
            return []
        if part.get("type") == "mrkdwn":
            assert part["verbatim"] is True, "Slack would look for links and names by itself"
        return [found for name, each in part.items() if name not in {"value", "url"} for found in acts(each)]
    if isinstance(part, list | tuple):
        return [found for each in part for found in acts(each)]
    return []


def _patterns():
    yield re.compile(r"<@U0MAYA00001>|<#C0DATAOPS1>|<@U0[A-Z]+0*1> USERID NAME")
    yield re.compile(r"<!date\^\d+\^\{date_short_pretty\} \{time\}\|[-0-9: ]+ UTC>")


_OURS_IN_SLACK = tuple(_patterns())


def shown(part):
    """Return every text of a card that somebody reads."""
    if isinstance(part, str):
        return [part]
    if isinstance(part, Mapping):
        return [text for name, each in part.items() if name not in {"value", "url"} for text in shown(each)]
    return [text for each in part for text in shown(each)] if isinstance(part, list | tuple) else []


def assert_harmless(built):
    if isinstance(built, str):
        assert clean(built) == built
        assert acts(built) == []
        return
    if not isinstance(built, Card):
        assert_harmless("" if built is None else rendered(built))
        return
    built = as_sent(built)
    for text in shown(built):
        assert clean(text) == text, f"this deceives the eye: {text!a}"
    assert acts(built) == []
    assert refused(built) == []
    for block in all_blocks(built):
        for element in block.get("elements", ()):
            for carried in (element, *element.get("options", ())):
                if carried.get("value"):
                    version, post, _ = carried["value"].split("|", 2)
                    assert (version, post) == ("1", "p1"), "no text can name another post"
    json.dumps(built).encode()


@pytest.mark.many
@pytest.mark.parametrize(("builder", "phase", "turn"), list(lives()))
def test_hostile_text_does_nothing_in_any_card(builder, phase, turn):
    """At the gate the long texts take turns from card to card; in the soak each card has all of them."""
    for text in [*HOSTILE, *(LONG if TIMES else [LONG[turn % len(LONG)]])]:
        assert_harmless(called(builder, text, phase))


@pytest.mark.parametrize("builder", BUILDERS)
@given(text=st.text(max_size=300) | st.lists(st.sampled_from(HOSTILE[:9]), max_size=9).map("".join))
@example(text="<@U0MAYA00001>")
@example(text="\r")
@settings(max_examples=examples(4), deadline=None)
def test_no_text_does_anything_in_any_card(builder, text):
    if "<@U0MAYA00001>" in text:  # a mention of somebody real, but not by us
        text = text.replace("U0MAYA00001", "U0EVIL00001")
    assert_harmless(called(builder, text, Phase.RECOVERED))


def test_all_cards_are_found():
    found = [each.id for each in BUILDERS]
    assert len(found) > 40
    assert {"incident.card", "answers.told", "runs.ended", "board.storm", "monitoring.gap"} <= set(found)
