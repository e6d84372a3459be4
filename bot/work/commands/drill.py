"""Drill: a sample failure along the routes of a channel. Nothing is stored as an incident, and nobody is mentioned."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime

from bot.core.command.parse import in_words
from bot.core.command.requests import Drill
from bot.core.errors import Failure, Refusal
from bot.core.flow.model import FlowId
from bot.core.incident.escalation import Plan
from bot.core.outbox.blocks import Card
from bot.core.outbox.conversations import SLACK_FAILURES, Channel, SlackRefused
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind, is_direct
from bot.core.outbox.slack_errors import SHARED_CHANNEL, meaning
from bot.core.people import on_call
from bot.core.routing import places
from bot.core.routing.expected_calls import expected_in
from bot.core.routing.places import DrillPlace, KnownFlow
from bot.core.routing.rules import RoutingRules
from bot.core.text.escape import EMPTY
from bot.core.text.message import Text, lines, msg
from bot.core.values import dataclass
from bot.messages.cards import drill as cards
from bot.messages.cards.drill import Unposted
from bot.messages.cards.routing import unmatched
from bot.work.commands.context import Answer, CommandContext, Services, posts_for

_ASKED = 20  # flows of watches of which EnOS is asked for the owners
_PATIENCE = 5.0  # seconds until EnOS's answer is done without


@dataclass(frozen=True, slots=True)
class DrillPlan:
    """Where the sample failures are posted, and where they cannot be."""

    places: tuple[DrillPlace, ...]
    posts: tuple[NewPost, ...]  # of the places, in their order
    unposted: tuple[Unposted, ...]


async def drill(services: Services, context: CommandContext, _request: Drill) -> Answer:
    """Post a sample failure wherever the failures go that come here."""
    channel, user = context.incoming.origin.channel, context.incoming.by.user
    name = context.caller.profile.name
    found = await plan(services, user if is_direct(channel) else channel, context.now, asker=name, user=user)
    answer = Answer(cards.answer(context.words, context.post, found.places, found.unposted), private=True)
    told = await posts_for(services, context, answer)
    await services.store.queue(
        [*found.posts, *told],
        attempt_result=context.attempt_result(services.clock()),
        delivery=context.incoming.key,
    )
    services.wake()
    return replace(answer, queued=True)


async def plan(services: Services, here: str, now: datetime, *, asker: str = "", user: str = "") -> DrillPlan:
    """The drill of a channel or person. Raises ``Refusal`` where no failures go there.

    ``user`` gets the card in direct messages if its channel cannot be posted to after all.
    """
    rules, alert_channel = await services.store.routing_rules(), services.answer_settings.channel
    known, snoozes = await _known(services, rules, here), await services.store.snoozes()
    troubles, lost = dict[str, Text](), set[str]()
    reached = places.drill(here, rules, alert_channel, (), now, known, snoozes)
    if not reached:
        nothing = cards.nothing_comes_here(is_personal=is_direct(here))
        way = msg("Add one with {command}, or run the drill in the alert channel.", command=in_words("watch"))
        raise Refusal("no_routes", lines(nothing, unmatched(alert_channel)), way)
    while new := {each.channel for each in reached} - troubles.keys():  # what is lost leads to other places
        troubles |= dict(await asyncio.gather(*(_trouble(services, channel) for channel in sorted(new))))
        lost = {channel for channel, why in troubles.items() if why}
        reached = places.drill(here, rules, alert_channel, lost, now, known, snoozes)
    settings, groups = services.answer_settings, tuple(await services.on_call.read())
    fine = tuple(each for each in reached if not troubles[each.channel])
    samples = places.samples_of(here, rules, alert_channel, known)
    posts, names = list[NewPost](), on_call.names(groups)
    for each in fine:
        owners = tuple(await services.owners.people_of(each.owners))
        whom = Plan(settings.remind_every, groups, settings.pagerduty, owners)
        expected = expected_in(each.channel, samples, rules, alert_channel, lost, snoozes, whom, now)
        posts.append(_post(services, each, cards.card(each, expected, settings.bridges, asker, names), now, user))
    unposted = tuple(Unposted(channel, why) for channel, why in troubles.items() if why)
    return DrillPlan(fine, tuple(posts), unposted)


async def _known(services: Services, rules: RoutingRules, here: str) -> dict[FlowId, KnownFlow]:
    """What EnOS says of the flows that the watches here name, as far as it answers in time."""
    wanted = dict.fromkeys(each.filters.flow for each in rules.watches if each.channel == here)
    found = dict[FlowId, KnownFlow]()

    async def read(flow: FlowId) -> None:
        try:
            seen = await services.enos.flow(flow)
        except Failure:
            return
        found[flow] = KnownFlow(seen.name, seen.owners)

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            await asyncio.gather(*(read(flow) for flow in list(wanted)[:_ASKED] if flow is not None))
    return found


async def _trouble(services: Services, channel: str) -> tuple[str, Text]:
    """The place, and why it cannot be posted to now; empty where it can be, or where Slack does not say."""
    is_lost = channel in services.lost()
    if is_direct(channel):
        return channel, msg("Slack refused my last direct message there.") if is_lost else EMPTY
    try:
        found = await services.slack.channel(channel)
    except SlackRefused as refused:
        error = refused.error
    except SLACK_FAILURES:
        return channel, EMPTY
    else:
        error = _error(services, found)
    if error:
        return channel, meaning(error).told
    return channel, msg("Slack refused my last message there.") if is_lost else EMPTY


def _error(services: Services, channel: Channel) -> str:
    """Slack's word for why flowbot cannot post to a channel; empty where it can."""
    if channel.archived:
        return "is_archived"
    if not channel.member:
        return "not_in_channel"
    return SHARED_CHANNEL if channel.shared and channel.id not in services.answer_settings.shared_channels else ""


def _post(services: Services, place: DrillPlace, body: Card, now: datetime, user: str) -> NewPost:
    """The card of a sample failure. It waits with the answers: it holds up no failure."""
    return NewPost(
        id=PostId(services.new_id()),
        kind=PostKind.MESSAGE,
        lane=Lane.ANSWER,
        channel=place.channel,
        body=body,
        due=now,
        user="" if is_direct(place.channel) else user,
    )
