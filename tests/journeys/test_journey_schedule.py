"""Scheduling is turned on and off, runs are stopped: what stops something asks once, each answer has its reverse."""

from journey_kit import DATA_OPS, GENERAL, JONAS, MAYA, story


@story()
async def test_scheduling_is_turned_off_after_asking_and_on_again(town):
    flow = town.flow("paused-load", active=True, freq="0 0 2 1 1 ? 2099")
    asked = await town.asks(MAYA, f"/flow disable {flow.id}", "Turn scheduling of", "runs that are under way go on")
    assert flow.active
    town.press(MAYA, asked, "Turn scheduling off")
    off = await town.message("@Maya Chen turned scheduling of", flow.name, "off")
    assert not flow.active
    await town.asks(MAYA, f"/flow disable {flow.name}", "off already", "nothing was changed")

    town.press(JONAS, off, "Enable")
    await town.hears(JONAS, "not an owner", "@Maya Chen")
    town.press(MAYA, off, "Enable")
    await town.message("@Maya Chen turned scheduling of", flow.name, "on", "[Disable]")
    assert flow.active
    await town.asks(MAYA, f"/flow enable {flow.id}", "on already", "nothing was changed")

    town.enos.faults.arm("lost", action="disable", calls=1)
    asked = await town.asks(MAYA, f"/flow disable {flow.id}", "Turn scheduling of", where=GENERAL)
    town.press(MAYA, asked, "Turn scheduling off")
    await town.hears(MAYA, "EnOS's answer was lost, but the flow shows it", where="@flowbot")
    await town.hears(MAYA, "I cannot write in this channel", "direct messages", where=GENERAL)
    assert not flow.active

    town.enos.faults.arm("gone", action="enable", calls=1)
    await town.asks(MAYA, f"/flow enable {flow.id}", "answer was lost", "unchanged", "Ask again")
    assert not flow.active
    assert len(town.enos.called("enable")) == 2
    assert len(town.enos.called("disable")) == 2


@story()
async def test_a_run_is_stopped_after_asking(town):
    flow, other = town.flow("slow-load", seconds=60.0), town.flow("lost-load", seconds=60.0)
    run, second = town.runs(flow), town.runs(other)
    await town.until(lambda: run.status.name == second.status.name == "RUNNING")
    asked = await town.asks(MAYA, f"/flow cancel {run.id}", "Stop run", "RUNNING")
    assert not run.cancelled
    town.press(MAYA, asked, "Stop the run")
    await town.message("@Maya Chen asked EnOS to stop", run.id)
    await town.until(lambda: run.status.name == "CANCEL")
    await town.asks(MAYA, f"/flow cancel {run.id}", "has ended already, with CANCEL", "[Show]")
    await town.asks(JONAS, f"/flow cancel {second.id}", "not an owner")

    town.enos.faults.arm("lost", action="cancel", calls=1)
    town.say(MAYA, f"@flowbot cancel {second.id} confirmed")
    await town.until(lambda: town.all_of(DATA_OPS, "asked EnOS to stop", second.id, "answer was lost"))
    await town.until(lambda: second.status.name == "CANCEL")
    assert len(town.enos.called("cancel")) == 2
    assert not town.cards(flow)
