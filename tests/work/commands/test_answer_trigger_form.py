"""The form that triggers a flow: what it holds, what it says, and what becomes of it where the flow changes."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from answer_enos import PARAMETERS, TRANSFORM, chain
from answer_world import OPS

from bot.core.errors import TemporaryFailure
from bot.core.flow.model import Parameter
from bot.core.people.model import Origin, Surface
from bot.enos.errors import Unreachable
from bot.sim.slack.inputs import elements
from bot.slack import incoming_forms
from bot.work.forms.trigger_form import soon

MAYA = "u15432100000000011"
HERE = Origin(Surface.BUTTON, OPS)

pytestmark = pytest.mark.asyncio


def started(world):
    return [call[:4] for call in world.enos.done()]


async def chosen(actor, flow="3377"):
    """The form with the fields of a flow."""
    return await actor.fills(await actor.opens("trigger"), flow=flow)


async def goes_back(actor, view):
    """Press Change on a preview."""
    action = {"action_id": "field:back", "type": "button"}
    await actor.world.forms.changed(incoming_forms.changed(actor.event(view, actions=[action]), actor.world.now))
    return view


def held(view):
    """What the fields of a view hold, by the beginnings of their labels."""
    return dict(line.rstrip("]").split(": [", 1) for line in view.text.splitlines() if ": [" in line)


# ── from a bare command to a run ──


async def test_a_bare_command_opens_a_form_that_ends_in_a_started_run(world, maya):
    view = await chosen(maya)
    assert view.history[0] == "[Trigger a flow]\nLoading …\n(Close)"
    assert held(view)["path (optional)"] == PARAMETERS[0].value
    preview = await maya.submits(await maya.fills(view, p0="/new", day="2026-11-22", clock="02:00"))
    assert f"`path`: `{PARAMETERS[0].value}` → `/new`" in preview.text
    assert "This form sends `trigger 3377 at 2026-11-22 02:00 with path=/new`." in preview.text
    assert started(world) == []
    (seen,) = await maya.submits(preview)
    assert seen.place == "#data-ops"
    assert "<@U0MAYA00001> started `3377` *daily-energy-report*." in seen.text
    ((call, who, flow, at_ms, sent),) = world.enos.done()
    assert (call, who, flow, sent[0]) == ("updateAndTrigger", MAYA, 3377, ("path", "/new"))
    assert datetime.fromtimestamp(at_ms / 1000, UTC) == datetime(2026, 11, 21, 18, tzinfo=UTC)
    assert [entry[1:3] for entry in await world.audited()] == [
        ("trigger 3377 at 2026-11-21T18:00Z with path=/new", "done")
    ]


async def test_nothing_changed_is_the_whole_flow_now(world, maya):
    preview = await maya.submits(await chosen(maya))
    assert "Its 2 parameters stay as the flow has them." in preview.text
    await maya.submits(preview)
    assert started(world) == [("trigger", MAYA, 3377, int(world.now.timestamp() * 1000))]


async def test_a_form_may_start_from_a_task(world, maya):
    view = await chosen(maya)
    assert "The whole flow | extract (108579) | transform (108580) | load (108581)" in view.text
    preview = await maya.submits(await maya.fills(view, task=str(TRANSFORM)))
    assert "Does not run: *extract*." in preview.text
    await maya.submits(preview)
    assert started(world)[0][0] == "triggerFromTask"


async def test_a_second_submission_does_nothing(world, maya):
    preview = await maya.submits(await chosen(maya))
    again = preview.hash
    await maya.submits(preview)
    world.later(minutes=2)
    preview.is_open = True
    assert await maya.submits(preview, at=again) == []
    assert len(started(world)) == 1


async def test_what_was_said_already_is_in_the_form(world, maya):
    view = await maya.opens("trigger 3377 with path=/said colour=red at 2026-11-22 08:30 from")
    fields = held(view)
    assert fields["path (optional)"] == "/said"
    assert fields["colour (optional)"] == "red"
    assert (fields["Date of the trigger time (optional)"], fields["Trigger time (optional)"]) == ("2026-11-22", "08:30")
    assert "The flow has no parameter of this name. I send it anyway." in view.text


async def test_the_button_of_an_answer_opens_it_for_that_flow(world, maya):
    (shown,) = await maya.says("show 3377")
    view = await maya.presses(shown, "Trigger with options")
    assert held(view)["Flow"] == "daily-energy-report (3377)"


async def test_change_leads_back_with_what_was_entered(world, maya):
    view = await maya.fills(await chosen(maya), p0="/new", day="2026-11-22", clock="02:00")
    preview = await maya.submits(view)
    back = await goes_back(maya, preview)
    assert held(back)["path (optional)"] == "/new"
    assert held(back)["Trigger time (optional)"] == "02:00"
    again = await maya.submits(await maya.fills(back, p1="false"))
    assert "with path=/new overwrite=false" in again.text


# ── what it refuses, at the field ──


async def test_from_a_task_with_changed_parameters_is_refused_at_the_task(world, maya):
    view = await maya.fills(await chosen(maya), task=str(TRANSFORM), p0="/new")
    (error,) = (await maya.submits(view)).values()
    assert error.startswith("EnOS can't start from a task with changed parameters.")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"clock": "08:00"}, "08:00 has passed today."),
        ({"day": "2026-11-22"}, "Choose a time as well"),
        ({"p0": "x" * 2970}, "characters too long for one command"),
    ],
)
async def test_what_no_command_can_say_is_refused_at_its_field(world, maya, values, said):
    (error,) = (await maya.submits(await maya.fills(await chosen(maya), **values))).values()
    assert said in error


async def test_who_may_not_trigger_reads_why_in_the_form(world, jonas):
    view = await chosen(jonas)
    assert "Only owners can change `3377` *daily-energy-report*" in view.text
    assert "not linked to an EnOS user yet" in (await world.priya.opens("trigger")).text


async def test_the_right_is_asked_at_the_last_press(world, maya):
    preview = await maya.submits(await chosen(maya))
    world.enos.change(3377, owners=())
    (refused,) = await maya.submits(preview)
    assert refused.place == "only maya sees"
    assert "Only owners can change `3377`" in refused.text
    assert started(world) == []


# ── parameters of all kinds ──


async def test_secrets_are_not_shown_and_stay_unless_one_is_typed(world, maya):
    world.enos.change(3377, parameters=(Parameter("api_key", "s3cret"), Parameter("path", "/a")))
    view = await chosen(maya)
    assert "s3cret" not in json.dumps(view.content)
    assert "It looks like a secret" in view.text
    preview = await maya.submits(await maya.fills(view, p1="/b"))
    assert "with path=/b" in preview.text
    back = await goes_back(maya, preview)
    preview = await maya.submits(await maya.fills(back, p0="hunter2"))
    assert "`api_key`: `•••` → `•••`" in preview.text
    assert "hunter2" not in json.dumps(preview.content)
    await maya.submits(preview)
    ((_, _, _, _, sent),) = world.enos.done()
    assert dict(sent) == {"api_key": "hunter2", "path": "/b"}


async def test_keys_and_values_of_any_kind_are_said_so_that_they_are_read_back(world, maya):
    odd = (Parameter('with "quotes" = x', "a"), Parameter("ключ", "line one\nline two"), Parameter("empty", ""))
    world.enos.change(3377, parameters=odd)
    preview = await maya.submits(
        await maya.fills(await chosen(maya), p0="“curly” & <b> =", p1="line one\nline 2", p2="from 7")
    )
    await maya.submits(preview)
    ((_, _, _, _, sent),) = world.enos.done()
    assert sent == (('with "quotes" = x', "“curly” & <b> ="), ("ключ", "line one\nline 2"), ("empty", "from 7"))


async def test_a_parameter_may_be_emptied(world, maya):
    await maya.submits(await maya.submits(await maya.fills(await chosen(maya), p0=None)))
    ((_, _, _, _, sent),) = world.enos.done()
    assert sent[0] == ("path", "")


async def test_of_a_hundred_parameters_of_any_length_those_that_fit_have_fields(world, maya):
    many = tuple(Parameter(f"p{n}", "x" * (5000 if n % 10 == 0 else 20)) for n in range(100))
    world.enos.change(3377, parameters=many)
    view = await chosen(maya)
    assert len(view.content["blocks"]) <= 100
    assert "Parameters `p0`, `p10`, `p20`, `p30`, `p40` and 15 more stay as they are" in view.text
    preview = await maya.submits(await maya.fills(view, p0="new"))
    assert "99 parameters stay as they are." in preview.text
    await maya.submits(preview)
    ((_, _, _, _, sent),) = world.enos.done()
    assert sent == tuple((each.key, "new" if each.key == "p1" else each.value) for each in many)


async def test_the_tasks_of_a_large_flow_are_searched(world, maya):
    world.enos.change(3377, graph=chain(*((n, f"step {n}") for n in range(1, 201))))
    view = await chosen(maya)
    (block,) = [each for each, _ in elements(view.content["blocks"]) if each["block_id"].startswith("task")]
    assert await maya.types(view, block["block_id"], "step 17") == [
        "The whole flow", "step 17 (17)", *(f"step {n} ({n})" for n in range(170, 180))
    ]  # fmt: skip
    preview = await maya.submits(await maya.fills(view, task="150"))
    assert "Runs 51 of 200 tasks" in preview.text


# ── choosing ──


async def test_only_flows_that_the_person_owns_are_offered_and_an_id_that_is_typed(world, maya):
    view = await maya.opens("trigger")
    assert await maya.types(view, "flow.1", "forecast") == ["forecast-small (4501)", "forecast-wide (4500)"]
    assert await maya.types(view, "flow.1", "turbine") == []
    assert await maya.types(view, "flow.1", "2809") == ["2809"]
    assert await maya.types(view, "flow.1", "forecast-wide (4500)") == ["forecast-wide (4500)"]


async def test_a_long_name_leaves_room_for_the_id(world, maya):
    world.enos.add(7, "n" * 200, "maya.chen")
    view = await maya.opens("trigger")
    (label,) = await maya.types(view, "flow.1", "nnnn")
    assert len(label) == 75
    assert label.endswith("… (7)")


async def test_another_flow_empties_the_fields(world, maya):
    view = await maya.fills(await chosen(maya), p0="/typed")
    view = await maya.fills(view, flow="4500")
    assert held(view)["path (optional)"] == PARAMETERS[0].value
    preview = await maya.submits(view)
    assert "Trigger `4500` *forecast-wide*?" in preview.text


# ── what becomes of the flow while the form is open ──


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"locked": True}, "is locked in EnOS"),
        ({"owners": ()}, "Only owners can change"),
    ],
)
async def test_where_the_flow_is_no_longer_theirs_the_form_says_so_and_keeps_what_was_entered(
    world, maya, change, said
):
    view = await maya.fills(await chosen(maya), p0="/new", clock="23:50")
    world.enos.change(3377, **change)
    again = await maya.submits(view)
    assert said in again.text
    assert "What you entered is still here." in again.text
    assert held(again)["path (optional)"] == "/new"
    assert held(again)["Trigger time (optional)"] == "23:50"


async def test_a_flow_that_was_deleted_is_named(world, maya):
    view = await maya.fills(await chosen(maya), p0="/new")
    del world.enos.flows[3377]
    again = await maya.submits(view)
    assert "3377" in again.text.splitlines()[1]
    assert held(again)["path (optional)"] == "/new"


async def test_what_changed_since_the_flow_was_chosen_is_in_the_preview(world, maya):
    view = await maya.fills(await chosen(maya), p0="/new")
    world.enos.change(3377, name="nightly", parameters=(*PARAMETERS, Parameter("region", "eu")))
    preview = await maya.submits(view)
    assert "*The flow changed while the form was open.*" in preview.text
    assert "• The flow is now named *nightly*." in preview.text
    assert "• Parameter `region` was added." in preview.text
    await maya.submits(preview)
    ((_, _, _, _, sent),) = world.enos.done()
    assert sent == (("path", "/new"), ("overwrite", "true"), ("region", "eu"))


async def test_what_changed_since_the_preview_is_said_and_asked_again(world, maya):
    preview = await maya.submits(await chosen(maya))
    world.enos.change(3377, graph=chain((108579, "extract"), (108580, "transform"), (9, "check")))
    (asked,) = await maya.submits(preview)
    assert asked.place == "only maya sees"
    assert "Task *check* was added." in asked.text
    assert started(world) == []
    await maya.presses(asked, "Trigger")
    assert len(started(world)) == 1


async def test_where_enos_does_not_answer_the_form_says_so_and_goes_on_later(world, maya):
    view = await maya.fills(await chosen(maya), p0="/new")
    world.enos.faults["flow"] = [Unreachable("no route")]
    again = await maya.submits(view)
    assert "What you entered is still here." in again.text
    assert held(again)["path (optional)"] == "/new"
    assert "`path`" in (await maya.submits(again)).text


async def test_a_form_that_was_asked_for_while_enos_was_away_keeps_what_was_said(world, maya):
    world.enos.faults["flow"] = [Unreachable("no route")]
    view = await maya.opens("trigger 3377 with path=/said from")
    assert held(view)["Flow"] == "3377"
    view = await maya.submits(view)
    assert held(view)["path (optional)"] == "/said"


async def test_nobody_waits_longer_than_somebody_looks_at_a_form():
    with pytest.raises(TemporaryFailure) as caught:
        await soon(asyncio.Event().wait(), 0)
    assert "EnOS did not answer within 10 s." in str(caught.value)
