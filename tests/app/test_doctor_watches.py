"""What the doctor finds of watches, while the bot runs and while it does not."""

from datetime import UTC, datetime, timedelta

from app_kit import DATA_OPS, GENERAL, JONAS, configured, hears, running_bot
from doctor_kit import HOME, bad, named

from bot.core.flow.model import FlowId, InstanceId
from bot.core.history.runs import PastRun
from bot.core.people.model import Person
from bot.core.routing.watch import Filters, Watch
from bot.doctor import program
from bot.store.store import Store

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


async def add(store, channel, flow=None, name=""):
    filters = Filters(flow=None if flow is None else FlowId(flow))
    await store.add_watch(Watch(0, channel, filters, Person(HOME, JONAS), NOW, name), lambda _new: ())


async def watched(folder, *watches):
    async with Store.open(folder / "flowbot.db") as store:
        for each in watches:
            await add(store, *each)


async def test_watches_that_work_are_well(doctor, tmp_path):
    await watched(tmp_path, (DATA_OPS, 3377), (JONAS, 2809))
    found = await doctor()
    assert "watches channels" not in bad(found)
    assert "all channels with watches: 1." in named(found, "watches channels").says
    assert "all flows that watches name: 2." in named(found, "watches flows").says


async def test_a_watch_where_flowbot_is_not_and_one_of_a_flow_that_is_hidden_are_named(doctor, tmp_path):
    await watched(tmp_path, (GENERAL,), (DATA_OPS, 99, "old-report"), ("C0NOWHERE1",))
    found = bad(await doctor())
    says = found["watches channels"].says
    assert "1 in #general (flowbot is not in it)" in says
    assert "3 in C0NOWHERE1 (Slack does not show it to flowbot: channel_not_found)" in says
    assert "2 (flow 99 old-report)" in found["watches flows"].says
    assert "/flow unwatch NUMBER" in found["watches flows"].fix


async def test_without_watches_nothing_is_said_of_them(doctor, tmp_path):
    await watched(tmp_path, (JONAS,))
    assert not {"watches channels", "watches flows"} & {each.name for each in await doctor()}


async def test_flows_that_enos_does_not_tell_of_now_are_counted(doctor, running, tmp_path):
    await watched(tmp_path, (DATA_OPS, 3377))
    running.world.platform.faults.arm("error", action="flows/get", status=500)
    assert "Not checked: 1." in named(await doctor(), "watches flows").says


async def test_the_watches_of_a_running_bot_are_checked(running, tmp_path):
    async with running_bot(running, tmp_path) as bot:
        await hears(bot, running)
        await add(bot.store, GENERAL)
        found = bad(await program.examine(configured(running, tmp_path)))
    assert "#general" in found["watches channels"].says


async def test_the_doctor_says_of_how_many_flows_lateness_is_known(doctor, tmp_path):
    runs = [
        PastRun(
            InstanceId(f"{flow}-{at:%Y%m%d%H}"), FlowId(flow), at, 1, at, at + timedelta(minutes=5), freq="0 0 9 * * ?"
        )
        for flow, count in ((3377, 12), (2809, 4))
        for at in (NOW - timedelta(days=day) for day in range(1, count + 1))
    ]
    async with Store.open(tmp_path / "flowbot.db") as store:
        await store.add_past_runs(runs)
    says = named(await doctor(), "lateness").says
    assert "FLOWBOT_LATE is auto" in says
    assert "Flows with enough runs to learn from: 1 of 2." in says


async def test_a_running_bot_tells_the_doctor_so_too(running, tmp_path):
    async with running_bot(running, tmp_path):
        says = named(await program.examine(configured(running, tmp_path)), "lateness").says
    assert "Flows with enough runs to learn from:" in says
