"""The home tab: there at once, true within seconds, and free of cost while nobody looks."""

import asyncio
from datetime import timedelta

import pytest
from answer_world import FAILED
from home_kit import HomeWorld

from bot.core.flow.model import FlowName
from bot.core.incident.model import Phase
from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnreachable
from bot.enos.errors import NoResponse
from bot.work import home, home_facts

GROUP = "S0ONCALL01"


@pytest.fixture
async def homes(world):
    yield HomeWorld(world)
    await world.services.flow_lists.close()


async def looked(homes, actor):
    """Somebody has their home open, and EnOS has listed their flows."""
    await homes.opens(actor)
    await homes.world.services.flow_lists.read(homes.world.services, link_of(homes.world, actor), 5)
    await homes.changed()
    return homes.seen(actor)


def link_of(world, actor):
    from answer_world import LINKED

    from bot.core.people.model import Link

    _, user_id, user_name = LINKED[actor.name]
    return Link(actor.person, user_id, user_name, verified=True)


def held_back(world):
    """EnOS answers Get My Flow only after the event that is returned."""
    go, my_flows = asyncio.Event(), world.enos.my_flows

    async def late(*terms, **more):
        await go.wait()
        return await my_flows(*terms, **more)

    world.enos.my_flows = late
    return go


async def test_it_is_there_while_enos_hangs_and_then_says_the_truth(world, homes, maya):
    go = held_back(world)
    await world.breaks()
    seen = await homes.opens(maya)
    assert "I'm reading your flows from EnOS." in seen
    assert "daily-energy-report" not in seen  # whether EnOS still shows it to her is not known
    go.set()
    seen = await looked(homes, maya)
    assert "3377` *daily-energy-report* · task `transform` · since" in seen
    assert "Your flows as EnOS listed them" in seen


async def test_a_failure_appears_is_acknowledged_from_it_and_is_gone_once_it_recovered(world, homes, maya):
    assert "You have no open incidents." in await looked(homes, maya)
    await world.breaks()
    await homes.changed()
    assert "not acknowledged" in homes.seen(maya)
    seen = await homes.presses(maya, "Acknowledge")
    assert [each.place for each in seen] == ["thread in #data-ops", "#data-ops", "dm maya"]
    assert "acknowledged by you until" in homes.seen(maya)
    await homes.presses(maya, "Hand back")
    assert "not acknowledged" in homes.seen(maya)
    await world.maya.says("close 3377 because not needed")
    await homes.changed()
    assert "You have no open incidents." in homes.seen(maya)


async def test_a_button_of_one_drawing_acts_once_and_that_of_the_next_again(world, homes, maya):
    await looked(homes, maya)
    await world.breaks()
    await homes.changed()
    acknowledge = homes.values(maya)["Acknowledge"]
    await homes.carries(maya, acknowledge)
    (seen,) = await homes.carries(maya, acknowledge)
    assert seen.place == "dm maya"
    assert "Already done" in seen.text
    await homes.presses(maya, "Hand back")
    await homes.presses(maya, "Acknowledge")
    assert (await world.incident()).phase is Phase.ACKNOWLEDGED
    assert [what for who, what, outcome, *_ in await world.audited() if outcome == "done"] == [
        "ack 3377",
        "unack 3377",
        "ack 3377",
    ]


async def test_answers_and_refusals_of_the_home_go_to_the_direct_messages(world, homes, maya):
    await looked(homes, maya)
    for label in ("Failed today", "My incidents", "Help", "All my flows", "View flow"):
        if label in homes.values(maya):
            (seen,) = await homes.presses(maya, label)
            assert seen.place == "dm maya", label
    (seen,) = await homes.carries(maya, "1|p1|people")
    assert (seen.place, "Only flowbot admins" in seen.text) == ("dm maya", True)


async def test_snoozes_watches_and_who_is_on_call_are_in_it(world, homes, maya, on_call):
    world.slack.joined["C0DATAOPS1"] |= {"U0MAYA00001"}
    await looked(homes, maya)
    await maya.says("snooze 3377 for 2h because the source is being repaired")
    await maya.writes("watch of 2809")
    await maya.says("watch of 3377 after 3")
    await homes.changed()
    seen = homes.seen(maya)
    assert "# Your snoozes" in seen
    assert "direct messages to <@U0MAYA00001> · flow `2809`" in seen
    assert "<#C0DATAOPS1> · flow `3377`" in seen
    assert f"<!subteam^{GROUP}>" in seen
    await homes.presses(maya, "Remove")
    assert "`2809` *turbine-10min* (" not in homes.seen(maya).partition("# Your watches")[2]
    await homes.presses(maya, "End snooze")
    assert "# Your snoozes" not in homes.seen(maya)


