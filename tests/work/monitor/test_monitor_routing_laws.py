"""Laws of cards: whatever is watched and whatever fails, each failure is told in all its channels, in one card each."""

import itertools
from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from memory_enos import MemoryEnos

from bot.core.flow.model import FlowId
from bot.core.flow.status import Status
from bot.core.incident.facts import StoredState
from bot.core.incident.groups import Occasion
from bot.core.outbox.posts import PostKind
from bot.core.people.model import Person
from bot.core.routing.rules import RoutingRules
from bot.core.routing.watch import Filters, Watch
from bot.messages.incident_posts import Terms
from bot.work.monitor.page_facts import decide

ALERTS, PLACES = "C0ALERTS", ["C0ALERTS", "C0OPS", "C0FIN", "U0MAYA"]
START = datetime(2026, 11, 21, 12, tzinfo=UTC)
FILTERS = st.just(Filters()) | st.builds(
    Filters,
    flow=st.sampled_from([None, None, None, FlowId(1)]),
    glob=st.sampled_from(["", "", "flow-1", "FLOW-*", "*"]),
    after=st.sampled_from([1, 1, 1, 2, 3]),
)
WATCHES = st.lists(st.tuples(st.sampled_from(PLACES), FILTERS), min_size=1, max_size=5).map(
    lambda made: tuple(Watch(n, at, what, Person("T1", "U0MAYA"), START) for n, (at, what) in enumerate(made, 1))
)
STATUSES = st.sampled_from([Status.FAIL, Status.FAIL, Status.FAIL, Status.SUCCESS])
POLLS = st.lists(  # of each: the flows that fail (or succeed), and the channels that cannot be posted to
    st.tuples(
        st.lists(st.tuples(st.integers(1, 5), STATUSES), min_size=1, max_size=6),
        st.sets(st.sampled_from(PLACES[1:]), max_size=1),
    ),
    min_size=2,
    max_size=4,
)


class Memory:
    """What a store would know between two polls, and every post."""

    def __init__(self, watches, storm):
        self.rules, self.storm = RoutingRules(watches), storm
        self.enos, self.ids, self.ends = MemoryEnos(), itertools.count(1), itertools.count(1)
        self.incidents, self.seen, self.groups, self.posts = {}, {}, {}, []
        self.now = START

    def polls(self, ended, lost):
        """Rows have ended; a poll reads them. The incidents before it."""
        rows = [self.row(flow, status) for flow, status in ended]
        before = dict(self.incidents)
        self.now += timedelta(seconds=30)
        active = {each.post for each in self.groups.values() if each.ended_at is None}
        told = [each for each in self.incidents.values() if not {card.listed_in for card in each.cards} & active]
        known = StoredState(self.seen, tuple(self.incidents.values()), tuple(self.groups.values()), tuple(told))
        terms = Terms(
            self.now,
            frozenset({int(Status.FAIL)}),
            lambda: f"p{next(self.ids)}",
            channel=ALERTS,
            storm=self.storm,
            rules=self.rules,
            lost=frozenset(lost),
        )
        changes = decide(reversed(rows), terms, known)
        self.incidents |= {each.id: each for each in changes.incidents}
        self.seen |= {each.instance: each for each in changes.seen}
        self.groups |= {each.post: each for each in changes.incident_groups}
        self.posts += changes.posts
        return before

    def row(self, flow, status):
        number = next(self.ends)
        end = f"2026-11-21 {number // 60:02}:{number % 60:02}:00"
        id_ = f"{flow}-20261120{number // 60:02}{number % 60:02}"
        self.enos.put(id_, status, end=end)
        return self.enos.rows[id_].instance


@given(WATCHES, POLLS, st.sampled_from([1, 0]))
def test_each_failure_is_told_in_each_of_its_channels_by_one_card(watches, polls, storm):
    memory = Memory(watches, storm)
    for ended, lost in polls:
        before = memory.polls(ended, lost)
        for id_, incident in memory.incidents.items():
            channels = [card.channel for card in incident.cards]
            assert len(channels) == len(set(channels)), "one card in a channel"
            old = before.get(id_)
            if old is None or len(old.occurrences) < len(incident.occurrences):
                wanted = {route.channel for route in memory.rules.routes(incident, ALERTS, lost)}
                assert wanted <= set(channels), "each failure goes to each of its channels"
            assert old is None or channels[: len(old.cards)] == [card.channel for card in old.cards], "a card stays"
    firsts = Counter(post.id for post in memory.posts if post.kind is PostKind.MESSAGE and not post.thread_of)
    storms = {each.post for each in memory.groups.values() if each.occasion is Occasion.STORM}
    cards = [card for incident in memory.incidents.values() for card in incident.cards]
    assert firsts == Counter({card.post for card in cards} | storms), "each card is posted, once"
