"""Help, status, audit, people: what the bot says of itself and of who may do what."""

from dataclasses import replace
from datetime import timedelta

import pytest
from answer_world import ONCALL, OPS, Lost

from bot.core.command.rights import Caller, Denial, may
from bot.core.command.table import BY_VERB, FAMILIES, SHOWN
from bot.core.flow.model import UserId, UserName
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import Attempt, Link, Person, Profile
from bot.core.text.language import ZH
from bot.core.text.message import msg
from bot.enos.errors import NoResponse
from bot.messages.cards import help as help_cards
from bot.work.commands import meta
from bot.work.commands.people import VERIFY_FLOWS

PHONE = 60  # characters that a phone shows in two lines


def lines_with(seen, text):
    return [line for line in seen.text.split("\n") if text in line]


def commands(seen):
    """The verbs that help lists, as they are typed."""
    return [line.split("`")[1].removeprefix("/flow ") for line in seen.text.split("\n") if line.startswith("`/flow ")]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("maya", ["failed", "incidents", "rerun", "trigger", "ack"]),
        ("alex", ["failed", "incidents", "rerun", "trigger", "ack"]),
        ("sam", ["ack", "whoami", "status"]),  # on call, not linked
        ("priya", ["whoami", "status"]),
    ],
)
async def test_help_begins_with_what_this_person_does_most(world, name, first):
    (seen,) = await world.actors[name].says("help")
    assert [command.split()[0] for command in commands(seen) if not command.startswith("help")] == first
    assert all(len(line) <= PHONE for line in lines_with(seen, " · "))
    assert len(lines_with(seen, " · ")) == len(first) <= 6
    linked = name in {"maya", "alex"}
    assert bool(lines_with(seen, "You're not linked to an EnOS user yet. Ask for it with")) is not linked


async def test_help_for_people_on_call_begins_with_incidents(world, maya):
    world.slack.groups[ONCALL] = {maya.person.user}
    (seen,) = await maya.says("help")
    assert [command.split()[0] for command in commands(seen)][:3] == ["incidents", "ack", "log"]


@pytest.mark.parametrize("name", ["maya", "priya", "alex", "sam"])
async def test_every_verb_is_in_help_or_named_as_not_available(world, name):
    """The families are behind buttons, which show what this person may use; one line names the rest."""
    actor = world.actors[name]
    (seen,) = await actor.says("help")
    link = await world.store.link(actor.person)
    caller = Caller(Profile(actor.person), link, admin=name == "alex", on_call=name == "sam")
    shown = []
    for label in seen.buttons:
        (behind,) = await actor.presses(seen, label)
        shown += [command.split()[0] for command in commands(behind)]
    assert set(shown) >= {row.verb for row in SHOWN if may(row.who, caller) is Denial.NONE}
    assert bool(lines_with(seen, "Not available to you: ")) is (name != "alex")


@pytest.mark.parametrize(("name", "missing"), [("maya", True), ("alex", False)])
async def test_a_family_names_what_is_not_available(world, name, missing):
    (seen,) = await world.actors[name].says("help people")
    shown = "Not available to you: `link`, `unlink`, `people`, `audit`. `whoami` says why."
    assert bool(lines_with(seen, shown)) is missing
    assert bool(lines_with(seen, "`/flow link @person` · ")) is not missing


@pytest.mark.parametrize(("words", "family"), [(word, each) for word, each in FAMILIES.items()])
async def test_a_family_is_a_topic_in_both_languages(world, words, family):
    (seen,) = await world.alex.says(f"帮助 {words}")
    verbs = [row.verb for row in SHOWN if row.family is family]
    assert [command.split()[0] for command in commands(seen)][: len(verbs)] == verbs


@pytest.mark.parametrize("row", SHOWN, ids=lambda row: row.verb)
async def test_help_of_a_verb_shows_its_examples(world, maya, row):
    (seen,) = await maya.says(f"help {row.verb}")
    for example in (row.syntax, *row.examples):
        assert f"`/flow {example}`" in seen.text
    others = {each.who for each in SHOWN} - {row.who}
    assert help_cards.WHO[row.who].text in seen.text
    assert not any(help_cards.WHO[each].text in seen.text for each in others)


async def test_help_has_the_words_of_its_readers_language(world, maya):
    world.slack.person(maya.person, "maya", language=ZH)
    (seen,) = await maya.says("help trigger")
    assert commands(seen) == [f"{BY_VERB['trigger'].syntax_in(ZH)}", *BY_VERB["trigger"].examples_zh]
    (seen,) = await maya.says("help")
    assert commands(seen)[:2] == ["失败", "告警"]
    assert [value.split("|")[2] for value in seen.buttons.values()][:2] == ["help runs", "help incidents"]


async def test_help_for_an_unknown_word_points_at_the_list(world, maya):
    (seen,) = await maya.says("help qqqq")
    assert "There is no command `qqqq`. `help` lists all commands." in seen.text


async def test_status_counts_what_waits_and_what_is_open(world, maya):
    (seen,) = await maya.writes("status")
    assert seen.place == "dm maya"
    assert lines_with(seen, "No open incidents.")
    assert not lines_with(seen, "to be sent")
    await world.breaks()
    await world.store.queue(
        [NewPost(PostId("later"), PostKind.MESSAGE, Lane.ALERT, OPS, {"text": "x"}, world.now + timedelta(days=1))]
    )
    (seen,) = await maya.writes("status")
    assert lines_with(seen, "1 incident is open.")
    assert lines_with(seen, "1 message waits to be sent.")
    assert lines_with(seen, "*Watching* 18 of 19 flows | *EnOS checked* 4 s ago")