async def test_who_is_not_linked_is_told_how_and_sees_what_they_acknowledged(world, homes):
    world.slack.joined["C0DATAOPS1"] = {"U0SAMLEE001"}
    seen = await homes.opens(world.sam)
    assert "You're not linked to an EnOS user yet. Ask for it with `/flow link me USERID NAME`" in seen
    assert "# Your flows" not in seen
    assert "# Your incidents" not in seen
    await world.breaks()
    await world.sam.says("ack 3377")
    await homes.changed()
    assert "acknowledged by you until" in homes.seen(world.sam)
    assert "Rerun" not in homes.seen(world.sam)
    (seen,) = await homes.presses(world.sam, "Help")
    assert seen.place == "dm sam"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("guest", "I answer guests only after they are linked"),
        ("stranger", "I answer people of my own workspace only"),
        ("gone", "This account is deactivated"),
        ("robot", "I answer people only, not apps"),
    ],
)
async def test_others_see_one_sentence(world, homes, name, sentence):
    await world.breaks()
    actor = world.actors[name]
    seen = await homes.opens(actor)
    assert seen.startswith(f"[home]\n{sentence}")
    assert len(seen.splitlines()) == 2
    await homes.changed()
    assert homes.drawn(actor) == 1


async def test_an_incident_that_enos_hides_from_them_is_not_in_it(world, homes, jonas):
    world.enos.hidden[3377] = {"u15432100000000012"}
    seen = await looked(homes, jonas)
    await world.breaks(owners=("maya.chen", "jonas.weber"))
    await homes.changed()
    assert homes.seen(jonas) == seen


async def test_where_enos_did_not_answer_it_says_why_and_what_is_not_shown(world, homes, maya):
    world.enos.faults["my_flows"] = [NoResponse(30)]
    await world.breaks()
    await maya.says("ack 3377")
    seen = await looked(homes, maya)
    assert "acknowledged by you until" in seen
    assert "I can't show your flows and their incidents. EnOS did not answer within 30 s." in seen
    await maya.says("unack 3377")
    await homes.changed()
    assert homes.seen(maya).count("I can't show your flows") == 1


async def test_while_nobody_looks_nothing_is_drawn_or_asked(world, homes, maya):
    await world.breaks()
    await homes.changed()
    homes.homes.changed()
    assert not homes.homes._changed.is_set()
    await looked(homes, maya)
    drawn, asked = homes.drawn(maya), len(world.enos.calls)
    homes.homes.changed()
    await homes.changed()  # nothing differs
    assert (homes.drawn(maya), len(world.enos.calls)) == (drawn, asked)
    world.later(minutes=29)
    await world.maya.says("ack 3377")
    asked = len(world.enos.calls)
    await homes.changed()
    assert (homes.drawn(maya), len(world.enos.calls)) == (drawn + 1, asked)  # a change asks EnOS for nothing
    world.later(minutes=2)
    await world.maya.says("unack 3377")
    await homes.changed()
    assert homes.drawn(maya) == drawn + 1
    assert homes.homes._open == {}


async def test_who_presses_a_button_still_looks(world, homes, maya):
    await looked(homes, maya)
    world.later(minutes=29)
    await homes.presses(maya, "Help")
    world.later(minutes=29)
    drawn = homes.drawn(maya)
    await world.breaks()
    await homes.changed()
    assert homes.drawn(maya) == drawn + 1


async def test_one_view_is_sent_a_second_and_several_changes_are_one(world, homes, maya, jonas):
    await looked(homes, maya)
    await looked(homes, jonas)
    assert homes.paused.count(1.0) == 3  # all but the first wait for their turn
    world.later(seconds=5)
    await world.breaks()
    await maya.says("ack 3377")
    drawn, homes.paused[:] = homes.drawn(maya), []
    await homes.changed()
    assert (homes.drawn(maya), homes.paused) == (drawn + 1, [])


async def test_the_loop_waits_for_changes_and_draws_them(world, homes, maya):
    await looked(homes, maya)
    loop = asyncio.create_task(homes.homes.run())
    drawn = asyncio.Event()
    publish = world.views.publish

    async def noted(*view, **more):
        drawn.set()
        return await publish(*view, **more)

    world.views.publish = noted
    await world.breaks()
    await drawn.wait()
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert "not acknowledged" in homes.seen(maya)


async def test_a_bug_in_one_home_does_not_end_the_loop(world, homes, maya, caplog):
    await looked(homes, maya)

    async def broken(*_view, **_more):
        raise ValueError("a bug")

    world.views.publish = broken
    await world.breaks()
    await homes.changed()
    assert "A home could not be drawn" in caplog.text


async def test_a_bug_in_what_it_shows_is_a_sentence_with_a_reference(world, homes, maya, monkeypatch, caplog):
    monkeypatch.setattr(home_facts, "own_flows", None)
    assert "Something broke on my side." in await homes.opens(maya)
    assert "A home hit a bug" in caplog.text


