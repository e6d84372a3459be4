"""EnOS on bad days: slow, gone, throttling, answering nonsense; told once, caught up, nothing lost."""

from datetime import timedelta

from journey_kit import DATA_OPS, MAYA
from journey_stage import story


@story()
async def test_an_outage_is_told_once_and_what_happened_meanwhile_is_caught_up(world):
    flow, fixed = world.flow("broke-meanwhile"), world.flow("mended-meanwhile")
    world.breaks(fixed)
    card = await world.card(fixed, "FAIL")
    world.enos.faults.arm("gone")
    notice = await world.message("I have not reached EnOS", "catch up")
    failed = world.breaks(flow)
    good = world.fixes(fixed)
    await world.asks(MAYA, "/flow show 3377", "EnOS broke", "Try again")
    await world.asks(MAYA, "/flow trigger 3377", "EnOS broke", "Try again")
    await world.asks(MAYA, "/flow whoami", "maya.chen")
    await world.until(lambda: good.end is not None and failed.end is not None)
    assert not world.cards(flow)

    world.enos.faults.clear()
    await world.card(flow, "FAIL", failed.id)
    await world.message("EnOS answers again after", "1 failure")
    await world.sees(notice, "EnOS answers again")
    await world.reply(card, "recovered", good.id)
    await world.quiet()
    assert len(world.all_of(DATA_OPS, "I have not reached EnOS")) == 0, "the one notice was edited"
    assert len(world.all_of(DATA_OPS, "EnOS answers again")) == 2
    assert not world.enos.called("trigger")


@story()
async def test_nonsense_throttling_and_a_dead_token_lose_nothing(world):
    flows = [world.flow(f"told-{number}") for number in range(5)]
    troubles = (
        ("html", {"calls": 1}),
        ("garbage", {"calls": 1}),
        ("expired", {"calls": 3}),
        ("throttled", {"calls": 1, "seconds": 0.3}),
        ("error", {"calls": 1, "status": 502}),
    )
    for flow, (name, options) in zip(flows, troubles, strict=True):
        world.enos.faults.arm(name, action="flowInstances/search", **options)
        run = world.breaks(flow)
        await world.card(flow, "FAIL", run.id)
        await world.until(lambda: not world.enos.faults.armed)
    day = world.now() - timedelta(days=20)
    world.enos.faults.arm("throttled", calls=2, style="code", seconds=0.2)
    await world.asks(MAYA, "/flow show 3377", "daily-energy-report")
    world.enos.faults.arm("expired", calls=1)
    world.say(MAYA, f"/flow trigger {flows[0].id} at {day:%Y-%m-%d}T00:00Z")
    await world.message(flows[0].name, f"{day:%Y-%m-%d}", "started by @Maya Chen")
    assert [len(world.cards(flow)) for flow in flows] == [1] * 5
    assert len(world.enos.instances(flows[0].id)) == 2


@story()
async def test_a_slow_platform_holds_up_no_acknowledgement(world):
    flow = world.flow("slow-told")
    world.breaks(flow)
    card = await world.card(flow, "FAIL")
    fault = world.enos.faults.arm("slow", seconds=60)
    deeds = [
        world.say(MAYA, "/flow show 3377"),
        world.say(MAYA, "@flowbot show 3377"),
        world.press(MAYA, card, "Rerun"),
        world.press(MAYA, card, "Acknowledge"),
    ]
    for deed in deeds:
        assert (await deed).acked
    await world.until(lambda: fault.struck >= 3)
    await world.asks(MAYA, "/flow whoami", "maya.chen")
    world.enos.faults.clear()
    await world.hears(MAYA, "daily-energy-report", "extract")
    await world.sees(card, "@Maya Chen is on it")
    preview = await world.hears(MAYA, "Nothing has started yet", "[Rerun]")
    world.press(MAYA, preview, "Rerun")
    await world.reply(card, "@Maya Chen", "failed in task")


@story()
async def test_an_unknown_code_and_an_unknown_status_are_told_as_they_are(world):
    flow = world.flow("odd-load")
    world.enos.fail(flow.id, kind="INTERNAL_ERROR")
    odd = world.runs(flow)
    await world.until(lambda: odd.end is not None)
    await world.polls()
    assert not world.cards(flow), "only FAIL and TIMEOUT alert unless the settings say more"
    timed = world.breaks(flow, kind="TIMEOUT", seconds=0.1)
    await world.card(flow, "TIMED OUT", timed.id)
    await world.asks(MAYA, f"/flow show {odd.id}", "INTERNAL_ERROR", "[Rerun]")
    world.enos.faults.arm("internal", action="flows/get", calls=6)
    await world.asks(MAYA, "/flow show 3377", "62109")


@story(FLOWBOT_GROUP_BY="instance", FLOWBOT_ALERT_STATUSES="FAIL,TIMEOUT,4")
async def test_a_thread_for_each_instance_and_other_statuses_where_the_settings_say_so(world):
    flow = world.flow("each-load")
    first = world.breaks(flow)
    await world.card(flow, "FAIL", first.id)
    second = world.breaks(flow, kind="INTERNAL_ERROR")
    await world.card(flow, "INTERNAL_ERROR", second.id)
    assert len(world.cards(flow)) == 2
