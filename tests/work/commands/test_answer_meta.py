"""Help, status, audit, people: what the bot says of itself and of who may do what."""

from dataclasses import replace

import pytest
from answer_slack import lines_of
from answer_world import OPS, Lost

from bot.core.command.rights import Caller, Denial, may
from bot.core.command.table import ROWS
from bot.core.flow.model import UserId, UserName
from bot.core.people.model import Attempt, Link, Person, Profile
from bot.enos.errors import NoResponse
from bot.work.commands import meta
from bot.work.commands.people import VERIFY_FLOWS


@pytest.mark.parametrize("name", ["maya", "priya", "alex", "sam"])
async def test_help_lists_what_this_person_may_do_and_names_the_rest(world, name):
    actor = world.actors[name]
    (seen,) = await actor.says("help")
    link = await world.store.link(actor.person)
    caller = Caller(Profile(actor.person), link, admin=name == "alex", on_call=name == "sam")
    for row in ROWS:
        allowed = may(row.who, caller) is Denial.NONE
        assert (f"`/flow {row.syntax}`\n{row.summary}" in seen.text) is allowed, row.verb
        others = next((line for line in seen.text.split("\n") if line.startswith("Not for you now")), "")
        others = others.removesuffix(" `whoami` says why.")
        assert (f"`{row.verb}`" in others) is not allowed, row.verb
    assert not [line for line in lines_of(seen.body) if line.endswith("…")], "nothing is cut"
    assert seen.buttons.keys() == {"What failed today", "Who am I", "Status"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.verb)
async def test_help_of_a_verb_shows_its_examples(world, maya, row):
    (seen,) = await maya.says(f"help {row.verb}")
    for example in row.examples:
        assert f"/flow {example}" in seen.text
    assert f"For: {row.who.value}" in seen.text


async def test_help_for_an_unknown_word_points_at_the_list(world, maya):
    (seen,) = await maya.says("help qqqq")
    assert "I know no command “qqqq”. `help` lists all that I know." in seen.text


async def test_status_counts_what_waits_and_what_is_open(world, maya):
    await world.breaks()
    (seen,) = await maya.writes("status")
    assert seen.place == "dm maya"
    assert "*Waiting to be sent* 0 | *Open incidents* 1" in seen.text


# ── the audit ──


async def test_the_audit_of_one_person_names_every_end(world, maya, jonas):
    world.enos.faults["trigger"] = [Lost(effect=False)]
    await maya.says("trigger 3377")
    world.later(seconds=2)
    await maya.says("disable 3377")
    await jonas.says("enable 3377")
    (seen,) = await world.alex.says("audit <@U0MAYA00001>")
    assert "<@U0MAYA00001> `trigger 3377`: not ended" in seen.text
    assert "<@U0MAYA00001> `disable 3377`: asked · 0.0 s" in seen.text
    assert "<@U0JONAS0001>" not in seen.text


async def test_a_long_audit_has_pages_and_says_where_it_is_cut(world, maya):
    for number in range(meta.MOST_ENTRIES + 1):
        await world.store.begin_attempt(
            Attempt(f"key {number}", maya.person, OPS, "", "command", "enable 3377", "enable", world.now)
        )
    (first,) = await world.alex.says("audit")
    assert "*Audit* today (2026-11-21, UTC): 500, page 1 of 50" in first.text
    assert "These are the newest 500; a shorter period shows the rest." in first.text
    (second,) = await world.alex.presses(first, "Next →")
    assert "page 2 of 50" in second.text
    (past,) = await world.alex.says("audit page 99")
    assert "page 50 of 50" in past.text


# ── people ──


