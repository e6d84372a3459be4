"""What the leader of several replicas found out of flows that seem late, the others say, too."""

from late_world import LateWorld

from bot.core.flow.model import FlowId
from bot.core.health import shared
from bot.core.health.shared import Shared
from bot.core.history.background import FlowRef
from bot.core.history.lateness import Reason

DUE = 300  # seconds after the start
REPORT = FlowRef(FlowId(3377), "report")


async def outlook(world):
    return (await world.lateness.outlook(REPORT, world.now)).verdict


async def test_a_follower_says_what_enos_said_to_the_leader():
    world = await LateWorld().with_history(3377)
    world.enos.off.add(3377)
    await world.look(DUE)
    leader = await outlook(world)
    told = Shared(said=world.lateness.said)
    world.start()  # another process, which has asked EnOS for nothing
    assert (await outlook(world)).reason is Reason.LATE
    world.lateness.learn(shared.read(shared.written(told)).said)
    assert await outlook(world) == leader
    assert leader.reason is Reason.DISABLED


async def test_what_another_version_found_is_not_said():
    world = await LateWorld().with_history(3377)
    await world.look(DUE)
    (said,) = world.lateness.said.values()
    world.lateness.learn({REPORT.id: ("a reason of tomorrow", *said[1:])})
    assert world.lateness.said == {}
    assert (await outlook(world)).reason is Reason.LATE
