"""The name of the slash command, said out of habit where it is not needed."""

import pytest


@pytest.mark.parametrize("words", ["/flow show 3377", "show 3377"])
async def test_the_commands_name_may_stand_before_the_verb_in_a_message(world, maya, words):
    (direct,) = await maya.writes(words)
    (mentioned,) = await maya.mentions(words)
    assert "`3377` *daily-energy-report*" in direct.text
    assert "`3377` *daily-energy-report*" in mentioned.text


async def test_the_commands_name_alone_asks_for_help(world, maya):
    (seen,) = await maya.writes("/flow")
    assert "This is what you can ask of me." in seen.text


async def test_another_commands_name_is_an_unknown_verb(world, maya):
    (seen,) = await maya.writes("/ops show 3377")
    assert "I do not know the verb `/ops`" in seen.text
