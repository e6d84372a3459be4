"""Runbooks: who may give a flow one, and where it is shown."""

import pytest


async def kept(world):
    found = await world.store.runbook(3377)
    return found and found.text


async def test_it_is_drawn_onto_a_live_card_at_once(world, maya):
    card = await world.breaks()
    await maya.says("runbook 3377 call the grid team")
    assert "Runbook: call the grid team" in card.text
    await maya.says("runbook 3377 off")
    assert "Runbook" not in card.text
    assert await kept(world) is None


async def test_it_keeps_no_secret_and_pings_nobody(world, maya):
    card = await world.breaks()
    await maya.says("runbook 3377 log in with password=hunter2 and call <!channel> <@U0JONAS0001>")
    assert "password=•••" in await kept(world)
    seen = card.text + "".join(each.text for each in world.seen)
    assert "hunter2" not in seen
    assert "<!channel>" not in seen
    assert "<@U0JONAS0001>" not in card.text.partition("Runbook")[2]


async def test_an_address_is_a_link(world, maya):
    card = await world.breaks()
    await maya.says("runbook 3377 <https://wiki.test/a?b=1&amp;c=2>")
    assert await kept(world) == "https://wiki.test/a?b=1&c=2"
    assert "<https://wiki.test/a?b=1&amp;c=2|Open the runbook>" in card.text


@pytest.mark.parametrize(("words", "told"), [("x" * 301, "300 characters at most"), ("off", "has no runbook")])
async def test_what_is_refused(world, maya, words, told):
    (refused,) = await maya.says(f"runbook 3377 {words}")
    assert told in refused.text
    assert "Nothing was changed" in refused.text
    assert await kept(world) is None


async def test_others_may_not_change_it(world, maya, jonas):
    await maya.says("runbook 3377 mine")
    (refused,) = await jonas.says("runbook 3377 off")
    assert "Only owners can change" in refused.text
    assert await kept(world) == "mine"


async def test_it_is_on_record(world, maya):
    await maya.says("runbook 3377 password=hunter2")
    (seen,) = await world.alex.says("audit")
    assert "runbook 3377 password=•••" in seen.text


async def test_show_says_who_gave_it(world, maya, jonas):
    await maya.says("runbook 3377 call the grid team")
    (seen,) = await jonas.says("show 3377")
    assert "Runbook: call the grid team (by <@U0MAYA00001>" in seen.text
