"""Each new failure is counted once, by its status; what was told before is not."""

from datetime import timedelta
from itertools import count

from incident_makers import NOW, incident, row, seen

from bot.core.flow.status import Status
from bot.core.incident.facts import StoredState
from bot.messages import incident_posts
from bot.work.monitor import page_facts


def counted(rows, known):
    ids = count(1)
    terms = incident_posts.Terms(
        now=NOW + timedelta(minutes=1),
        alerting=frozenset({-1, 7}),
        channel="C0DATAOPS1",
        new_id=lambda: f"n{next(ids)}",
        kind=1,
    )
    return sorted(each.status for each in page_facts.decide(rows, terms, known).failures)


def test_new_failures_are_counted():
    rows = [row("3377-2026112101", Status.TIMEOUT), row("3377-2026112100"), row("2809-2026112100")]
    assert counted(rows, StoredState()) == [-1, -1, 7]


def test_known_ones_and_recoveries_are_not():
    known = StoredState({seen().instance: seen()}, (incident(),))
    assert counted([row()], known) == []
    assert counted([row(status=Status.SUCCESS)], known) == []
    assert counted([row(end="2026-11-21 03:00:00")], known) == [-1]  # it failed again
