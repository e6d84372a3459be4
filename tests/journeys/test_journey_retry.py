"""Retry rules over real sockets: one that helps, one that does not, Stop, and an owner who lost the flow."""

from journey_kit import DATA_OPS, MAYA, SAM
from journey_stage import story

ERROR = ("java.net.SocketException: Connection reset by peer",)
SAYS = 'on "Connection reset"'


@story(first=True)
async def test_a_failure_is_retried_once_unless_somebody_acts_first(world):
    helped, hopeless, stopped, lost = (world.flow(f"{name}-load") for name in ("lucky", "hopeless", "stopped", "lost"))
    everything = (helped, hopeless, stopped, lost)
    for flow in everything:
        world.say(MAYA, f"/flow retry {flow.id} {SAYS}")
        await world.message("set a retry rule", flow.name, where=DATA_OPS)
    cards = []
    for flow in everything:
        world.breaks(flow, lines=ERROR)
        card = await world.card(flow, "FAIL")
        await world.reply(card, "Retries at", "`Connection reset`", "`maya.chen`")
        cards.append(await world.sees(card, "Retries at", "[Stop]"))
    world.enos.recover(helped.id)
    lucky, bad, halted, gone = cards

    world.press(SAM, halted, "Stop")
    await world.reply(halted, "@Sam Lee", "stopped the retry")
    await world.until(lambda: "Retries at" not in world.shown(halted))
    world.enos.edit(lost.id, owners=["alex.kim"])

    await world.reply(lucky, "`maya.chen`", "succeeded", "Started by the retry rule")
    await world.sees(lucky, "RECOVERED")
    await world.reply(bad, "`maya.chen`", "failed in task", "Its incident")
    await world.reply(bad, "was not retried again", "is a rerun")
    await world.reply(gone, "was not retried, because `maya.chen` no longer owns it")

    calls = world.enos.called("triggerFromTask")
    assert sorted(int(call.body["flowId"]) for call in calls) == [helped.id, hopeless.id]
    assert {call.user_id for call in calls} == {"u15432100000000011"}
