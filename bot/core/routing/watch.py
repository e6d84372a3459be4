"""Watches: what a channel, or a person, wants to hear of."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bot.core.flow.model import FlowId, UserName
from bot.core.outbox.posts import is_direct
from bot.core.people.model import Person
from bot.core.routing.quiet import QuietHours
from bot.core.values import dataclass


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure as the watches see it."""

    flow_id: FlowId
    flow_name: str
    owners: tuple[UserName, ...] = ()
    in_a_row: int = 1  # failures of the flow in a row, this one included


@dataclass(frozen=True, slots=True)
class Filters:
    """What a watch is about. All that are set must hold; none set means every failure."""

    flow: FlowId | None = None
    owner: str = ""  # an EnOS user name
    glob: str = ""  # of the flow's name: see ``glob_matches``
    after: int = 1  # from that failure in a row on
    quiet: QuietHours | None = None  # when nobody is mentioned; it filters nothing


@dataclass(frozen=True, slots=True)
class Watch:
    """The failures that go to a channel, or to a person's direct messages. ``id`` is 0 until it is stored."""

    id: int
    channel: str  # a person's user id where it is theirs alone
    filters: Filters
    by: Person
    at: datetime
    flow_name: str = ""  # of ``filters.flow``, when it was made

    @property
    def is_personal(self) -> bool:
        """Whether it is one person's own, which mentions nobody."""
        return is_direct(self.channel)


def matches(watch: Watch, failure: Failure) -> bool:
    """Whether a failure is one that the watch is about."""
    wanted = watch.filters
    return (
        wanted.flow in (None, failure.flow_id)
        and (not wanted.owner or wanted.owner in failure.owners)
        and (not wanted.glob or glob_matches(wanted.glob, failure.flow_name))
        and failure.in_a_row >= wanted.after
    )


def glob_matches(glob: str, name: str) -> bool:
    """Whether the whole name is like the glob, in whatever capitals; ``*`` stands for any characters, or none."""
    first, *others = glob.casefold().split("*")
    name = name.casefold()
    if not others:
        return name == first
    *middle, last = others
    if not name.startswith(first):
        return False
    at, end = len(first), len(name) - len(last)
    for part in middle:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return end >= at and name.endswith(last)


def is_same(one: Filters, other: Filters) -> bool:
    """Whether two watches of a channel would do the same."""
    return replace(one, glob=one.glob.casefold()) == replace(other, glob=other.glob.casefold())


# The parts of filters that a person may name to say which watch they mean: each with what it is compared by. Two people
# who say the same quiet hours in different zones may mean the same watch.
_NAMED: tuple[Callable[[Filters], object], ...] = (
    lambda each: each.flow,
    lambda each: each.owner,
    lambda each: each.glob.casefold(),
    lambda each: each.after,
    lambda each: each.quiet.words if each.quiet else None,
)


def meant(watches: tuple[Watch, ...], named: Filters) -> tuple[Watch, ...]:
    """The watches that somebody means who names these filters: those with just these, else all that have them too."""
    unnamed = Filters()
    exact = tuple(each for each in watches if all(part(each.filters) == part(named) for part in _NAMED))
    parts = [part for part in _NAMED if part(named) != part(unnamed)]
    return exact or tuple(each for each in watches if all(part(each.filters) == part(named) for part in parts))
