"""``show`` names the flows that wait for one, and those that are broken because of it, to those who may see them."""

from bot.core.errors import TemporaryFailure
from bot.core.flow.model import FlowId
from bot.core.history.background import FlowRef
from bot.core.history.runs import Dependencies
from bot.core.text.message import msg

JONAS_IN_ENOS = "u15432100000000012"


async def waits(world, *flows):
    for flow in flows:
        name = world.enos.flows[flow].name
        upstream = (FlowRef(FlowId(3377), "daily-energy-report"),)
        await world.store.put_dependencies([Dependencies(FlowRef(FlowId(flow), name), upstream, world.now)])


async def test_a_flow_that_the_asker_may_not_see_is_counted_and_not_named(world, jonas):
    world.enos.add(4102, "billing", "jonas.weber")
    world.enos.add(4103, "payroll", "maya.chen")
    await waits(world, 4102, 4103)
    world.enos.hidden[4103] = {JONAS_IN_ENOS}
    (seen,) = await jonas.says("show 3377")
    assert "2 flows wait for it: *billing* and 1 more." in seen.text
    assert "payroll" not in seen.text
    (seen,) = await world.maya.says("show 3377")
    assert "*billing*" in seen.text
    assert "*payroll*" in seen.text


async def test_where_the_asker_may_see_none_they_are_counted(world, jonas):
    world.enos.add(4103, "payroll", "maya.chen")
    await waits(world, 4103)
    world.enos.hidden[4103] = {JONAS_IN_ENOS}
    (seen,) = await jonas.says("show 3377")
    assert "1 flow waits for it." in seen.text


async def test_where_enos_does_not_say_who_may_see_them_they_are_counted(world, jonas):
    world.enos.add(4103, "payroll", "maya.chen")
    await waits(world, 4103)
    world.enos.faults["my_flows"] = [TemporaryFailure(msg("EnOS does not answer."))]
    world.enos.hidden[4103] = {JONAS_IN_ENOS}
    (seen,) = await jonas.says("show 3377")
    assert "1 flow waits for it." in seen.text
