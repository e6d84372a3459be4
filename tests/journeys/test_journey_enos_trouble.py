"""EnOS on bad days: slow, gone, throttling, answering nonsense; told once, caught up, nothing lost."""

from datetime import timedelta

from journey_kit import DATA_OPS, MAYA, story


@story()
async def test_an_outage_is_told_once_and_what_happened_meanwhile_is_caught_up(town):
    flow, mended = town.flow("broke-meanwhile"), town.flow("mended-meanwhile")
    town.breaks(mended)
    card = await town.card(mended, "FAIL")
    town.enos.faults.arm("gone")
    notice = await town.message("EnOS cannot be read", "nothing is lost")
    failed = town.breaks(flow)
    good = town.mends(mended)
    await town.asks(MAYA, "/flow show 3377", "EnOS did not answer", "Ask again")
    await town.asks(MAYA, "/flow trigger 3377", "EnOS did not answer", "Ask again")
    await town.asks(MAYA, "/flow whoami", "maya.chen")
    await town.until(lambda: good.end is not None and failed.end is not None)
    assert not town.cards(flow)

    town.enos.faults.clear()
    await town.card(flow, "FAIL", failed.id)
    await town.message("EnOS answers again after", "1 failure")
    await town.sees(notice, "EnOS answers again")
    await town.reply(card, "recovered", good.id)
    await town.quiet()
    assert len(town.all_of(DATA_OPS, "EnOS cannot be read")) == 0, "the one notice was edited"
    assert len(town.all_of(DATA_OPS, "EnOS answers again")) == 2
    assert not town.enos.called("trigger")


@story()
async def test_nonsense_throttling_and_a_dead_token_lose_nothing(town):
    flows = [town.flow(f"told-{number}") for number in range(5)]
    troubles = (
        ("html", {"calls": 1}),
        ("garbage", {"calls": 1}),
        ("expired", {"calls": 3}),
        ("throttled", {"calls": 1, "seconds": 0.3}),
        ("error", {"calls": 1, "status": 502}),
    )
    for flow, (name, options) in zip(flows, troubles, strict=True):
        town.enos.faults.arm(name, action="flowInstances/search", **options)
        run = town.breaks(flow)
        await town.card(flow, "FAIL", run.id)
        await town.until(lambda: not town.enos.faults.armed)
    day = town.now() - timedelta(days=20)
    town.enos.faults.arm("throttled", calls=2, style="code", seconds=0.2)
    await town.asks(MAYA, "/flow show 3377", "daily-energy-report")
    town.enos.faults.arm("expired", calls=1)
    town.say(MAYA, f"/flow trigger {flows[0].id} at {day:%Y-%m-%d}T00:00Z")
    await town.message(flows[0].name, f"{day:%Y-%m-%d}", "ended with")
    assert [len(town.cards(flow)) for flow in flows] == [1] * 5
    assert len(town.enos.instances(flows[0].id)) == 2


@story()
async def test_a_slow_platform_holds_up_no_acknowledgement(town):
    flow = town.flow("slow-told")
    town.breaks(flow)
    card = await town.card(flow, "FAIL")
    fault = town.enos.faults.arm("slow", seconds=60)
    deeds = [
        town.say(MAYA, "/flow show 3377"),
        town.say(MAYA, "@flowbot show 3377"),
        town.press(MAYA, card, "Rerun"),
        town.press(MAYA, card, "Acknowledge"),
    ]
    for deed in deeds:
        assert (await deed).acked
    await town.until(lambda: fault.struck >= 3)
    await town.asks(MAYA, "/flow whoami", "maya.chen")
    town.enos.faults.clear()
    await town.hears(MAYA, "daily-energy-report", "extract")
    await town.sees(card, "@Maya Chen has it")
    await town.reply(card, "@Maya Chen", "ended with FAIL")


@story()
async def test_an_unknown_code_and_an_unknown_status_are_told_as_they_are(town):
    flow = town.flow("odd-load")
    town.enos.fail(flow.id, kind="INTERNAL_ERROR")
    odd = town.runs(flow)
    await town.until(lambda: odd.end is not None)
    await town.polls()
    assert not town.cards(flow), "only FAIL and TIMEOUT alert unless the settings say more"
    timed = town.breaks(flow, kind="TIMEOUT", seconds=0.1)
    await town.card(flow, "TIMEOUT", timed.id)
    await town.asks(MAYA, f"/flow show {odd.id}", "INTERNAL_ERROR", "[Rerun]")
    town.enos.faults.arm("internal", action="flows/get", calls=6)
    await town.asks(MAYA, "/flow show 3377", "62109")


@story(FLOWBOT_GROUP_BY="instance", FLOWBOT_ALERT_STATUSES="FAIL,TIMEOUT,4")
async def test_a_thread_for_each_instance_and_other_statuses_where_the_settings_say_so(town):
    flow = town.flow("each-load")
    first = town.breaks(flow)
    await town.card(flow, "FAIL", first.id)
    second = town.breaks(flow, kind="INTERNAL_ERROR")
    await town.card(flow, "INTERNAL_ERROR", second.id)
    assert len(town.cards(flow)) == 2
