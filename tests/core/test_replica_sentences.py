"""What people read of replicas, in each language."""

from datetime import UTC, datetime, timedelta

import pytest
from languages import ALL, PSEUDO, english_words, speak_all

from bot.core.errors import DatabaseUnreachable
from bot.core.health.promise import Evidence, late
from bot.core.health.shared import Member
from bot.core.text.message import rendered
from bot.messages.cards import replicas

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LEADER = Member("a", "host-a, process 12", "1.0", AT, AT + timedelta(minutes=2))
FOLLOWER = Member("b", "host-b, process 9", "1.0", AT)


def sentences():
    yield replicas.status([LEADER, FOLLOWER], "a")
    yield replicas.status([LEADER, FOLLOWER], "b")
    yield replicas.status([FOLLOWER], "b")
    yield replicas.status([LEADER], "unknown")
    yield DatabaseUnreachable("Connection refused").message
    yield from (each.sentence for each in late(Evidence(unled=300.0), 30.0))


@pytest.mark.parametrize("language", ALL)
def test_every_sentence(snapshot, monkeypatch, language):
    speak_all(monkeypatch)
    shown = [rendered(each, language) for each in sentences()]
    if language == PSEUDO:
        assert [english_words({"text": each}, ()) for each in shown] == [[]] * len(shown)
    assert "\n".join(shown) == snapshot
