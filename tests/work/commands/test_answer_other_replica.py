"""A press or a form that arrives at another replica than the one that wrote the message."""

import asyncio
import re

import pytest
from answer_world import OPS
from replicas_world import hears, two_worlds

from bot.core.flow.model import Parameter
from bot.core.people.model import IncomingMessage, Origin, Surface
from bot.slack import incoming_forms


@pytest.fixture
async def worlds():
    async with two_worlds() as both:
        yield both


SECRET = "trigger 3377 with api_token='s3cret value' dry-run"


async def test_a_secret_stays_where_it_was_typed_and_the_press_goes_there(worlds):
    here, there = worlds
    (preview,) = await here.maya.says(SECRET)
    assert await there.maya.presses(preview, "Trigger") == []  # not a word from there
    assert there.enos.done() == []
    (started,) = await hears(here)
    assert "started" in started.text.lower()


async def test_it_acts_once_wherever_it_is_pressed(worlds):
    here, there = worlds
    (preview,) = await here.maya.says(SECRET)
    await there.maya.presses(preview, "Trigger")
    await hears(here)
    (again,) = await here.maya.presses(preview, "Trigger")
    await there.maya.presses(preview, "Trigger")
    (more,) = await hears(here)
    assert "Already" in again.text
    assert "Already" in more.text


async def test_where_the_other_one_is_gone_the_secret_is_gone_with_it(worlds):
    here, there = worlds
    (preview,) = await here.maya.says(SECRET)
    await here.store.leave()
    (answer,) = await there.maya.presses(preview, "Trigger")
    assert "I don't have the value of `api_token`" in answer.text


async def test_a_preview_that_was_seen_at_one_is_started_at_the_other(worlds):
    here, there = worlds
    (preview,) = await here.maya.says("trigger 3377 from 108580 dry-run")
    (started,) = await there.maya.presses(preview, "Trigger")
    assert "started" in started.text.lower()


async def test_a_form_is_filled_and_submitted_wherever_it_arrives(worlds):
    here, there = worlds
    view = await here.maya.opens("trigger")
    await there.maya.fills(view, flow="3377")
    assert "[daily-energy-report (3377)]" in view.text
    await here.maya.fills(view, flow="4500")
    assert "[forecast-wide (4500)]" in view.text
    await there.maya.fills(view, flow="3377")  # which has shown another state of it than it is in now
    assert "[daily-energy-report (3377)]" in view.text
    preview = await there.maya.submits(view)
    await here.maya.submits(preview)
    assert [call[:3] for call in here.enos.done()] == [("trigger", "u15432100000000011", 3377)]


async def test_a_secret_in_a_form_stays_at_the_one_that_was_told_it(worlds):
    here, there = worlds
    here.enos.change(3377, parameters=(Parameter("api_key", "s3cret"),))
    view = await there.maya.fills(await here.maya.opens("trigger"), flow="3377")
    preview = await here.maya.submits(await here.maya.fills(view, p0="hunter2"))
    assert await there.maya.submits(preview) == []
    await hears(here)
    ((_, _, _, _, sent),) = here.enos.done()
    assert dict(sent) == {"api_key": "hunter2"}


async def test_back_in_the_form_at_another_one_only_the_secret_is_asked_for_again(worlds):
    here, there = worlds
    here.enos.change(3377, parameters=(Parameter("api_key", "s3cret"), Parameter("path", "/a")))
    view = await here.maya.fills(await here.maya.opens("trigger"), flow="3377")
    preview = await here.maya.submits(await here.maya.fills(view, p0="hunter2", p1="/b"))
    back = {"action_id": "field:back", "type": "button"}
    await there.forms.changed(incoming_forms.changed(there.maya.event(preview, actions=[back]), there.now))
    assert "[/b]" in preview.text
    assert "hunter2" not in preview.text
    preview = await there.maya.submits(await there.maya.fills(preview, p0="hunter3"))
    await there.maya.submits(preview)
    ((_, _, _, _, sent),) = here.enos.done()
    assert dict(sent) == {"api_key": "hunter3", "path": "/b"}


async def test_what_was_submitted_at_one_does_nothing_at_the_other(worlds):
    here, there = worlds
    view = await here.maya.presses(await here.breaks(), "Close")
    shown = view.hash
    assert await here.maya.submits(view, shown)
    assert await there.maya.submits(view, shown) == []
    assert len(await here.audited()) == 1


async def test_status_says_how_many_there_are_who_leads_and_who_answers(worlds):
    said = [(await world.maya.says("status"))[0].text for world in worlds]
    await worlds[0].store.leave()
    said += [(await worlds[1].maya.says("status"))[0].text]
    one, two, alone = (re.sub(r"<!date[^>]*>", "TIME", each) for each in said)
    assert "2 replicas are running. `one` has led since TIME. `one` sent this answer." in one
    assert "2 replicas are running. `one` has led since TIME. `two` sent this answer." in two
    assert "1 replica is running. No replica leads right now. `two` sent this answer." in alone


async def test_status_of_one_alone_says_nothing_of_replicas(world, maya):
    (said,) = await maya.says("status")
    assert "eplica" not in said.text


async def said_to(world, key, words, post=""):
    """How a command ends that arrives at one of the replicas."""
    surface = Surface.BUTTON if post else Surface.COMMAND
    said = IncomingMessage(key, words, world.maya.person, Origin(surface, OPS, message="1.1"), world.now, post)
    assert await world.dispatcher.record_arrival(said)
    _, answer = await world.dispatcher.answer(said)
    return answer.outcome.reason or answer.outcome.ending.value


async def test_what_is_said_at_both_at_once_starts_one_run(worlds):
    here, there = worlds
    ends = await asyncio.gather(said_to(here, "k1", "trigger 3377"), said_to(there, "k2", "trigger 3377"))
    assert set(ends) in ({"done", "second_start"}, {"done", "minute_taken"})  # by which was further
    assert len(here.enos.done()) == 1


async def test_a_button_that_is_pressed_at_both_at_once_acts_once(worlds):
    here, there = worlds
    (preview,) = await here.maya.says("trigger 3377 dry-run")
    _, post, words = preview.buttons["Trigger"].split("|", 2)
    ends = await asyncio.gather(said_to(here, "k1", words, post), said_to(there, "k2", words, post))
    assert sorted(ends) == ["already_done", "done"]
    assert len(here.enos.done()) == 1


async def test_a_delivery_that_slack_repeats_to_the_other_one_is_known(worlds):
    here, there = worlds
    assert await said_to(here, "Ev1", "whoami") == "done"
    again = IncomingMessage("Ev1", "whoami", there.maya.person, Origin(Surface.COMMAND, OPS), there.now)
    assert not await there.dispatcher.record_arrival(again)