async def test_status_says_whom_to_ask_to_those_who_can_fix_nothing(world, maya):
    world.trouble = (msg("Slack is not connected."),)
    (seen,) = await maya.writes("status")
    assert lines_with(seen, "If this lasts, ask a flowbot admin.")
    (seen,) = await world.alex.writes("status")
    assert lines_with(seen, "Slack is not connected.")
    assert not lines_with(seen, "ask a flowbot admin")


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
    assert "Audit: 500" in first.text
    assert "Page 1 of 50" in first.text
    assert "These are the newest 500 entries. To see the others, use a shorter period." in first.text
    (second,) = await world.alex.presses(first, "Next")
    assert "Page 2 of 50" in second.text
    (past,) = await world.alex.says("audit page 99")
    assert "Page 50 of 50" in past.text


# ── people ──


async def test_the_person_and_the_other_admins_get_a_message_about_a_link(world, maya):
    world.answer_settings = replace(world.answer_settings, admins=frozenset({"U0ALEX00001", "U0MAYA00001"}))
    world.restart()
    seen = await world.alex.says("link <@U0PRIYA0001> u15432100000000013 priya.nair")
    assert {each.place for each in seen} == {"only alex sees", "dm priya", "dm maya"}
    told = [each for each in seen if each.place.startswith("dm")]
    assert all("If this is wrong, tell a flowbot admin." in each.text for each in told)
    assert (await world.store.link(world.priya.person)).user_name == "priya.nair"
    (row,) = await world.audited()
    assert row[2:] == ("done", "", "", "T0DEMO0001:U0PRIYA0001 u15432100000000013 priya.nair")


async def test_an_enos_user_name_that_is_taken_is_refused_with_its_person(world):
    (seen,) = await world.alex.says("link <@U0PRIYA0001> u15432100000000013 maya.chen")
    assert "is already linked to <@U0MAYA00001>. An EnOS user can have only one person." in seen.text
    assert await world.store.link(world.priya.person) is None


async def test_a_link_that_is_confirmed_while_enos_is_down_stays_proven(world):
    world.enos.faults["my_flows"] = [NoResponse(30)]
    seen = await world.alex.says("link <@U0MAYA00001> u15432100000000011 maya.chen")
    assert any("confirmed the link of <@U0MAYA00001>" in each.text for each in seen)
    assert any("It was verified before, and stays verified." in each.text for each in seen)
    assert (await world.store.link(world.maya.person)).verified


async def test_proving_a_link_reads_at_most_ten_flows(world):
    for number in range(VERIFY_FLOWS + 3):
        world.enos.add(100 + number, f"flow {number}", "priya.nair")
    world.enos.names["u15432100000000013"] = "priya.nair"
    seen = await world.alex.says("link <@U0PRIYA0001> u15432100000000013 priya.n")
    text = next(each.text for each in seen if each.place == "only alex sees")
    assert f"none of the first {VERIFY_FLOWS} flows that this user can edit names `priya.n` as an owner" in text
    assert sum(call[0] == "flow" for call in world.enos.calls) == VERIFY_FLOWS


@pytest.mark.parametrize(("user", "known"), [("U0STRANGE01", False), ("U0ROBOT0001", False), ("U0GUEST0001", True)])
async def test_only_people_of_this_workspace_are_linked(world, user, known):
    seen = await world.alex.says(f"link <@{user}> u15432100000000019 some.body")
    assert any("I can link active people of this workspace only" in each.text for each in seen) is not known


async def test_a_linked_guest_is_answered(world):
    link = Link(world.guest.person, UserId("u15432100000000019"), UserName("guest.one"))
    await world.store.put_links([link])
    (seen,) = await world.guest.says("runs")
    assert "EnOS shows you no runs today" in seen.text


async def test_without_a_time_zone_the_settings_zone_is_used_and_shown(world):
    world.slack.person(world.priya.person, "priya", timezone="")
    (seen,) = await world.priya.says("whoami")
    assert "Your times are in `UTC`: your Slack profile has no time zone that I know." in seen.text


async def test_a_long_list_of_people_has_pages(world):
    links = [Link(Person("T0DEMO0001", f"U0P{n:08}"), UserId(f"u{n}"), UserName(f"p{n:02}")) for n in range(20)]
    await world.store.put_links(links)
    (first,) = await world.alex.says("people")
    assert "Linked people: 24" in first.text
    assert "Page 1 of 3" in first.text
    (second,) = await world.alex.presses(first, "Next")
    assert set(second.buttons) == {"Previous", "Next"}


async def test_a_bug_is_shown_by_a_reference_that_is_in_the_log(world, maya, caplog):
    world.enos.faults["flow"] = [KeyError("bug")]
    (seen,) = await maya.says("enable 3377", channel=OPS)
    reference = seen.text.split("`")[1]
    assert f"reference {reference}" in caplog.text
    assert [row[2] for row in await world.audited()] == [f"bug:{reference}"]
