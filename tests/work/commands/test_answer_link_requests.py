"""Ask to be linked: an admin other than the asker approves it with a button, or declines, within a day."""

from dataclasses import replace

import pytest
from answer_world import HOME
from handover_kit import time_passes

from bot.core.people.model import Person

PRIYA, ALEX, MAYA = "<@U0PRIYA0001>", "<@U0ALEX00001>", "<@U0MAYA00001>"
WORDS = "link me u15432100000000013 priya.nair"


def message(seen, place):
    (found,) = [each for each in seen if each.place == place]
    return found


def set_admins(world, *users):
    world.answer_settings = replace(world.answer_settings, admins=frozenset(users))
    world.restart()


async def linked(world, who="priya"):
    link = await world.store.link(world.actors[who].person)
    return link and (link.user_id, link.user_name)


async def open_offers(world):
    return [each for each, _ in await world.store.open_offers()]


async def test_an_admin_gets_the_request_and_approves_it(world):
    seen = await world.priya.says(WORDS)
    question = message(seen, "dm alex")
    assert f"{PRIYA} asks to be linked to EnOS user `priya.nair` (`u15432100000000013`)." in question.text
    assert list(question.buttons) == ["Approve", "Decline"]
    answer = message(seen, "only priya sees")
    assert f"I asked {ALEX} to link you to EnOS user `priya.nair` (`u15432100000000013`)." in answer.text
    assert await linked(world) is None
    seen = await world.alex.presses(question, "Approve")
    assert await linked(world) == ("u15432100000000013", "priya.nair")
    assert f"{ALEX} linked {PRIYA} to EnOS user" in question.text
    assert not question.buttons
    told = message(seen, "dm priya")
    assert f"{ALEX} linked {PRIYA} to EnOS user `priya.nair`" in told.text
    asked, approved = (await world.audited())[-2:]
    assert asked[:3] == ("priya", WORDS, "done")
    assert approved[:3] == ("alex", f"link {PRIYA} u15432100000000013 priya.nair", "done")
    (listed,) = await world.alex.says("audit")
    assert f"asked by {PRIYA}" in listed.text


async def test_in_chinese_it_is_said_with_me(world):
    seen = await world.priya.says("绑定 我 u15432100000000013 priya.nair")
    assert message(seen, "dm alex")


async def test_declined_the_asker_reads_so(world):
    question = message(await world.priya.says(WORDS), "dm alex")
    seen = await world.alex.presses(question, "Decline")
    assert f"{ALEX} declined to link you to EnOS user `priya.nair`" in message(seen, "dm priya").text
    assert f"{ALEX} declined to link {PRIYA} to EnOS user" in question.text
    assert await linked(world) is None


async def test_nobody_else_approves_or_declines(world):
    question = message(await world.priya.says(WORDS), "dm alex")
    for who in ("maya", "sam"):
        (refusal,) = await world.actors[who].carries(question, question.buttons["Approve"])
        assert "Only flowbot admins can do this" in refusal.text
        (refusal,) = await world.actors[who].carries(question, question.buttons["Decline"])
        assert f"Only the people who were asked can answer this: {ALEX}." in refusal.text
    (refusal,) = await world.priya.carries(question, question.buttons["Approve"])
    assert "You asked for this, so somebody else has to answer it." in refusal.text
    assert await linked(world) is None


async def test_an_admin_does_not_approve_their_own(world):
    set_admins(world, "U0ALEX00001", "U0MAYA00001")
    seen = await world.alex.says("link me u77 alex.new")
    assert not [each for each in seen if each.place == "dm alex"]
    question = message(seen, "dm maya")
    assert "They are linked to EnOS user `alex.kim` (`u15432100000000014`) now." in question.text
    (refusal,) = await world.alex.carries(question, question.buttons["Approve"])
    assert "You asked for this, so somebody else has to answer it." in refusal.text
    await world.maya.presses(question, "Approve")
    assert await linked(world, "alex") == ("u77", "alex.new")


@pytest.mark.parametrize(
    ("who", "admins", "text"),
    [
        ("alex", ["U0ALEX00001"], "You are the only flowbot admin, and nobody approves their own request."),
        ("priya", [], "No flowbot admin is set."),
    ],
)
async def test_without_another_admin_it_says_what_to_do(world, who, admins, text):
    set_admins(world, *admins)
    (refusal,) = await world.actors[who].says("link me u77 some.body")
    assert text in refusal.text
    assert not await open_offers(world)


async def test_admins_who_cannot_be_reached_are_named(world):
    await world.store.set_note("unreached U0ALEX00001", f'["channel_not_found", "{world.now.isoformat()}"]')
    (refusal,) = await world.priya.says(WORDS)
    assert f"I can't reach {ALEX} by direct message. Ask them to link you." in refusal.text


async def test_a_guest_may_ask_and_that_is_all(world):
    seen = await world.guest.says("link me u99 guest.name")
    question = message(seen, "dm alex")
    assert "<@U0GUEST0001> is a guest of this workspace." in question.text
    (refusal,) = await world.guest.says("whoami")
    assert "I answer guests only after they are linked" in refusal.text
    (refusal,) = await world.guest.says("link me u99")
    assert "Which EnOS user name?" in refusal.text
    await world.alex.presses(question, "Approve")
    assert await linked(world, "guest") == ("u99", "guest.name")
    assert "You are" in (await world.guest.says("whoami"))[0].text


async def test_a_guest_withdraws_their_own(world):
    answer = message(await world.guest.says("link me u99 guest.name"), "only guest sees")
    await world.guest.presses(answer, "Withdraw")
    assert not await open_offers(world)


@pytest.mark.parametrize("who", ["stranger", "robot", "gone"])
async def test_others_may_not_ask(world, who):
    await world.actors[who].says("link me u99 some.name")
    assert not await open_offers(world)


