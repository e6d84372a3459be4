"""Reading until nothing is new: what ends a reading, what does not, and what a death anywhere leaves behind."""

import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory_enos import Down, MemoryEnos
from monitor_world import World
from thorough import examples
from watched_store import Killed, WatchedStore

from bot.core.flow.model import PERIODIC
from bot.core.flow.status import Status
from bot.core.outbox.posts import PostKind


def many(enos, count, *, start=0, end="2026-11-21 09:00:00"):
    for number in range(start, start + count):
        enos.put(f"{5000 + number}-2026112108", end=end)


async def begun(count):
    """A world that has read so many failures, and made sure of them."""
    world = World()
    many(world.enos, count)
    await world.begin()
    await world.poll()
    world.enos.calls.clear()
    return world


async def test_a_page_of_known_rows_ends_a_reading():
    world = await begun(200)
    await world.poll()
    assert len(world.enos.searches()) == 3


async def test_news_is_read_up_to_the_first_known_page():
    world = await begun(200)
    many(world.enos, 70, start=1000)
    await world.poll()
    assert len([call for call in world.enos.searches() if call[1].kind == PERIODIC]) == 3
    assert len(world.told()) == 270


async def test_news_that_went_over_a_page_is_made_sure_of():
    """A row that leaves the list while its pages are turned moves another one past the reader."""
    world = await begun(0)
    many(world.enos, 150)
    newest = "5149-2026112108"

    def recovers(page):
        if page == 1 and world.enos.calls[-1][1].kind == PERIODIC:
            world.enos.put(newest, Status.SUCCESS)
            world.enos.on_page = None

    world.enos.on_page = recovers
    await world.poll()
    assert len(world.told()) == 149
    await world.poll()
    assert len(world.told()) == 150
    await world.poll()  # the row that was found stood at the end of a page
    world.enos.calls.clear()
    await world.poll()
    assert len(world.enos.searches()) == 3


async def test_without_update_time_the_window_is_read_to_its_end():
    world = World()
    world.enos.sorted_by = ""
    many(world.enos, 200)
    await world.begin()
    await world.poll()
    assert len(world.enos.searches()) == 2 + 4


async def test_after_a_fault_the_window_is_read_to_its_end():
    world = World()
    many(world.enos, 200)
    await world.begin()
    many(world.enos, 100, start=1000)
    world.enos.fail["search"] = [None, None, Down()]  # type 1 is cut off after its first page
    await world.poll()
    assert len(world.told()) == 250
    await world.poll()
    assert len(world.told()) == 300


async def test_every_ten_minutes_the_window_is_swept():
    world = World()
    many(world.enos, 200)
    await world.begin()
    await world.poll(after=601)
    assert len(world.enos.searches()) == 2 + 4


async def test_a_sweep_that_finds_what_a_poll_should_have_seen_turns_the_early_stop_off_and_says_so():
    world = await begun(200)
    world.enos.put("4242-2026112108", quiet=True)  # EnOS does not move it to the front
    await world.poll()
    assert len(world.told()) == 200
    await world.poll(after=601)
    assert len(world.told()) == 201
    assert any("in the order in which they changed" in line for line in world.lines())
    assert world.monitor.health(world.now).read_to_the_end == (PERIODIC,)
    world.enos.calls.clear()
    world.start()
    await world.poll()
    assert len(world.enos.searches()) == 2 + 5


async def test_a_sweep_that_finds_news_at_the_front_trusts_the_order():
    world = World()
    many(world.enos, 200)
    await world.begin()
    many(world.enos, 3, start=900)
    await world.poll(after=601)
    assert world.monitor.health(world.now).read_to_the_end == ()


async def test_a_sweep_sees_what_has_not_ended_and_follows_it_beyond_the_window():
    world = World(lookback_hours=2)
    world.enos.put("3377-2026112108", Status.RUNNING, end="")
    await world.begin()
    assert world.lines() == []
    world.enos.put("3377-2026112108", name="long", end="2026-11-21 13:00:00")
    await world.poll(after=4 * 3600)  # a sweep, but the run lies before its window
    assert world.told() == []
    await world.follow()
    assert world.lines() == ["FAILED · long · task transform"]


async def test_an_unfinished_run_that_vanishes_is_forgotten():
    world = World(lookback_hours=2)
    world.enos.put("3377-2026112108", Status.RUNNING, end="")
    await world.begin()
    world.enos.rows.clear()
    world.now = world.now.replace(hour=14)
    await world.follow()
    assert world.store.seen == {}


async def test_a_page_is_one_transaction_and_small():
    world = World()
    many(world.enos, 500)
    await world.begin()
    assert world.store.biggest <= 500


