"""The first start tells what is broken in one message; the program's commands reach a running bot; idling is cheap."""

import sqlite3
from contextlib import closing
from itertools import pairwise

from journey_kit import DATA_OPS, DIRECT, MAYA, PRIYA, SAM, story


@story(waits=True)
async def test_what_is_broken_at_the_first_start_stands_in_one_message(town):
    flows = [town.flow(f"old-{index}") for index in range(3)]
    runs = [town.breaks(flow) for flow in flows]
    await town.until(lambda: all(run.end is not None for run in runs))
    await town.start()
    first = await town.message("flowbot is watching", "3 flows are broken now", *(run.id for run in runs))
    assert len([each for each in town.slack.messages(DATA_OPS) if each.by_app]) == 1

    again = town.runs(flows[0])
    card = await town.card(flows[0], "FAIL", again.id, "Failures in a row*\n2")
    await town.sees(first, "has a thread")
    await town.asks(SAM, f"/flow ack {flows[1].id}", "You have it")
    good = town.mends(flows[2])
    await town.sees(first, "RECOVERED", "ACKNOWLEDGED", "2 flows are broken now")
    town.enos.recover(flows[0].id)
    town.runs(flows[0])
    await town.sees(card, "RECOVERED")
    await town.sees(first, "1 flow is broken now")
    assert good.end is not None
    newer = town.flow("new-load")
    town.breaks(newer)
    await town.card(newer, "FAIL")

    assert await town.stop() == 0
    await town.start()
    await town.quiet()
    assert len(town.all_of(DATA_OPS, "flowbot is watching")) == 1
    assert len(town.cards(newer)) == 1


@story()
async def test_people_are_imported_and_the_database_is_copied_while_it_runs(town):
    file = town.folder / "more.csv"
    file.write_text("slack_user,enos_user_id,enos_user_name\nU0PRIYA0001,u15432100000000013,priya.nair\n")
    code, out, said = await town.flowbot("people", "import", str(file))
    assert (code, said) == (0, "")
    assert "1 added" in out
    await town.asks(PRIYA, "/flow whoami", "priya.nair")
    await town.hears(PRIYA, "was linked to EnOS user", where=DIRECT)
    code, out, _ = await town.flowbot("people", "list")
    assert code == 0
    assert "U0PRIYA0001,u15432100000000013,priya.nair" in out

    file.write_text("slack_user,enos_user_id,enos_user_name\nU0SAMLEE001,u1,sam.lee\nnobody,u2,x\n")
    code, _, said = await town.flowbot("people", "import", str(file))
    assert code == 1
    assert "nobody" in said
    await town.asks(SAM, "/flow whoami", "u15432100000000015")

    copy = town.folder / "copy.db"
    code, _, said = await town.flowbot("backup", str(copy))
    assert (code, said) == (0, "")
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT count(*) FROM links").fetchone() == (5,)
    assert not town.ended()


@story(FLOWBOT_SWEEP_MINUTES="60")
async def test_an_idle_poll_is_three_requests_and_says_nothing(town):
    await town.until(lambda: town.all_of(DATA_OPS, "flowbot is watching"))
    await town.quiet()
    await town.comes_to_say(MAYA, "/flow status", "I am well", "22 of 22 flows", "2 of 2 sockets")
    await town.polls()
    before, posts = len(town.enos.calls), len(town.slack.calls)
    await town.polls(6)
    calls = town.enos.calls[before:]
    assert {call.action for call in calls} == {"search"}
    kinds = [call.body.get("type", call.query.get("type")) for call in calls]
    assert all(one != other for one, other in pairwise(kinds)), "one page of each scheduling type"
    assert len(town.slack.calls) == posts
