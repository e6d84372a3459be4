"""Scheduling is turned on and off, runs are stopped: what stops something asks once, each answer has its reverse."""

from journey_kit import DATA_OPS, GENERAL, JONAS, MAYA, story


@story()
async def test_scheduling_is_turned_off_after_asking_and_on_again(world):
    flow = world.flow("paused-load", active=True, freq="0 0 2 1 1 ? 2099")
    asked = await world.asks(MAYA, f"/flow disable {flow.id}", "Turn scheduling of", "runs that are under way go on")
    assert flow.active
    world.press(MAYA, asked, "Disable schedule")
    off = await world.message("@Maya Chen turned scheduling of", flow.name, "off")
    assert not flow.active
    await world.asks(MAYA, f"/flow disable {flow.name}", "off already", "nothing was changed")

    world.press(JONAS, off, "Enable")
    await world.hears(JONAS, "are not one", "@Maya Chen")
    world.press(MAYA, off, "Enable")
    await world.message("@Maya Chen turned scheduling of", flow.name, "on", "[Disable]")
    assert flow.active
    await world.asks(MAYA, f"/flow enable {flow.id}", "on already", "nothing was changed")

    world.enos.faults.arm("lost", action="disable", calls=1)
    asked = await world.asks(MAYA, f"/flow disable {flow.id}", "Turn scheduling of", where=GENERAL)
    world.press(MAYA, asked, "Disable schedule")
    await world.hears(MAYA, "EnOS's answer was lost, but the flow shows it", where="@flowbot")
    await world.hears(MAYA, "I cannot write in this channel", "direct messages", where=GENERAL)
    assert not flow.active

    world.enos.faults.arm("gone", action="enable", calls=1)
    await world.asks(MAYA, f"/flow enable {flow.id}", "answer was lost", "unchanged", "Ask again")
    assert not flow.active
    assert len(world.enos.called("enable")) == 2
    assert len(world.enos.called("disable")) == 2


@story()
async def test_a_run_is_stopped_after_asking(world):
    flow, other = world.flow("slow-load", seconds=60.0), world.flow("lost-load", seconds=60.0)
    run, second = world.runs(flow), world.runs(other)
    await world.until(lambda: run.status.name == second.status.name == "RUNNING")
    asked = await world.asks(MAYA, f"/flow cancel {run.id}", "Stop run", "RUNNING")
    assert not run.cancelled
    world.press(MAYA, asked, "Cancel run")
    await world.message("@Maya Chen asked EnOS to stop", run.id)
    await world.until(lambda: run.status.name == "CANCEL")
    await world.asks(MAYA, f"/flow cancel {run.id}", "has ended already, with CANCEL", "[Show]")
    await world.asks(JONAS, f"/flow cancel {second.id}", "are not one")

    world.enos.faults.arm("lost", action="cancel", calls=1)
    world.say(MAYA, f"@flowbot cancel {second.id} confirmed")
    await world.until(lambda: world.all_of(DATA_OPS, "asked EnOS to stop", second.id, "answer was lost"))
    await world.until(lambda: second.status.name == "CANCEL")
    assert len(world.enos.called("cancel")) == 2
    assert not world.cards(flow)