async def test_who_was_deactivated_meanwhile_is_not_linked(world):
    question = message(await world.priya.says(WORDS), "dm alex")
    world.slack.person(Person(HOME, "U0PRIYA0001"), "priya", deleted=True)
    (refusal,) = await world.alex.presses(question, "Approve")
    assert "I can link active people of this workspace only" in refusal.text
    assert await linked(world) is None


async def test_an_enos_user_of_somebody_else_is_refused_and_the_request_stays(world):
    question = message(await world.priya.says("link me u15432100000000011 maya.chen"), "dm alex")
    (refusal,) = await world.alex.presses(question, "Approve")
    assert f"is already linked to {MAYA}" in refusal.text
    assert len(await open_offers(world)) == 1
    await world.alex.presses(question, "Decline")


async def test_who_has_that_link_need_not_ask(world):
    (refusal,) = await world.maya.says("link me u15432100000000011 maya.chen")
    assert "You are linked to this EnOS user already." in refusal.text


async def test_a_newer_request_replaces_the_older(world):
    first = message(await world.priya.says("link me u1 priya.nari"), "dm alex")
    approve = first.buttons["Approve"]
    seen = await world.priya.says(WORDS)
    assert "This replaces your earlier request." in message(seen, "only priya sees").text
    assert f"{PRIYA} sent a newer request, which replaces this one." in first.text
    (refusal,) = await world.alex.carries(first, approve)
    assert f"A newer request of {PRIYA} replaced this one" in refusal.text
    (offer,) = await open_offers(world)
    assert "priya.nair" in offer.command


async def test_five_a_day(world):
    for number in range(5):
        assert len(await world.priya.says(f"link me u{number} priya.nair")) >= 2
        world.later(minutes=1)
    (refusal,) = await world.priya.says(WORDS)
    assert "You asked to be linked 5 times in 24 hours, and more is not possible. Nothing was changed." in refusal.text
    world.later(hours=23, minutes=56)
    assert len(await world.priya.says(WORDS)) >= 2
    assert len(await open_offers(world)) == 1


async def test_after_a_day_it_is_over(world):
    question = message(await world.priya.says(WORDS), "dm alex")
    approve = question.buttons["Approve"]
    assert not await time_passes(world, hours=23, minutes=59)
    seen = await time_passes(world, minutes=1)
    assert "Nobody answered your request within" in message(seen, "dm priya").text
    assert "so <@U0PRIYA0001> was not linked to EnOS user" in question.text
    (refusal,) = await world.alex.carries(question, approve)
    assert "because nobody answered it" in refusal.text


async def test_of_two_admins_one_approves(world):
    set_admins(world, "U0ALEX00001", "U0MAYA00001")
    seen = await world.priya.says(WORDS)
    first, second = message(seen, "dm alex"), message(seen, "dm maya")
    approve = second.buttons["Approve"]
    await world.alex.presses(first, "Approve")
    (refusal,) = await world.maya.carries(second, approve)
    assert f"{ALEX} already did this" in refusal.text
    assert f"{ALEX} linked {PRIYA}" in second.text


async def test_what_looks_like_a_secret_is_not_sent(world):
    (refusal,) = await world.priya.says("link me password=hunter22 priya.nair")
    assert "hunter22" not in refusal.text
    assert not await open_offers(world)


async def test_the_refusals_say_how_to_ask(world):
    (refusal,) = await world.priya.says("trigger 3377")
    assert "`/flow link me USERID NAME`" in refusal.text
    (whoami,) = await world.priya.says("whoami")
    assert "`/flow link me USERID NAME`" in whoami.text


# ── the form ──


async def test_the_button_opens_a_form_that_says_the_command(world):
    (refusal,) = await world.priya.says("trigger 3377")
    view = await world.priya.presses(refusal, "Ask to be linked")
    assert "<@U0ALEX00001> will check your request." in view.text
    view = await world.priya.fills(view, user_id=" u15432100000000013 ", user_name="priya.nair")
    seen = await world.priya.submits(view)
    question = message(seen, "dm alex")
    assert (await world.audited())[-1][1] == WORDS
    await world.alex.presses(question, "Approve")
    assert await linked(world) == ("u15432100000000013", "priya.nair")


async def test_the_form_is_offered_by_whoami_and_to_guests(world):
    (whoami,) = await world.priya.says("whoami")
    assert list(whoami.buttons) == ["Ask to be linked"]
    (refusal,) = await world.guest.says("show 3377")
    view = await world.guest.presses(refusal, "Ask to be linked")
    view = await world.guest.fills(view, user_id="u99", user_name="guest.name")
    assert message(await world.guest.submits(view), "dm alex")


async def test_what_is_empty_is_an_error_at_its_field(world):
    view = await world.priya.opens("link me u99")
    assert "[u99]" in view.text
    view = await world.priya.fills(view, user_id="u99", user_name="  ")
    errors = await world.priya.submits(view)
    assert list(errors) == ["user_name"]
    assert not await open_offers(world)


@pytest.mark.parametrize("who", ["stranger", "gone"])
async def test_others_get_no_button(world, who):
    (refusal,) = await world.actors[who].says("show 3377")
    assert not refusal.buttons


async def test_without_an_admin_there_is_no_button(world):
    set_admins(world)
    (refusal,) = await world.priya.says("show 3377")
    assert not refusal.buttons


async def test_an_admin_links_others_by_a_command(world):
    for words in ("link", "link <@U0PRIYA0001>"):
        view = await world.alex.opens(words)
        assert "(Send request)" not in view.text
    assert "(Send request)" in (await world.alex.opens("link me")).text
    assert "(Send request)" in (await world.priya.opens("link")).text
