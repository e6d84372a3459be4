"""What a replica knows of the others while it follows, and of a database that does not answer."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from bot.core.errors import DatabaseUnavailable, DatabaseUnreachable
from bot.ops.replica import AGAIN, Alone, Moment, Replica
from bot.store.store import Store


class Session:
    """A database's side of it: ``standing`` is what it says of the replica, None where it does not answer."""

    def __init__(self):
        self.standing = SimpleNamespace(
            lives=True, leader="other", living=2, is_led=True, is_first=True, is_replaceable=False
        )

    async def renew(self, _lease, *, is_ready):
        if self.standing is None:
            raise DatabaseUnavailable("gone")
        return self.standing

    async def lock(self):
        return False

    async def cut_off(self, _lease):
        return False

    async def close(self):
        """Nothing is open."""


@pytest.fixture
def scene():
    """A replica that follows, and a clock."""
    session, now, heard = Session(), [Moment(100.0, 1_800_000_000.0)], []
    replica = Replica(SimpleNamespace(id="me"), session, heard=heard.append, clock=lambda: now[0])
    replica.stand()

    async def after(seconds, *, turns=True):
        now[0] = Moment(now[0].since_boot + seconds, now[0].wall + seconds)
        if turns:
            await replica.turn()

    return SimpleNamespace(session=session, replica=replica, after=after, heard=heard)


async def test_it_counts_since_when_nobody_leads(scene):
    await scene.after(1)
    assert scene.replica.unled_for() == 0
    scene.session.standing.is_led = False
    await scene.after(30)
    assert scene.replica.unled_for() == 30
    scene.session.standing.is_led = True
    await scene.after(1)
    assert scene.replica.unled_for() == 0


async def test_it_says_since_when_the_database_has_not_answered(scene):
    await scene.after(1)
    scene.session.standing = None
    with pytest.raises(DatabaseUnavailable):
        await scene.after(3)
    assert scene.replica.silent_since() is None  # one answer that is late is no news
    with pytest.raises(DatabaseUnavailable):
        await scene.after(3)
    assert scene.replica.silent_since() == datetime.fromtimestamp(1_800_000_001, UTC)
    assert scene.replica.unled_for() == 6
    scene.session.standing = Session().standing
    await scene.after(1)
    assert scene.replica.silent_since() is None


async def test_what_may_have_been_missed_is_looked_for_after_each_new_connection(scene):
    await scene.after(1)
    await scene.after(1)
    assert scene.heard == [AGAIN]
    scene.replica._answering_since = None  # as the loop notes a failure
    await scene.after(1)
    assert scene.heard == [AGAIN, AGAIN]


def test_who_is_alone_leads_and_misses_nothing():
    alone = Alone()
    assert (alone.leads, alone.living, alone.is_first, alone.silent_since(), alone.unled_for()) == (
        (True, 1, False, None, 0)
    )


async def test_nobody_waits_for_a_database_that_is_known_to_be_away(tmp_path):
    async with Store.open(tmp_path / "flowbot.db") as store:
        met = []
        store.on_unavailable = met.append
        store.out_of_reach = DatabaseUnreachable("no answer")
        with pytest.raises(DatabaseUnreachable):
            await store.notes()
        assert met == [store.out_of_reach]
        store.out_of_reach = None
        assert await store.notes() == {}
