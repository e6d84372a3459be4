"""Where the pages of EnOS contradict each other: whichever is right, failures are told and runs are started."""

from dataclasses import fields

from journey_kit import MAYA
from journey_stage import story

from bot.sim.enos.switches import Switches

PLATFORMS = (
    {
        "page_base": "0",
        "count": "total",
        "sort_names": "camel",
        "range_end": "closed",
        "empty_filter": "nothing",
        "graph": "object",
        "keys": "mixed",
        "ids": "number",
        "parameters": "array",
        "data": "list",
        "log_keep": "last",
        "auth_failure": "apim",
        "unknown_instance": "62109",
        "skew_ms": 4000,
    },
    {
        "page_base": "1-clamp",
        "sort_names": "none",
        "graph": "object",
        "keys": "snake",
        "ids": "string",
        "floats": True,
        "parameters": "object",
        "success": "status",
        "server_zone": "GMT-3:30",
        "trigger_zone": "server",
        "run_zone": "server",
        "log_errors": "one",
        "auth_failure": "code",
        "unknown_instance": "empty",
        "page_cap": 3,
    },
    {
        "sort_names": "snake3",
        "texts": "zh",
        "owners": "semicolons",
        "token_status": "stauts",
        "unknown_action": "62102",
        "error_status": "400",
        "cancel_ended": "error",
        "request_id": True,
        "triggered_type": "manual",
        "parameters_update": "merge",
        "behind": "SKIP",
        "minute_rule": "clock",
        "history_days": 7,
    },
    {
        "sort_names": "both",
        "graph": "broken",
        "owners": "padded",
        "unknown_action": "404",
        "missing_actions": "listTaskInstances",
        "triggered_type": "temporary",
        "rate": 40,
    },
)
DIFFERENT = ("triggered_id",)  # told below


def test_every_way_to_behave_is_met():
    met = {(name, value) for platform in PLATFORMS for name, value in platform.items()}
    for each in fields(Switches):
        ways = set(each.metadata["choices"]) - {each.default}
        assert each.name in DIFFERENT or ways <= {value for name, value in met if name == each.name}, each.name
        assert each.name in DIFFERENT or any(name == each.name for name, _ in met), each.name


def on(number):
    """The story on a platform that behaves so."""

    @story(waits=True)
    async def told(world):
        for name, value in PLATFORMS[number].items():
            world.enos.switch(name, value)
        await told_and_started(world, readable=PLATFORMS[number].get("graph") != "broken")

    return told


test_on_a_platform_that_counts_from_zero_and_sorts_in_camel_case = on(0)
test_on_a_platform_that_sorts_by_nothing_and_prints_local_times = on(1)
test_on_a_platform_that_speaks_chinese = on(2)
test_on_a_platform_whose_graphs_cannot_be_read = on(3)


async def told_and_started(world, *, readable):
    flow = world.flow("told-load", owners=["maya.chen", "jonas.weber"], parameters=(("path", "/day"),))
    plain, changed = world.flow("plain-load"), world.flow("changed-load", parameters=(("path", "/day"), ("mode", "x")))
    for _ in range(4):
        world.runs(world.flow())  # so that there is more than one page where pages are short
    await world.start()
    failed = world.breaks(flow)
    words = ("task *transform*",) if readable else ()
    card = await world.card(flow, "FAIL", failed.id, "@Maya Chen", "@Jonas Weber", *words)
    world.say(MAYA, f"/flow trigger {plain.id}")
    world.say(MAYA, f"/flow trigger {changed.id} with path=/x")
    await world.message(plain.name, "succeeded")
    await world.message(changed.name, "succeeded", "For this run only")
    (run,) = world.enos.instances(changed.id)
    assert dict(run.parameters) == {"path": "/x", "mode": "x"}
    await world.asks(MAYA, f"/flow runs last 3h of {plain.id}", plain.name, "SUCCESS")
    if readable:
        world.enos.recover(flow.id)
        await world.starts(MAYA, card, "Rerun")
        await world.reply(card, "succeeded", "from task *transform*")
        await world.reply(card, "recovered")
        assert "no successful run" not in world.shown(await world.sees(card, "RECOVERED"))
    else:
        good = world.fixes(flow)
        await world.reply(card, "recovered", good.id)
    assert len(world.cards(flow)) == 1
    assert not world.all_of("C0DATAOPS1", "can't read")


@story()
async def test_a_start_that_is_answered_with_a_placeholder_is_followed_all_the_same(world):
    world.enos.switch("triggered_id", "placeholder")
    flow = world.flow("nameless-load")
    world.say(MAYA, f"/flow trigger {flow.id}")
    (run,) = await world.until(lambda: world.enos.instances(flow.id))
    await world.message(flow.name, run.id, "succeeded")
