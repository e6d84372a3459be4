"""The first words of a person are answered with a welcome below; later ones, and changes, are not."""

import pytest
from home_kit import HomeWorld

from bot.core.flow.model import UserId, UserName
from bot.core.people.model import Link, Person

WELCOME = "Welcome. I run EnOS flows"
HOME = "T0DEMO0001"


@pytest.fixture
async def new(world):
    """Somebody linked who never said anything to flowbot."""
    world._actor("nora", "U0NORA00001")
    world.enos.names["u15432100000000031"] = "nora"
    link = Link(Person(HOME, "U0NORA00001"), UserId("u15432100000000031"), UserName("nora"), verified=True)
    await world.store.put_links([link])
    return world.nora


async def test_the_first_answer_welcomes_and_the_second_does_not(new):
    (first,) = await new.says("failed")
    assert WELCOME in first.text
    assert "`/flow failed today` lists today's failures" in first.text
    (second,) = await new.says("failed")
    assert WELCOME not in second.text


async def test_who_is_not_linked_reads_what_comes_first(world):
    world._actor("otto", "U0OTTO00001")
    (answer,) = await world.otto.says("failed")
    assert "you need a link to your EnOS user: `/flow whoami`" in answer.text


async def test_who_is_on_call_reads_what_they_can_do_now(world):
    world._actor("ona", "U0ONA000001")
    world.slack.groups["S0ONCALL01"] = {"U0ONA000001"}
    (answer,) = await world.ona.says("help")
    assert "You are on call" in answer.text


async def test_who_opened_a_form_or_their_home_before_is_welcomed_all_the_same(new):
    await new.opens("trigger")
    await HomeWorld(new.world).opens(new)
    (first,) = await new.says("failed")
    assert WELCOME in first.text
    (second,) = await new.says("failed")
    assert WELCOME not in second.text


async def test_who_was_refused_as_a_guest_is_welcomed_once_they_are_linked(world):
    world._actor("gina", "U0GINA00001", guest=True)
    await world.gina.says("failed")
    link = Link(world.gina.person, UserId("u15432100000000032"), UserName("gina"), verified=True)
    await world.store.put_links([link])
    (first,) = await world.gina.says("failed")
    assert WELCOME in first.text


@pytest.mark.parametrize("words", ["trigger 9001", "enable 9001", "runbook 9001 ask Nora"])
async def test_what_everybody_reads_has_no_welcome_in_it(world, new, words):
    world.enos.add(9001, "noras-flow", "nora", active=False)
    answers = await new.says(words)
    assert answers
    assert all(WELCOME not in each.text for each in answers)


async def test_a_restart_does_not_welcome_again(world, new):
    await new.says("failed")
    world.restart()
    (again,) = await new.says("failed")
    assert WELCOME not in again.text
