"""A link that is removed, or changed, while its command waits for EnOS: nothing is done or shown by it."""

import asyncio

import pytest
from answer_world import FAILED, OPS

from bot.core.errors import Refusal
from bot.core.flow.model import UserId, UserName
from bot.core.flow.status import Status
from bot.core.incident.model import Phase
from bot.core.people.model import Link, Origin, Person, Surface

CHANGED = "Your link to EnOS changed while I worked on this. Nothing was changed."
MAYA = "u15432100000000011"
OTHER = Link(Person("T0DEMO0001", "U0MAYA00001"), UserId("u15432100000000077"), UserName("m.chen"), verified=True)


@pytest.fixture(params=["removed", "changed", "unproven"])
def meanwhile(world, request):
    """What an admin does while EnOS is being asked."""

    async def does():
        was = await world.store.link(world.maya.person)
        await world.store.remove_link(world.maya.person)
        if request.param == "changed":
            world.enos.names[OTHER.user_id] = "maya.chen"
            await world.store.put_links([OTHER])
        if request.param == "unproven":
            await world.store.put_links([Link(was.person, was.user_id, was.user_name)])

    def during(call, number=1):
        """Let it happen within the n-th of these calls."""
        original, count = getattr(world.enos, call), iter(range(1, 100))

        async def waits(*args, **more):
            answer = await original(*args, **more)
            if next(count) == number:
                await does()
            return answer

        setattr(world.enos, call, waits)

    during.kind = request.param
    return during


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("trigger 3377", "flow"),
        ("trigger 3377", "instance"),
        ("trigger 3377 from 108580", "instance"),
        ("trigger 3377 with path=/x", "flow"),
        ("enable 3318", "flow"),
        ("disable 3377 confirmed", "flow"),
        ("cancel 3377-2026112103 confirmed", "instance"),
        ("cancel 3377-2026112103 confirmed", "flow"),
        (f"rerun {FAILED}", "flow"),
    ],
)
async def test_a_removed_link_changes_nothing_in_enos(world, maya, meanwhile, words, call):
    world.enos.run("3377-2026112103", Status.RUNNING)
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    meanwhile(call)
    (seen,) = await maya.says(words)
    assert CHANGED in seen.text
    assert world.enos.done() == []
    assert [row[2] for row in await world.audited()] == ["refused:link_changed"]
    assert await world.store.runs(live=False) == ()


@pytest.mark.parametrize("verb", ["ack", "close"])
async def test_a_removed_link_changes_no_incident(world, maya, meanwhile, verb):
    await world.breaks()
    meanwhile("flow")
    (seen,) = await maya.says(f"{verb} 3377")
    assert CHANGED in seen.text
    assert (await world.incident()).phase is Phase.OPEN


async def test_people_on_call_act_without_their_link(world, maya):
    await world.breaks()
    world.slack.groups["S0ONCALL01"] = {maya.person.user}
    await world.store.remove_link(maya.person)
    await maya.says("ack 3377")
    assert (await world.incident()).phase is Phase.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("words", "call"), [("show 3377", "flow"), (f"show {FAILED}", "instance"), (f"log {FAILED}", "log")]
)
async def test_a_removed_link_reads_nothing(world, maya, meanwhile, words, call):
    if meanwhile.kind == "unproven":
        return  # reading needs no proof
    world.enos.run(FAILED, log="secret numbers")
    meanwhile(call)
    (seen,) = await maya.says(words)
    assert CHANGED in seen.text
    assert "transform" not in seen.text


async def test_the_proof_of_one_link_does_not_prove_another(world):
    lina = await world.store.link(world.lina.person)
    other = Link(lina.person, UserId("u15432100000000099"), UserName("somebody.else"))
    for now in (other, Link(lina.person, lina.user_id, UserName("lina.gomes")), None):
        await world.store.remove_link(lina.person)
        if now is not None:
            await world.store.put_links([now])
        assert not await world.store.mark_proven(lina)
        assert await world.store.link(lina.person) == now
    await world.store.put_links([lina])
    assert await world.store.mark_proven(lina)


async def test_a_flow_that_proves_the_earlier_link_is_not_started(world):
    original = world.enos.my_flows

    async def waits(*args, **more):
        answer = await original(*args, **more)
        await world.store.remove_link(world.lina.person)
        return answer

    world.enos.my_flows = waits
    (seen,) = await world.lina.says("trigger 4501")
    assert CHANGED in seen.text
    assert world.enos.done() == []


async def test_a_press_after_the_link_was_removed_does_nothing(world, maya):
    card = await world.breaks()
    await world.alex.says("unlink <@U0MAYA00001>")
    seen = await maya.presses(card, "Acknowledge")
    assert any("You're not linked to an EnOS user yet" in each.text for each in seen)
    assert (await world.incident()).phase is Phase.OPEN


async def test_words_said_before_the_removal_are_judged_by_the_rights_at_the_start(world, maya):
    origin = Origin(Surface.COMMAND, OPS, response_url="https://hooks.slack.test/1")
    await world.killed_before_answering(maya, "trigger 3377", origin)
    await world.store.remove_link(maya.person)
    (seen,) = await world.answer_left_over()
    assert "You're not linked to an EnOS user yet" in seen.text
    assert world.enos.done() == []


async def test_a_confirmation_uses_the_rights_of_whoever_presses_it(world, maya):
    (question,) = await maya.says("disable 3377")
    await world.store.remove_link(maya.person)
    seen = await maya.presses(question, "Disable schedule")
    assert any("You're not linked to an EnOS user yet" in each.text for each in seen)
    assert world.enos.done() == []


async def test_a_flow_that_is_locked_meanwhile_is_not_changed(world, maya):
    world.enos.before["flow"] = lambda: world.enos.change(3377, locked=True)
    (seen,) = await maya.says("trigger 3377")
    assert "is locked in EnOS" in seen.text
    assert world.enos.done() == []


async def test_linking_compares_with_the_link_after_the_proof(world):
    original, relinked = world.enos.my_flows, asyncio.Event()

    async def waits(*args, **more):
        answer = await original(*args, **more)
        if not relinked.is_set():
            relinked.set()
            await world.store.remove_link(world.maya.person)
        return answer

    world.enos.my_flows = waits
    (seen, *_) = [
        each for each in await world.alex.says(f"link <@U0MAYA00001> {MAYA} maya.chen") if "Unlink" in each.buttons
    ]
    assert "linked <@U0MAYA00001> to EnOS user `maya.chen`" in seen.text
    assert "confirmed" not in seen.text


async def test_the_store_refuses_a_removed_link(world):
    maya = await world.store.link(world.maya.person)
    await world.store.set_attempt_detail(1, "{}", linked=maya)
    await world.store.remove_link(maya.person)
    with pytest.raises(Refusal, match="changed while I worked on this"):
        await world.store.set_attempt_detail(1, "{}", linked=maya)
