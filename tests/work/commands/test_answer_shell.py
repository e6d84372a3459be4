"""``flowbot do``: each command says in the shell what it did, also where its answer was queued with the change."""

import json
from types import SimpleNamespace

import pytest
from answer_world import HOME

from bot.ops.shell import Shell


async def does(actor, *arguments):
    """A command from a shell; the answer that the shell gets, and what others see."""
    world = actor.world
    shell = Shell(world.services, world.dispatcher, lambda: SimpleNamespace(workspace_key=HOME))
    answer = json.loads(await shell.do({"arguments": arguments, "as": actor.person.user}))
    return answer, await world.delivered()


async def test_an_owner_is_asked_with_what_the_refusal_offers_and_the_request_is_withdrawn(world, jonas):
    refused, _ = await does(jonas, "trigger", "3377", "with", "note=second try")
    ((label, command),) = [tuple(each.values()) for each in refused["next"]]
    assert label == "Ask an owner"
    asked, (question,) = await does(jonas, command)
    assert (asked["outcome"], question.place) == ("done", "dm maya")
    assert "I asked @maya to run" in asked["paragraphs"][0]
    withdrawn, _ = await does(jonas, asked["next"][0]["command"])
    assert withdrawn["paragraphs"] == ["You withdrew your request."]
    assert not question.buttons


async def test_an_owner_runs_or_declines_in_the_shell_what_was_asked(world, jonas, maya):
    for words, answer in (("accept", "started 3377"), ("decline", "You declined. I told @jonas.")):
        _, (question,) = await does(jonas, "ask", f"trigger 3377 from {108580 if words == 'accept' else 108581}")
        done, _ = await does(maya, words, question.buttons["Decline"].rpartition(" ")[2])
        assert answer in done["paragraphs"][0]
        world.later(minutes=2)


async def test_a_link_is_asked_for(world, jonas):
    asked, (question,) = await does(jonas, "link", "me", "u15432100000000099", "jonas.w")
    assert question.place == "dm alex"
    assert "I asked @alex to link you to EnOS user jonas.w" in asked["paragraphs"][0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("watch of 3377", "3377 daily-energy-report"),
        ("runbook 3377 call the grid team", "call the grid team"),
    ],
)
async def test_an_answer_that_was_made_with_the_change_is_shown(world, maya, words, said):
    done, _ = await does(maya, words)
    assert said in "\n".join(done["paragraphs"])


async def test_a_drill_says_where_it_went(world):
    await does(world.alex, "watch of 3377")
    done, _ = await does(world.alex, "drill")
    assert done["outcome"] == "done"
    assert done["paragraphs"]


async def test_a_form_is_no_command_of_a_shell(world, maya):
    shown, _ = await does(maya, "show", "3377")
    assert "trigger 3377" in [each["command"] for each in shown["next"]]
    assert not [each for each in shown["next"] if each["command"].startswith("form ")]
