"""The first start tells what is broken in one message; the program's commands reach a running bot; idling is cheap."""

import sqlite3
from contextlib import closing
from itertools import pairwise

from journey_kit import DATA_OPS, DIRECT, MAYA, PRIYA, SAM
from journey_stage import story


@story(waits=True)
async def test_what_is_broken_at_the_first_start_is_in_one_message(world):
    flows = [world.flow(f"old-{index}") for index in range(3)]
    runs = [world.breaks(flow) for flow in flows]
    await world.until(lambda: all(run.end is not None for run in runs))
    await world.start()
    first = await world.message("flowbot is watching", "3 flows are broken now", *(run.id for run in runs))
    assert len([each for each in world.slack.messages(DATA_OPS) if each.by_app]) == 1

    again = world.runs(flows[0])
    card = await world.card(flows[0], "FAIL", again.id, "Failures in a row*\n2")
    await world.sees(first, "has its own thread")
    await world.asks(SAM, f"/flow ack {flows[1].id}", "You acknowledged")
    good = world.fixes(flows[2])
    await world.sees(first, "RECOVERED", "ACKNOWLEDGED", "2 flows are broken now")
    world.enos.recover(flows[0].id)
    world.runs(flows[0])
    await world.sees(card, "RECOVERED")
    await world.sees(first, "1 flow is broken now")
    assert good.end is not None
    newer = world.flow("new-load")
    world.breaks(newer)
    await world.card(newer, "FAIL")

    assert await world.stop() == 0
    await world.start()
    await world.quiet()
    assert len(world.all_of(DATA_OPS, "flowbot is watching")) == 1
    assert len(world.cards(newer)) == 1


@story()
async def test_people_are_imported_and_the_database_is_copied_while_it_runs(world):
    file = world.folder / "more.csv"
    file.write_text("slack_user,enos_user_id,enos_user_name\nU0PRIYA0001,u15432100000000013,priya.nair\n")
    code, out, said = await world.flowbot("people", "import", str(file))
    assert (code, said) == (0, "")
    assert "Added: 1." in out
    await world.asks(PRIYA, "/flow whoami", "priya.nair")
    await world.hears(PRIYA, "An import linked you to the EnOS user", where=DIRECT)
    code, out, _ = await world.flowbot("people", "list")
    assert code == 0
    assert "U0PRIYA0001,u15432100000000013,priya.nair" in out

    file.write_text("slack_user,enos_user_id,enos_user_name\nU0SAMLEE001,u1,sam.lee\nnobody,u2,x\n")
    code, _, said = await world.flowbot("people", "import", str(file))
    assert code == 1
    assert "nobody" in said
    await world.asks(SAM, "/flow whoami", "u15432100000000015")

    copy = world.folder / "copy.db"
    code, _, said = await world.flowbot("backup", str(copy))
    assert (code, said) == (0, "")
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT count(*) FROM links").fetchone() == (6,)
    assert not world.ended()


@story(FLOWBOT_SWEEP_MINUTES="60")
async def test_an_idle_poll_is_three_requests_and_says_nothing(world):
    await world.until(lambda: world.all_of(DATA_OPS, "flowbot is watching"))
    await world.quiet()
    await world.comes_to_say(MAYA, "/flow status", "All good.", "22 of 22 flows", "2 of 2 sockets")
    await world.polls()
    before, posts = len(world.enos.calls), len(world.slack.calls)
    await world.polls(6)
    calls = world.enos.calls[before:]
    assert {call.action for call in calls} == {"search"}
    # The history of runs is read behind the polls, by searches for every status.
    polls = [{**call.query, **call.body} for call in calls if {**call.query, **call.body}.get("status")]
    kinds = [call["type"] for call in polls]
    assert len(kinds) >= 15
    assert all(one != other for one, other in pairwise(kinds)), "one page of each scheduling type"
    assert len(world.slack.calls) == posts
