"""A crash world whose failures go to several channels and to other programs, and what must hold of it at rest.

flow-3377 … 3379    C0NIGHTS01, which is quiet until 14:50
flow-3380           the alert channel: nobody watches it
from the second     C0LATER001, whatever the flow
all of Maya's       her direct messages: all but flow-3379
"""

import json
import re
from collections import Counter

from bridge_fakes import Receivers
from crash_injection import CrashingProxy
from crash_platforms import MAYA
from delivery_fakes import START, place_of
from reminder_invariants import Looks

from bot.core.bridges.model import Bridge, BridgeSettings
from bot.core.flow.model import UserName
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Phase
from bot.core.outbox.blocks import rendered
from bot.core.outbox.posts import PostKind
from bot.core.routing.prefs import DEFAULTS
from bot.core.routing.quiet import read_hours
from bot.core.routing.watch import Filters, Watch
from bot.messages.cards.incident import RenderContext, card
from bot.store.moved_cards import TOLD_THERE
from bot.work.bridges.delivery import Bridges, BridgeTools
from bot.work.delivery.alarms import Alarms
from bot.work.monitor.page_facts import TOLD_ONE_BY_ONE
from bot.work.monitor.routing import RoutingMonitor

OPS, NIGHTS, LATER = "C0DATAOPS1", "C0NIGHTS01", "C0LATER001"
NOT_MAYAS = 3379  # the flow of somebody who is not linked: no direct message about it is there to remind anybody
WATCHES = (
    Watch(0, NIGHTS, Filters(glob="flow-337*", quiet=read_hours("14:00-14:50", "UTC")), MAYA, START),
    Watch(0, LATER, Filters(after=2), MAYA, START),
    Watch(0, MAYA.user, Filters(owner="maya.chen"), MAYA, START),
)
QUIET_UNTIL = START.replace(minute=50)
_LOOKS = [RenderContext(people) for people in ({}, {UserName("maya.chen"): MAYA})]  # with mentions, and without


class Channels:
    """What outlives a process: the channels that are archived, and the programs that get the events."""

    def __init__(self, world):
        self.world = world
        self.receivers = Receivers(world.clock)
        self.ever_archived = set()
        self.prefs_at = {}  # by the time of each look for what is due

    def archives(self, channel):
        """Somebody archives a channel."""
        self.ever_archived.add(channel)
        self.world.slack.closed[channel] = "is_archived"

    def opens(self, channel):
        """Somebody takes a channel out of the archive."""
        self.world.slack.closed.pop(channel, None)

    async def watch(self):
        """Say all watches."""
        for each in WATCHES:
            await self.world.process.store.add_watch(each, lambda _: ())

    async def sees_prefs(self, at):
        """Remember how channels want to be spoken to at a look for what is due."""
        with self.world.without_crashes():
            self.prefs_at[at] = (await self.world.process.store.routing_rules()).prefs

    def looks(self, times, snoozed):
        """What was allowed at each look."""
        lost = {*self.ever_archived, OPS} if self.ever_archived else set()

        def reminds(incident, at):
            told = [each.channel for each in incident.threads if each.told_at <= at]
            return any(self._reminds_in(incident, each, at) for each in told if each not in lost)

        return Looks(times, snoozed, snoozed.surely, reminds, self._reminds_in, self._mentions_in, lost)

    def _reminds_in(self, incident, channel, at):
        is_quiet = channel == NIGHTS and incident.flow_name.startswith("flow-337") and at < QUIET_UNTIL
        return not is_quiet and self.prefs_at[at].get(channel, DEFAULTS).may_remind

    def _mentions_in(self, incident, channel, at):
        may_mention = self.prefs_at[at].get(channel, DEFAULTS).may_mention and not channel.startswith("U")
        return may_mention and self._reminds_in(incident, channel, at)

    async def page(self, flow):
        """The incident of a flow is paged, where one is open."""
        await self.world.process.run_all(self._page(flow))

    async def _page(self, flow):
        store = self.world.process.store
        for each in await store.incidents(flow=flow):
            await store.change(each.id, lambda now: ChangeSet(pages=(now.id,)))

    def work_beside(self, store, slack, delivery, budget):
        """What a new process does besides."""
        clock, new_id = self.world.clock, self.world.new_id
        store.use_bridges(BridgeSettings(frozenset(Bridge), "urn:flowbot:o1", clock, new_id))
        tools = BridgeTools(
            store=store,
            sender=CrashingProxy(self.receivers, budget),
            clock=clock,
            steady=clock,
            new_id=new_id,
            alarms=Alarms(self.world.alarms.append),
            jitter=lambda: 0.0,
        )
        routing = RoutingMonitor(
            store,
            slack,
            clock,
            alert_channel=OPS,
            lost=delivery.lost_places,
            recovered=delivery.channel_health.recovered,
        )
        return WorkBeside(Bridges(tuple(Bridge), tools), routing)

    async def wait(self):
        """Whether an event waits."""
        counts = await self.world.process.store.event_counts()
        return any(state in {"queued", "sending"} for _, state in counts)


class WorkBeside:
    """What a process of a world with channels does besides: events, and what is due because of watches."""

    def __init__(self, bridges, routing):
        self.bridges = bridges
        self.routing = routing

    def second(self, now, *, remind):
        events = [each.tick(now) for each in self.bridges.deliveries]
        return [*events, self.routing.tick(now)] if remind else events


# ── what must hold ──


