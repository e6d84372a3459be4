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
    assert "Here's what you can do." in seen.text


@pytest.mark.parametrize(
    ("delivered", "shown"),
    [
        ('"my key"=x', '"my key"=x'),
        ("“my key”=‘x y’", '"my key"="x y"'),
        ('"my\u00a0key"=x', '"my key"=x'),
        ('"my&#160;key"=x', "my key=x"),  # a space that no keyboard types
        ("a=&lt;b&gt;&amp;c", "a=&lt;b&gt;&amp;c"),
        ("a=&amp;lt;", "a=&amp;lt;"),
        ('"a`b"=x', '"aˋb"=x'),
        ("a=<https://x.y/z|https://x.y/z>", "a=https://x.y/z"),
    ],
)
async def test_an_answer_repeats_keys_and_values_as_people_type_them(world, maya, delivered, shown):
    """What Slack delivers is encoded, and what is escaped for Slack is escaped once."""
    (seen,) = await maya.mentions(f"trigger 3377 with {delivered}")
    assert seen.text.endswith(f"↳ `trigger 3377 with {shown}`")
    assert len(world.enos.done()) == 1


async def test_words_that_are_not_understood_are_repeated_as_they_were_typed(world, maya):
    (seen,) = await maya.says("shwo &lt;b&gt; &amp; <@U0JONAS0001|jonas>")
    assert seen.text.endswith("↳ `shwo &lt;b&gt; &amp; @jonas`")


async def test_another_commands_name_is_an_unknown_verb(world, maya):
    (seen,) = await maya.writes("/ops show 3377")
    assert "I don't know the command `/ops`" in seen.text
