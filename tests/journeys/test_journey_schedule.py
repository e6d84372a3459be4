"""Scheduling is turned on and off, runs are stopped: what stops something asks once, each answer has its reverse."""

from journey_kit import DATA_OPS, GENERAL, JONAS, MAYA
from journey_stage import story


@story()
async def test_scheduling_is_turned_off_after_asking_and_on_again(world):
    flow = world.flow("paused-load", active=True, freq="0 0 2 1 1 ? 2099")
    asked = await world.asks(MAYA, f"/flow disable {flow.id}", "Disable the schedule of", "Current runs keep running.")
    assert flow.active
    world.press(MAYA, asked, "Disable schedule")
    off = await world.message("@Maya Chen disabled the schedule of", flow.name)
    assert not flow.active
    await world.asks(MAYA, f"/flow disable {flow.name}", "already off", "Nothing was changed")

    world.press(JONAS, off, "Enable schedule")
    await world.hears(JONAS, "are not one", "@Maya Chen")
    world.press(MAYA, off, "Enable schedule")
    await world.message("@Maya Chen enabled the schedule of", flow.name, "[Disable schedule]")
    assert flow.active
    await world.asks(MAYA, f"/flow enable {flow.id}", "already on", "Nothing was changed")

    world.enos.faults.arm("lost", action="disable", calls=1)
    asked = await world.asks(MAYA, f"/flow disable {flow.id}", "Disable the schedule of", where=GENERAL)
    world.press(MAYA, asked, "Disable schedule")
    await world.hears(MAYA, "EnOS did not confirm, but the flow shows the change.", where="@flowbot")
    await world.hears(MAYA, "/invite @flowbot", where=GENERAL)
    assert not flow.active

    world.enos.faults.arm("gone", action="enable", calls=1)
    await world.asks(MAYA, f"/flow enable {flow.id}", "did not confirm", "has not changed", "Try again")
    assert not flow.active
    assert len(world.enos.called("enable")) == 2
    assert len(world.enos.called("disable")) == 2


@story()
async def test_a_run_is_stopped_after_asking(world):
    flow, other = world.flow("slow-load", seconds=60.0), world.flow("lost-load", seconds=60.0)
    run, second = world.runs(flow), world.runs(other)
    await world.until(lambda: run.status.name == second.status.name == "RUNNING")
    asked = await world.asks(MAYA, f"/flow cancel {run.id}", "Cancel run")
    assert not run.cancelled
    world.press(MAYA, asked, "Cancel run")
    await world.message("@Maya Chen asked EnOS to cancel", run.id)
    await world.until(lambda: run.status.name == "CANCEL")
    await world.asks(MAYA, f"/flow cancel {run.id}", "has already ended (canceled)", "[View run]")
    await world.asks(JONAS, f"/flow cancel {second.id}", "are not one")

    world.enos.faults.arm("lost", action="cancel", calls=1)
    world.say(MAYA, f"@flowbot cancel {second.id} confirmed")
    await world.until(lambda: world.all_of(DATA_OPS, "asked EnOS to cancel", second.id, "did not confirm"))
    await world.until(lambda: second.status.name == "CANCEL")
    assert len(world.enos.called("cancel")) == 2
    assert not world.cards(flow)