async def check_channels(channels, posts, incidents, stand, lost, snoozed):
    """Check the promise of several channels."""
    by_id = {post.new.id: post for post in posts}
    for each in incidents:
        _told_where_it_goes(channels, each, by_id, stand, lost)
        _one_card_in_a_channel(each, stand)
        _cards_agree(channels, each, stand, lost)
        _called_once_by_a_step(each, posts)
        _replies_in_each_thread(channels, each, posts, snoozed)
        await _events_arrived(channels, each)


def _wanted(incident):
    """Where each failure of an incident goes, whatever happens to the channels."""
    first = NIGHTS if incident.flow_name.startswith("flow-337") else OPS
    mine = [MAYA.user] if incident.flow_id != NOT_MAYAS else []
    return {first, *mine, *([LATER] if len(incident.occurrences) > 1 else [])}


def _told_where_it_goes(channels, incident, by_id, stand, lost):
    assert {each.post for each in incident.cards} <= by_id.keys(), f"a card of {incident.id} was never queued"
    told = {each.channel for each in incident.cards if _is_told(by_id.get(each.post), stand, lost)}
    moved = {stand[each.post].channel for each in incident.cards if each.post in stand}
    for channel in _wanted(incident) - told:
        assert channel in channels.ever_archived, f"{incident.id} was not told in {channel}"
        assert OPS in told | moved, f"{incident.id} was told neither in {channel}, which was lost, nor in its place"


def _is_told(post, stand, lost):
    return post is not None and (post.new.id in stand or post.new.id in lost)


def _one_card_in_a_channel(incident, stand):
    firsts = {each.post: stand[each.post] for each in incident.threads if each.post in stand}
    places = Counter(each.channel for each in firsts.values())
    assert max(places.values(), default=1) == 1, f"{incident.id} has two cards in one channel: {places}"
    assert len({place_of(each.channel) for each in incident.cards}) == len(incident.cards)


def _cards_agree(channels, incident, stand, lost):
    shown = [rendered(card(incident, "", look), language) for look in _LOOKS for language in ("en", "zh")]
    known = {_without_ids(each) for each in shown}
    for each in incident.threads:
        is_archived = each.channel in channels.world.slack.closed  # it is drawn when the channel is back
        if each.post in stand and each.post not in lost and not is_archived:
            assert _without_ids(stand[each.post].body) in known, f"the card in {each.channel} shows an older state"


def _without_ids(body):
    return re.sub(r"1\|[^|\"]*\|", "1||", json.dumps(body, sort_keys=True))


def _called_once_by_a_step(incident, posts):
    steps = Counter(
        (post.new.thread_of, post.new.due)
        for post in posts
        if post.new.reminds_of == incident.id and post.new.thread_of is not None
    )
    assert max(steps.values(), default=1) == 1, f"a step about {incident.id} calls twice in one thread"
    asked = Counter(
        post.new.due
        for post in posts
        if post.new.reminds_of == incident.id and re.search(r"[@^][^\n]*, who can take it", json.dumps(post.new.body))
    )
    assert max(asked.values(), default=1) == 1, f"a step about {incident.id} mentions people in two threads"


def _replies_in_each_thread(channels, incident, posts, snoozed):
    """Each further failure is told in each thread that was there before it."""
    lost = {*channels.ever_archived, OPS} if channels.ever_archived else set()
    for each in [each for each in incident.threads if each.channel not in lost]:
        mine = [post for post in posts if post.new.thread_of == each.post and post.new.kind is PostKind.MESSAGE]
        again = [post for post in mine if post.body["text"].startswith(("FAILED AGAIN · ", "再次失败 · "))]
        first = 2 if each.channel == LATER else 1
        told = [at for at in range(first, len(incident.occurrences)) if _is_told_alone(incident, at)]
        assert len(again) == sum(not snoozed(incident, incident.occurrences[at].seen_at) for at in told)


def _is_told_alone(incident, at):
    """Whether a failure has a reply of its own: of those that one poll found, the first few have."""
    seen_at = incident.occurrences[at].seen_at
    before = sum(each.seen_at == seen_at for each in incident.occurrences[: at + 1])
    return before - (seen_at == incident.opened_at) <= TOLD_ONE_BY_ONE


async def _events_arrived(channels, incident):
    """Each step reaches the webhook in its order, and PagerDuty calls nobody about what has ended."""
    got = [(bridge, step, id_) for bridge, of, step, id_ in channels.receivers.got if of == incident.id]
    for bridge in Bridge:
        written = [
            each.id for each in await channels.world.process.store.events_of(incident.id) if each.bridge is bridge
        ]
        arrived = list(dict.fromkeys(id_ for where, _, id_ in got if where is bridge))
        assert arrived == written, f"events of {incident.id} are lost, or out of order"
    steps = list(dict.fromkeys((id_, step) for where, step, id_ in got if where is Bridge.WEBHOOK))
    words = [step for _, step in steps]
    assert words[0] == "opened", words
    assert _phase_after(words) is incident.phase, f"{incident.phase} after {words}"
    pages = [step for where, step, _ in got if where is Bridge.PAGERDUTY]
    if incident.phase in {Phase.RECOVERED, Phase.CLOSED}:
        assert pages[-1:] in ([], ["resolve"]), f"{incident.id} has ended, and PagerDuty was told {pages}"


def _phase_after(words):
    told = [_PHASES[word] for word in words if word in _PHASES]
    return told[-1]


_PHASES = {
    "opened": Phase.OPEN,
    "acknowledged": Phase.ACKNOWLEDGED,
    "handed_back": Phase.OPEN,
    "expired": Phase.OPEN,
    "reopened": Phase.OPEN,
    "recovered": Phase.RECOVERED,
    "closed": Phase.CLOSED,
}
__all__ = ["LATER", "NIGHTS", "OPS", "TOLD_THERE", "Channels", "check_channels"]
