"""A storm in three channels at once: one board each, which counts its own; what is done in one shows in all."""

import pytest
from crash_platforms import MAYA
from crash_world import OPS, CrashWorld
from delivery_fakes import START
from new_database import new_database

from bot.core.incident.model import Phase
from bot.core.people.model import IncomingMessage, Origin, Surface, is_part
from bot.core.routing.watch import Filters, Watch

NORTH, SOUTH, WEST = "C0NORTH001", "C0SOUTH001", "C0WEST0001"
WATCHED = {NORTH: "*north*", SOUTH: "*south*", WEST: "*west*"}
FLOWS = dict(
    enumerate(
        [
            *(f"north-south-west-{number}" for number in range(4)),
            *(f"north-south-{number}" for number in range(3)),
            *(f"north-{number}" for number in range(2)),
            *(f"south-west-{number}" for number in range(3)),
        ],
        start=4001,
    )
)
LISTED = {NORTH: 9, SOUTH: 10, WEST: 7}


@pytest.fixture
async def world(tmp_path):
    """All flows have failed, and each channel has its board."""
    world = await CrashWorld.begun(new_database(tmp_path / "flowbot.db"), storm=2)
    for channel, glob in WATCHED.items():
        await world.process.store.add_watch(Watch(0, channel, Filters(glob=glob), MAYA, START), lambda _: ())
    for flow, name in FLOWS.items():
        world.enos.add(flow, name, "maya.chen")
        world.fails(flow)
    await world.looks_around()
    yield world
    await world.ends()


def boards(world):
    """The phone line of the board in each channel, without what it begins with."""
    found = [each for each in world.slack.messages if each.headline.startswith("ALERT STORM") and not each.thread]
    assert len({each.channel for each in found}) == len(found), "a channel has two"
    return {each.channel: each.headline.removeprefix("ALERT STORM · ") for each in found}


def counts(opened, acknowledged=0, recovered=0):
    total = opened + acknowledged + recovered
    return f"{total} incidents · {opened} open, {acknowledged} acknowledged, {recovered} recovered"


async def press(world, channel, words):
    board = next(each for each in world.slack.messages if each.channel == channel and "ALERT STORM" in each.headline)
    origin = Origin(Surface.BUTTON, channel, message=board.ts)
    await world.process.said(IncomingMessage(f"press {words}", words, MAYA, origin, world.clock(), board.id))
    await world.looks_around()


async def test_each_channel_has_one_board_that_counts_what_it_watches(world):
    assert boards(world) == {channel: counts(number) for channel, number in LISTED.items()}
    assert not [each for each in world.slack.messages if each.headline.startswith("FAILED")]


async def test_a_bulk_button_of_one_board_acts_once_and_all_boards_show_it(world):
    await press(world, WEST, "ack all")
    assert boards(world) == {NORTH: counts(5, 4), SOUTH: counts(3, 7), WEST: counts(0, 7)}
    entries = await world.process.store.audit_entries(START, world.clock.after(60))
    done = [each.attempt.words for each in entries if is_part(each.attempt)]
    assert len(done) == len(set(done)) == LISTED[WEST]
    told = [each for each in world.slack.messages if "acknowledged 7 incidents" in each.text]
    assert [each.channel for each in told] == [WEST], "the other boards show it, and say nothing"


async def test_a_recovery_shows_in_each_board_that_lists_its_flow(world):
    world.succeeds(4001)
    world.succeeds(4008)
    await world.looks_around()
    assert boards(world) == {NORTH: counts(7, 0, 2), SOUTH: counts(9, 0, 1), WEST: counts(6, 0, 1)}


async def test_a_channel_that_is_archived_in_the_midst_loses_only_its_own_board(world):
    world.slack.closed[SOUTH] = "is_archived"
    world.enos.add(4101, "north-south-west-late", "maya.chen")
    world.enos.add(4102, "south-late", "maya.chen")
    world.fails(4101)
    world.fails(4102)
    await world.looks_around()
    await world.looks_around()
    assert boards(world)[NORTH] == counts(10)
    assert boards(world)[WEST] == counts(8)
    assert boards(world)[OPS] == counts(12), "its board goes on in the alert channel, with what joined it last"
    (moved,) = [each for each in world.slack.messages if each.channel == OPS and "STORM" in each.headline]
    assert "south-late" in str(moved.body)
    await press(world, NORTH, "ack all")
    assert boards(world)[OPS] == counts(4, 8)
    assert boards(world)[NORTH] == counts(0, 10)
    assert boards(world)[WEST] == counts(3, 5)
    live = await world.process.store.incidents(live=True)
    assert sum(each.phase is Phase.ACKNOWLEDGED for each in live) == 10


async def test_the_end_of_the_storm_is_said_once_in_each(world):
    for _ in range(3):  # it is over after the first
        world.sleeps(11)
        await world.looks_around()
    for channel, number in LISTED.items():
        (over,) = [each for each in world.slack.messages if each.channel == channel and "STORM" in each.headline]
        assert over.headline == f"ALERT STORM OVER · {counts(number)}"
        assert over.text.count("The alert storm is over") == 1


async def test_nobody_is_called_twice_about_an_incident_that_three_boards_list(world):
    """Of the boards that list it, the first whose channel allows it calls about it; the others call about the rest."""
    world.sleeps(11)
    await world.looks_around()
    called = {each.channel: each for each in world.slack.messages if each.headline.startswith("STILL OPEN")}
    mentioning = {channel: each.headline for channel, each in called.items() if each.thread}
    assert mentioning == {
        NORTH: "STILL OPEN · 9 incidents of the alert storm",
        SOUTH: "STILL OPEN · 3 incidents of the alert storm",
    }
