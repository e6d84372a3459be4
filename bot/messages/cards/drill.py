"""Drills: the card of a sample failure, and what the person is told who asked for it. They mention nobody."""

from collections.abc import Mapping, Sequence

from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card
from bot.core.routing.expected_calls import ExpectedCall, ExpectedCalls
from bot.core.routing.mentions import Permission
from bot.core.routing.places import DrillPlace, Place, PlaceReason
from bot.core.text.escape import Markup, code, escape
from bot.core.text.message import Message, Text, dots, layout, lines, listed, msg, plural, sentences
from bot.core.values import dataclass
from bot.messages.cards import answers, flows, places
from bot.messages.symbols import BLUE, DRILL

_LISTED = 30
_SCHEDULES = 10
_NAME = msg("sample failure")
NOTE = msg("A drill mentions nobody, and no incident is made of it.")


@dataclass(frozen=True, slots=True)
class Unposted:
    """A place where the sample failure could not be posted."""

    channel: str
    why: Text  # sentences


def card(
    place: DrillPlace,
    expected: Sequence[ExpectedCalls],
    bridges: Sequence[str],
    asker: str,
    groups: Mapping[str, str],
) -> Card:
    """A sample failure in a channel. It has no buttons.

    ``asker`` is a name; empty for the command line. ``groups`` are the names of on-call groups that are known, by id.
    """
    head = lines(
        dots(layout("{mark} *{drill}*", mark=DRILL, drill=msg("DRILL")), layout("*{name}*", name=_NAME)),
        msg("Nothing failed, and nobody needs to act. A real failure would be posted like this."),
        msg("Owners: {owners}", owners=flows.owners(place.owners, {})) if place.owners else None,
    )
    body = [
        blocks.section(
            lines(_label(msg("Why here")), *(sentences(_why_here(each), _mentioned(each)) for each in place.ways))
        ),
        *(blocks.section(_calls(each, place, groups, is_only=len(expected) == 1)) for each in expected[:_SCHEDULES]),
    ]
    if bridges:
        told = listed([escape(each) for each in bridges])
        sent = msg("A real failure also goes to: {bridges}. A drill sends nothing there.", bridges=told)
        body.append(blocks.section(lines(_label(msg("Other programs")), sent)))
    from_whom = msg("Drill by {person}", person=asker) if asker else msg("Drill from the command line")
    text = dots(msg("DRILL"), _NAME, msg("nothing failed"))
    return Card(text, [*body, blocks.context(from_whom)], BLUE, [blocks.section(head)])


def _label(label: Text) -> Text:
    return layout("*{label}*", label=label)


def _why_here(place: Place) -> Text:
    if place.reason is PlaceReason.WATCHED:
        return plural(
            "Watch {watches} sends such a failure here.",
            "Watches {watches} send such failures here.",
            len(place.watches),
            watches=places.numbers(place),
        )
    if place.reason is PlaceReason.CHANNEL_LOST:
        return plural(
            "I can't post in the channel of watch {watches}, so its failures come here.",
            "I can't post in the channels of watches {watches}, so their failures come here.",
            len(place.watches),
            watches=places.numbers(place),
        )
    return msg("No watch of a channel matches such a failure.")


def _mentioned(place: Place) -> Text:
    match place.mention:
        case Permission.MENTIONED:
            return msg("Linked owners would be mentioned.")
        case Permission.MENTIONS_OFF:
            return msg("Nobody would be mentioned: mentions are off in this channel.")
        case Permission.QUIET_HOURS if place.until is not None:
            return msg("Nobody would be mentioned before {time}: these are quiet hours.", time=place.until)
        case Permission.SNOOZED:
            return msg("Nobody would be mentioned: such failures are snoozed.")
        case _:
            return msg("Nobody would be mentioned: these are direct messages.")


def _calls(expected: ExpectedCalls, place: DrillPlace, groups: Mapping[str, str], *, is_only: bool) -> Text:
    """Who would be called, and when, or why nobody would be."""
    unshown = next((call.unshown for call in expected.calls if call.unshown is not None), None)
    return lines(
        _label(_heading(expected.watches, is_only=is_only)),
        msg("Nobody would be called before {time}: such failures are snoozed.", time=expected.snoozed_until)
        if expected.snoozed_until is not None
        else None,
        *(_call(each, place, groups) for each in expected.calls),
        None if unshown is None else _NOT_HERE[unshown],
        msg("Nobody would be called: reminders are off here.") if expected.nobody is not None else None,
    )


def _heading(watches: Sequence[int], *, is_only: bool) -> Text:
    if is_only:
        return msg("If nobody acknowledges it")
    if not watches:
        return msg("If nobody acknowledges it (no watch)")
    named = places.listed_watches(watches)
    return plural(
        "If nobody acknowledges it (watch {watches})",
        "If nobody acknowledges it (watches {watches})",
        len(watches),
        watches=named,
    )


_NOT_HERE = {
    Permission.QUIET_HOURS: msg("During quiet hours, calls are not posted here."),
    Permission.REMINDERS_OFF: msg("These calls are not posted here: reminders are off."),
}


def _call(call: ExpectedCall, place: DrillPlace, groups: Mapping[str, str]) -> Text:
    owners: list[Text] = [code(each) for each in call.owners]
    if call.calls_owners and not place.owners:
        owners = [msg("the owners")]
    people = [
        *owners,
        *([code(groups.get(call.group, call.group))] if call.group else []),
        *([Markup("PagerDuty")] if call.pagerduty else []),
    ]
    if not people and call.quiet_until is not None:
        at = call.quiet_until
        return msg("{number}. When quiet hours end ({time}): a reminder in the thread", number=call.number, time=at)
    if not people:
        return msg("{number}. After {duration}: a reminder in the thread", number=call.number, duration=call.after)
    who = listed(people[:_LISTED], len(people))
    if call.quiet_until is not None:
        at = call.quiet_until
        return msg("{number}. When quiet hours end ({time}): {people}", number=call.number, time=at, people=who)
    return msg("{number}. After {duration}: {people}", number=call.number, duration=call.after, people=who)


# ── the answer ──


def answer(words: str, post: str, posted: Sequence[DrillPlace], unposted: Sequence[Unposted]) -> Card:
    """What the person is told who asked for a drill."""
    text = summary(len(posted))
    rows = [places.row(way) for each in posted for way in each.ways]
    more = plural("… and {n} more place", "… and {n} more places", len(rows) - _LISTED) if len(rows) > _LISTED else None
    extra = [blocks.section(lines(*rows[:_LISTED], more))] if rows else []
    if unposted:
        extra.append(blocks.section(lines(*map(not_posted, unposted[:_LISTED]))))
    return answers.told(words, text, post=post, extra=extra, notes=[NOTE])


def summary(count: int) -> Text:
    """In how many places a drill was posted."""
    if not count:
        return msg("Drill: no sample failure could be posted.")
    return plural("Drill: {n} sample failure posted.", "Drill: {n} sample failures posted.", count)


def not_posted(each: Unposted) -> Text:
    """Where it could not be posted, and why."""
    return msg("• {place}: not posted. {why}", place=places.name(each.channel), why=each.why)


def nothing_comes_here(*, is_personal: bool) -> Message:
    """Why there is no drill along the routes of this place."""
    if is_personal:
        return msg("You have no watches, so no failures come here.")
    return msg("This channel has no watches, so no failures come here.")