async def test_where_slack_takes_long_it_says_so_first(world, homes, maya, monkeypatch):
    monkeypatch.setattr(home, "PATIENCE", 0.01)
    go, first, profile, publish = asyncio.Event(), asyncio.Event(), world.slack.profile, world.views.publish

    async def late(*who, **more):
        await go.wait()
        return await profile(*who, **more)

    async def noted(*view, **more):
        shown = await publish(*view, **more)
        first.set()
        return shown

    world.slack.profile, world.views.publish = late, noted
    opening = asyncio.create_task(homes.opens(maya))
    await first.wait()
    assert "One moment" in homes.seen(maya)
    go.set()
    assert "# Your flows" in await opening
    assert homes.drawn(maya) == 2


async def test_where_slack_does_not_answer_it_says_so(world, homes, maya):
    async def silent(*_who, **_more):
        raise SlackUnreachable("no answer")

    world.slack.profile = silent
    assert "Slack did not answer" in await homes.opens(maya)


async def test_a_home_that_is_off_breaks_nothing_and_is_logged_once(world, homes, maya, jonas, caplog):
    world.views.broken["publish"] = SlackRefused("not_enabled")
    for actor in (maya, jonas, maya):
        assert await homes.opens(actor) == ""
    assert caplog.text.count("Slack refuses to show a home: not_enabled") == 1
    assert (homes.homes.refused, homes.homes._open) == ("not_enabled", {})
    world.views.broken.clear()
    assert "# Your flows" in await homes.opens(maya)
    assert homes.homes.refused == ""


@pytest.mark.parametrize("error", [SlackUnreachable("no answer"), SlackLimited(7)])
async def test_what_slack_did_not_take_is_sent_again_a_few_times(world, homes, maya, error):
    world.views.broken["publish"] = error
    await homes.opens(maya)
    await homes.changed()
    assert not homes.homes._changed.is_set()  # given up until something changes
    assert (8.0 in homes.paused) is isinstance(error, SlackLimited)
    world.views.broken.clear()
    await world.breaks()
    await homes.changed()
    assert "# Your incidents" in homes.seen(maya)


async def test_those_who_opened_theirs_first_are_forgotten_where_they_are_many(world, homes, monkeypatch, maya, jonas):
    monkeypatch.setattr(home, "MOST_OPEN", 1)
    await homes.opens(maya)
    await homes.opens(jonas)
    assert [each.user for each in homes.homes._open] == [jonas.person.user]


async def test_long_lists_are_cut_and_say_how_much_more_there_is(world, homes, maya):
    async def my_flows(*_terms, **_more):
        return tuple(FlowName(7000 + n, f"meter-{n:02}", editable=True) for n in range(40))

    world.enos.my_flows = my_flows
    await looked(homes, maya)
    for n in range(13):
        await world.breaks(f"{7000 + n}-2026112102", flow=7000 + n, name=f"meter-{n:02}")
        world.later(seconds=1)
    for n in range(8):
        await world.maya.writes(f"watch matching meter-{n}*")
    await homes.changed()
    seen = homes.seen(maya)
    assert seen.count("· since ") == 10
    assert [line for line in seen.splitlines() if line.startswith("… ")] == [
        "… and 3 more",
        "… and 30 more",
        "… and 3 more",
    ]
    assert "meter-12" in seen.partition("# Your flows")[0]  # the newest first
    (answer,) = await homes.presses(maya, "All my flows")
    assert "Your flows: 40" in answer.text


async def test_it_speaks_the_language_of_the_person(world, homes, maya):
    world.speaks("zh")
    await world.breaks()
    seen = await looked(homes, maya)
    assert "# 你的告警" in seen
    await homes.presses(maya, "Acknowledge")
    assert "你已认领" in homes.seen(maya)


async def test_a_change_while_it_is_drawn_is_drawn_after_it(world, homes, maya):
    await looked(homes, maya)
    publish, meanwhile = world.views.publish, []

    async def slow(user, view, *language, **more):
        if not meanwhile:
            meanwhile.append(user)
            await world.maya.says("ack 3377")
            homes.homes.changed()
            await homes.homes.redraw()  # somebody else's turn: it does not draw over this one
        return await publish(user, view, *language, **more)

    world.views.publish = slow
    await world.breaks()
    await homes.homes.redraw()
    assert "acknowledged by you until" in homes.seen(maya)


def test_a_home_stays_open_for_a_while():
    assert timedelta(minutes=5) <= home.OPEN_FOR <= timedelta(hours=1)


async def test_a_run_that_history_learned_of_is_in_it_once_something_says_so(world, homes, maya):
    from answer_scenes_finding import past

    await looked(homes, maya)
    assert "no run known · `3377`" in homes.seen(maya)
    await past(world, (FAILED, 1))
    homes.homes.changed()
    await homes.changed()
    assert "🟢 SUCCESS · `3377`" in homes.seen(maya)
