"""Forged buttons: whatever a value says, and on whatever post, it gives no right that typing would not give."""

import itertools

import pytest
from answer_world import FAILED, OPS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thorough import examples, spread

from bot.core.command import buttons
from bot.core.incident.model import Phase
from bot.core.people.model import Origin, Surface
from bot.slack.incoming import press

OTHER = "2809-2026112102"
CHANGES = [
    "trigger 2809",
    "trigger 2957",
    "trigger 3377 with path=/etc",
    f"rerun {FAILED}",
    f"cancel {FAILED} confirmed",
    "disable 2809 confirmed",
    "enable 3318",
    "ack 2809",
    f"ack {OTHER}",
    "close 2809 because forged",
    "unack 2809",
    "link <@U0PRIYA0001> u15432100000000014 alex.kim",
    "unlink <@U0MAYA00001>",
]
POWERLESS = ["priya", "guest", "stranger", "robot", "gone", "lina"]


@pytest.fixture
async def cards(world):
    """The cards of two incidents: Maya's flow, and Jonas's."""
    mine = await world.breaks()
    theirs = await world.breaks(OTHER, flow=2809, name="turbine-10min", owners=("jonas.weber",))
    return mine, theirs


async def state(world):
    """What a forged press must not change: EnOS, the incidents, the links."""
    found = await world.store.incidents(live=False)
    incidents = sorted((each.id, each.phase, each.acked_by) for each in found)
    return world.enos.done(), incidents, await world.store.links()


def value_of(message):
    return next(iter(message.buttons.values())).split("|")[1]


async def forged(world, actor, message, post, words):
    return await actor.carries(message, f"1|{post}|{words}")


@pytest.mark.many
@pytest.mark.parametrize("who", POWERLESS)
async def test_people_without_rights_do_nothing_by_any_button(world, cards, who):
    before, turn = await state(world), itertools.count()
    for card in cards:
        for post in (value_of(cards[0]), value_of(cards[1]), "", "unknown", "p" * 500):
            for words in spread(CHANGES, 3, next(turn)):
                world.later(seconds=61)
                seen = await forged(world, world.actors[who], card, post, words)
                assert len(seen) == 1, "one private sentence"
                assert seen[0].place in {f"only {who} sees", f"dm {who}"}
    assert await state(world) == before


@pytest.mark.parametrize("kind", ["shortcut", "form", "command"])
async def test_an_unsupported_action_answers_each_person_as_every_surface_does(world, kind):
    """An old shortcut, form or command gives nobody more than an answer, and strangers not even a pointer to help."""
    for who, sentence in {
        "maya": f"I don't have this {kind}. Nothing was changed. `/flow help` lists what you can do.",
        "priya": f"I don't have this {kind}. Nothing was changed. `/flow help` lists what you can do.",
        "guest": "I answer guests only after they are linked to an EnOS user.",
        "stranger": "I answer people of my own workspace only.",
        "robot": "I answer people only, not apps.",
        "gone": "This account is deactivated.",
    }.items():
        actor = world.actors[who]
        (told,) = await world.say(
            actor, kind, Origin(Surface.UNSUPPORTED, OPS, response_url="https://hooks.slack.test/3")
        )
        assert told.place == f"only {who} sees"
        assert told.text.startswith(sentence)
        assert "↳" not in told.text, "there are no words to repeat"
    assert world.enos.done() == []


async def test_an_unsupported_action_is_not_offered_again_after_a_restart(world, maya):
    await world.killed_before_answering(maya, "shortcut", Origin(Surface.UNSUPPORTED, OPS))
    world.later(hours=1)
    (told,) = await world.answer_left_over()
    assert told.text.startswith("I don't have this shortcut")
    assert told.buttons == {}


async def test_ones_own_card_gives_no_right_over_another(world, cards, maya):
    before = await state(world)
    mine, theirs = cards
    for words in ("ack 2809", f"ack {OTHER}", "close 2809 because x", "disable 2809 confirmed", "trigger 2809"):
        for message, post in ((mine, value_of(mine)), (mine, value_of(theirs)), (theirs, value_of(mine))):
            (told,) = await forged(world, maya, message, post, words)
            assert "Ask " in told.text
            assert told.place == "only maya sees"
    assert await state(world) == before


async def test_a_press_without_a_target_means_its_card_and_needs_its_owner(world, cards, maya):
    """A value with the post of another person's card, on one's own message, gives no right over that card."""
    mine, theirs = cards
    (told,) = await forged(world, maya, mine, value_of(theirs), "ack")
    assert "Ask `jonas.weber`" in told.text or "jonas" in told.text.lower()
    assert (await world.incident(OTHER)).phase is Phase.OPEN
    assert (await world.incident(FAILED)).phase is Phase.OPEN


async def test_a_button_that_only_somebody_else_saw_gives_no_right(world, maya, jonas):
    (seen,) = await maya.says("disable 3377")
    assert seen.place == "only maya sees"
    label = next(label for label, value in seen.buttons.items() if "confirmed" in value)
    (told,) = await jonas.presses(seen, label)
    assert "are not one" in told.text
    assert world.enos.done() == []
    await maya.presses(seen, label)
    assert [call[0] for call in world.enos.done()] == ["disable"], "and who may, still may"


@pytest.mark.parametrize("words", ["#unknown", "#", "# ", "#" + "x" * 1900, "#../../etc/passwd", "#' OR 1=1 --"])
async def test_stored_words_that_do_not_exist_are_an_old_button(world, cards, maya, words):
    before = await state(world)
    (told,) = await forged(world, maya, cards[0], value_of(cards[0]), words)
    assert "This button is too old, and I can't read it. Nothing was changed." in told.text
    assert "↳" not in told.text, "there are no words to repeat"
    assert await state(world) == before


async def test_stored_words_give_the_rights_of_who_presses(world, cards, maya):
    stored = await world.store.stash("trigger 2809", world.now)
    (told,) = await forged(world, maya, cards[0], value_of(cards[0]), f"#{stored}")
    assert "are not one" in told.text
    assert world.enos.done() == []


@pytest.mark.parametrize(
    "carried",
    ["", "ack 2809", "0|p|ack 2809", "2|p|ack 2809", "1|p", "1|p|", "1|p|  ", "|", "||", "1||", "\x00", "1" * 2000],
)
async def test_a_value_of_an_unknown_version_does_nothing(world, cards, maya, carried):
    post, words = buttons.read(carried)
    before = await state(world)
    (told,) = await world.say(maya, words, Origin(Surface.BUTTON, OPS, "", cards[0].ts), post)
    assert "This button is too old" in told.text
    assert "↳" not in told.text, "there are no words to repeat"
    assert await state(world) == before


@given(
    carried=st.text(max_size=2000)
    | st.text(max_size=300).map("1|p1|".__add__)
    | st.integers(1990, 2000).map("1|p1|ack ".ljust)
)
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_value_ends_in_one_answer_and_no_act_of_somebody_without_rights(world, carried):
    body = {
        "user": {"id": "U0PRIYA0001", "team_id": "T0DEMO0001"},
        "team": {"id": "T0DEMO0001"},
        "container": {"channel_id": OPS, "message_ts": "1.0"},
        "actions": [{"action_id": "say:0", "value": carried, "action_ts": "2.0"}],
        "trigger_id": "t",
    }
    said = press(body, world.now)
    seen = await world.say(world.priya, said.text, said.origin, said.post)
    assert len(seen) == 1
    assert world.enos.done() == []
