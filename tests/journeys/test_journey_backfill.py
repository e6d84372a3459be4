"""A backfill over real sockets: asked once, paused, killed, going on; one run fails, and the rest is backfilled."""

from datetime import timedelta
from itertools import pairwise

from journey_kit import DATA_OPS, JONAS, MAYA
from journey_stage import story


@story(first=True)
async def test_days_are_backfilled_one_after_the_other_and_what_failed_once_more(world):
    flow = world.flow("old-days", cycle="D")
    world.enos.fail(flow.id)
    first, last = (f"{world.now() - timedelta(days=ago):%Y-%m-%d}" for ago in (6, 5))
    words = f"backfill {flow.id} from {first} to {last} every day"

    shown = await world.asks(MAYA, f"/flow {words} dry-run", "would start 2 runs", "Nothing was started")
    assert not world.says(shown, "[Start backfill]")
    question = await world.asks(MAYA, f"/flow {words}", "Start 2 runs", "[Start backfill]")
    assert world.enos.instances(flow.id) == []
    world.press(MAYA, question, "Start backfill")
    message = await world.message("old-days", "0 of 2 done", where=DATA_OPS)

    await world.sees(message, "1 of 2 done. 1 failed", "[Pause]")
    world.press(JONAS, message, "Pause")
    await world.hears(JONAS, "are not one")
    world.press(MAYA, message, "Pause")
    await world.sees(message, "@Maya Chen", "paused it", "[Go on]")
    await world.kill()
    await world.start()
    await world.asks(MAYA, f"/flow backfill {flow.id} from {first} to {first}", "has a backfill that has not ended")
    await world.asks(MAYA, f"/flow show {flow.id}", "paused, 1 of 2 done")
    assert len(world.enos.instances(flow.id)) == 1
    world.enos.recover(flow.id)
    world.press(MAYA, message, "Go on")

    await world.sees(message, "2 of 2 done. 1 succeeded. 1 failed.", "[Backfill the rest]")
    assert world.cards(flow) == [], "a failed run of a backfill opens no incident"
    world.press(MAYA, message, "Backfill the rest")
    await world.hears(MAYA, "Start 1 run")
    (again,) = [each for each in world.private(MAYA) if world.says(each, "Start 1 run")]
    world.press(MAYA, again, "Start backfill")
    await world.message("old-days", "1 of 1 done. 1 succeeded.", where=DATA_OPS)

    runs = world.enos.instances(flow.id)
    assert [each.status.name for each in runs] == ["FAIL", "SUCCESS", "SUCCESS"]
    assert [each.trigger for each in runs] == [*sorted([runs[0].trigger, runs[1].trigger]), runs[0].trigger + 60]
    calls = [*world.enos.called("trigger"), *world.enos.called("triggerFromTask")]
    assert [call.action for call in calls] == ["trigger", "trigger", "triggerFromTask"]
    # A minute lies between two starts; a call may arrive a little late.
    assert all(later.at - sooner.at > 50 for sooner, later in pairwise(calls))
    assert {call.user_id for call in calls} == {"u15432100000000011"}