async def test_the_person_and_the_other_admins_get_a_message_about_a_link(world, maya):
    world.answer_settings = replace(world.answer_settings, admins=frozenset({"U0ALEX00001", "U0MAYA00001"}))
    world.restart()
    seen = await world.alex.says("link <@U0PRIYA0001> u15432100000000013 priya.nair")
    assert {each.place for each in seen} == {"only alex sees", "dm priya", "dm maya"}
    told = [each for each in seen if each.place.startswith("dm")]
    assert all("If that is wrong, tell an admin of the bot." in each.text for each in told)
    assert (await world.store.link(world.priya.person)).user_name == "priya.nair"
    (row,) = await world.audited()
    assert row[2:] == ("done", "", "", "T0DEMO0001:U0PRIYA0001 u15432100000000013 priya.nair")


async def test_an_enos_user_name_that_is_taken_is_refused_with_its_person(world):
    (seen,) = await world.alex.says("link <@U0PRIYA0001> u15432100000000013 maya.chen")
    assert "is linked to <@U0MAYA00001> already, and one EnOS user has one person" in seen.text
    assert await world.store.link(world.priya.person) is None


async def test_a_link_that_is_confirmed_while_enos_is_down_stays_proven(world):
    world.enos.faults["my_flows"] = [NoResponse(30)]
    seen = await world.alex.says("link <@U0MAYA00001> u15432100000000011 maya.chen")
    assert any("confirmed the link of <@U0MAYA00001>" in each.text for each in seen)
    assert any("It was proven before, and stays so." in each.text for each in seen)
    assert (await world.store.link(world.maya.person)).verified


async def test_proving_a_link_reads_at_most_ten_flows(world):
    for number in range(VERIFY_FLOWS + 3):
        world.enos.add(100 + number, f"flow {number}", "priya.nair")
    world.enos.names["u15432100000000013"] = "priya.nair"
    seen = await world.alex.says("link <@U0PRIYA0001> u15432100000000013 priya.n")
    text = next(each.text for each in seen if each.place == "only alex sees")
    assert (
        f"no flow that this user may edit, of the first {VERIFY_FLOWS} I looked at, names `priya.n` as an owner" in text
    )
    assert sum(call[0] == "flow" for call in world.enos.calls) == VERIFY_FLOWS


@pytest.mark.parametrize(("user", "known"), [("U0STRANGE01", False), ("U0ROBOT0001", False), ("U0GUEST0001", True)])
async def test_only_people_of_this_workspace_are_linked(world, user, known):
    seen = await world.alex.says(f"link <@{user}> u15432100000000019 some.body")
    assert any("Only active people of this workspace can be linked" in each.text for each in seen) is not known


async def test_a_linked_guest_is_answered(world):
    link = Link(world.guest.person, UserId("u15432100000000019"), UserName("guest.one"))
    await world.store.put_links([link])
    (seen,) = await world.guest.says("runs")
    assert "EnOS shows you no runs today" in seen.text


async def test_without_a_time_zone_the_settings_zone_is_used_and_shown(world):
    world.slack.person(world.priya.person, "priya", timezone="Mars/Phobos")
    (seen,) = await world.priya.says("whoami")
    assert "Your times are in `UTC`, since your Slack profile names no time zone that I know." in seen.text
    world.slack.person(world.priya.person, "priya", timezone="")
    (seen,) = await world.priya.says("whoami")
    assert "since your Slack profile names no time zone" in seen.text


async def test_a_long_list_of_people_has_pages(world):
    links = [Link(Person("T0DEMO0001", f"U0P{n:08}"), UserId(f"u{n}"), UserName(f"p{n:02}")) for n in range(20)]
    await world.store.put_links(links)
    (first,) = await world.alex.says("people")
    assert "*Linked people*: 24, page 1 of 3" in first.text
    (second,) = await world.alex.presses(first, "Next →")
    assert set(second.buttons) == {"← Previous", "Next →"}


async def test_a_bug_is_shown_by_a_reference_that_is_in_the_log(world, maya, caplog):
    world.enos.faults["flow"] = [KeyError("bug")]
    (seen,) = await maya.says("enable 3377", channel=OPS)
    reference = seen.text.split("`")[1]
    assert f"reference {reference}" in caplog.text
    assert [row[2] for row in await world.audited()] == [f"bug:{reference}"]