async def test_a_bug_in_one_type_does_not_hide_the_others():
    world = await World().begin()
    world.enos.put("3377-2026112108", kind=0)
    world.enos.put("3378-2026112108", kind=1)
    world.enos.fail["search"] = [RuntimeError("poison")]
    await world.poll()
    assert [instance for instance, _ in world.told()] == ["3378-2026112108"]
    await world.poll()
    assert len(world.told()) == 2


CHANGES = st.lists(
    st.tuples(
        st.integers(0, 11),  # which instance
        st.sampled_from(["fails", "fails", "fails", "times out", "ends late", "reruns"]),
    ),
    min_size=4,
    max_size=12,
)
POLLS = st.one_of(
    st.just(("well", 0)),
    st.just(("sweep", 0)),
    st.integers(1, 5).map(lambda page: ("fault", page)),
    st.integers(1, 6).map(lambda write: ("kill", write)),
)
STEPS = st.lists(st.tuples(CHANGES, POLLS), min_size=1, max_size=5)


def happen(enos, changes, clock, expected):
    """Change the platform; note what must be told: each failure with an end time that was ever shown."""
    for number, what in changes:
        id_ = f"{5000 + number}-2026112108"
        row = enos.rows.get(id_)
        broken = row is not None and row.instance.status in {Status.FAIL, Status.TIMEOUT}
        stamp = next(clock)
        end = f"2026-11-21 {stamp // 3600:02}:{stamp // 60 % 60:02}:{stamp % 60:02}"
        if what == "reruns":
            enos.put(id_, Status.RERUN, end="")
        elif what == "ends late" and broken and not row.instance.end_time:
            enos.put(id_, row.instance.status, end=end)
        elif what == "times out" and broken and row.instance.end_time:
            enos.put(id_, Status.TIMEOUT, end=row.instance.end_time)
        elif row is None:
            enos.put(id_, Status.FAIL, end="" if what == "ends late" else end)
        elif not broken or row.instance.end_time:
            enos.put(id_, Status.FAIL, end=end)  # without its end, a rerun is told once that is printed
    expected |= {
        (id_, row.instance.end_time)
        for id_, row in enos.rows.items()
        if row.instance.status in {Status.FAIL, Status.TIMEOUT}
    }


@given(steps=STEPS, sort=st.sampled_from(["update_time", "updateTime", ""]), storm=st.sampled_from([0, 1, 3]))
@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_reads_cut_off_and_deaths_anywhere_hide_nothing_and_double_nothing(steps, sort, storm):
    enos, store = MemoryEnos(), WatchedStore()
    enos.page, enos.sorted_by = 3, sort
    world = await World(enos=enos, store=store, storm=storm).begin()
    clock, shown = itertools.count(3600), set()
    for changes, (what, number) in steps:
        happen(enos, changes, clock, expected=set())
        if what == "fault":
            enos.fail["search"] = [None] * number + [Down()]
        if what == "kill":
            store.die_after = number
        try:
            await world.poll(after=700 if what == "sweep" else 30)
        except Killed:
            world.start()
        await world.monitor.stop()
        store.die_after = None
        enos.fail.clear()
        world.start()
    happen(enos, [], clock, shown)
    await world.poll()
    assert shown <= {(id_, end) for id_, end in world.told()}, "a failure that EnOS shows was not told"
    told = world.told()
    assert len(told) == len(set(told)), "a failure was told twice"
    messages = [post.new for post in store.posts.values() if post.new.kind is PostKind.MESSAGE and post.new.incident]
    cards = [new.incident for new in messages if new.thread_of is None]
    threads = [incident.id for incident in store.kept.values() if not incident.home.grouped]
    assert sorted(cards) == sorted(threads), "each incident has one card, or a place in a storm"
    assert len(messages) <= len(told), "a failure has one message"
    assert_storms_stand(store, storm)
    store.close()


def assert_storms_stand(store, limit):
    """Each storm has one message, which counts all of its incidents."""
    storms = [
        post.new for post in store.posts.values() if post.new.kind is PostKind.MESSAGE and post.new.id in store.groups
    ]
    assert sorted(new.id for new in storms) == sorted(store.groups)
    for new in storms:
        members = [incident for incident in store.kept.values() if incident.home.listed_in == new.id]
        assert store.groups[new.id].joined > limit > 0
        assert len(members) <= store.groups[new.id].joined
        assert f"{store.groups[new.id].joined} incidents" in store.shown(new.id)["text"]
    listed = {incident.home.post for incident in store.kept.values() if incident.home.grouped}
    assert listed <= set(store.groups)
