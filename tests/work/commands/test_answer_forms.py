"""Forms: opened at once, filled, and turned into commands; each is another way to say what could be typed."""

import asyncio
from dataclasses import replace

import pytest
from answer_world import FAILED, OPS

from bot.core.errors import DatabaseUnavailable
from bot.core.forms import fields
from bot.core.forms.model import Show, View
from bot.core.incident.model import Phase
from bot.core.outbox import blocks
from bot.core.outbox.conversations import SlackRefused, SlackUnclear
from bot.core.people.model import Origin, Surface
from bot.core.text.escape import Markup
from bot.work.forms.form import Form
from bot.work.forms.forms import Forms


async def words(world):
    """The words and the end of the newest attempt."""
    return (await world.audited())[-1][1:3]


# ── each form, and what it says ──


async def test_an_incident_is_acknowledged_by_form(world, maya):
    card = await world.breaks()
    view = await maya.presses(card, "Acknowledge for …")
    assert view.history[0] == "[Acknowledge]\nLoading …\n(Close)"
    assert "This form sends `ack 3377 for 4h`." in view.text
    await maya.fills(view, how_long="8h")
    assert "This form sends `ack 3377 for 8h`." in view.text
    (reply, _card) = await maya.submits(await maya.fills(view, note="looking at it"))
    assert reply.place == "thread in #data-ops"
    incident = await world.incident()
    assert (incident.phase, incident.note) == (Phase.ACKNOWLEDGED, "looking at it")
    assert await words(world) == ("ack 3377 for 8h because looking at it", "done")


async def test_an_incident_is_closed_by_form(world, maya):
    view = await maya.presses(await world.breaks(), "Close")
    await maya.submits(await maya.fills(view, **{"as": "expected"}, note="that day is not needed"))
    assert await words(world) == ("close 3377 as expected because that day is not needed", "done")


async def test_a_flow_is_snoozed_by_form_for_a_while_until_a_time_and_until_success(world, maya):
    card = await world.breaks()
    for values, said in (
        ({"how_long": "4h"}, "for 4h"),
        ({"how_long": "success"}, "until success"),
        ({"until": "23:30"}, "until 23:30"),
    ):
        view = await maya.presses(card, "Snooze")
        await maya.submits(await maya.fills(view, **values, note="the source is being repaired"))
        assert await words(world) == (f"snooze 3377 {said} because the source is being repaired", "done")
        await maya.says("unsnooze 3377")
        world.later(minutes=1)


async def test_somebody_is_asked_by_form(on_call):
    view = await on_call.maya.presses(await on_call.breaks(), "Assign")
    assert "This form sends" not in view.text, "nobody is chosen yet"
    seen = await on_call.maya.submits(await on_call.maya.fills(view, whom="U0JONAS0001"))
    assert (await on_call.incident()).ask is not None
    assert any("<@U0JONAS0001>" in each.text for each in seen)


async def test_what_was_said_is_in_the_form(world, maya):
    view = await maya.opens("snooze 2809 until tomorrow 08:00")
    assert "Flow: [2809]" in view.text
    assert "Or until (optional): [tomorrow 08:00]" in view.text
    assert "`snooze 2809 until tomorrow 08:00 because …`" in view.text
    view = await maya.opens("snooze 2809 for 90m")
    assert "For how long?: [1 h 30 min]" in view.text


async def test_a_command_without_its_flow_asks_for_it(world, maya):
    await world.breaks()
    view = await maya.opens("ack")
    assert "This form sends" not in view.text
    assert await maya.submits(view) == {"target": "Which flow? Write its ID or name, for example 3377."}
    assert "I don't understand" in (await maya.submits(await maya.fills(view, target="3377 nonsense")))["target"]
    await maya.submits(await maya.fills(view, target="daily-energy-report"))
    assert (await world.incident()).phase is Phase.ACKNOWLEDGED


async def test_a_name_that_no_field_holds_is_asked_for(world, maya):
    view = await maya.opens(f"snooze {'n' * 301}")
    assert "Flow: []" in view.text
    assert "This form sends" not in view.text
    assert f'Flow: ["{"n" * 200}"]' in (await maya.opens(f"snooze {'n' * 200}")).text


async def test_errors_are_at_their_fields(world, maya):
    view = await maya.presses(await world.breaks(), "Snooze")
    errors = await maya.submits(await maya.fills(view, until="25:99", note=" … "))
    assert set(errors) == {"until", "note"}
    assert "Give a reason" in errors["note"]
    assert await world.audited() == []
    errors = await maya.submits(await maya.fills(view, until="18:00 for 2h", note="x"))
    assert set(errors) == {"until"}


async def test_what_only_the_command_knows_is_its_usual_answer(world, jonas):
    view = await jonas.presses(await world.breaks(), "Snooze")
    (refused,) = await jonas.submits(await jonas.fills(view, note="x"))
    assert refused.place == "only jonas sees"
    assert "Only owners of" in refused.text


# ── opened ──


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (SlackRefused("expired_trigger_id"), "Slack took too long, so the form did not open. Nothing was changed."),
        (SlackRefused("invalid_arguments"), "Slack did not open the form (invalid_arguments). Nothing was changed."),
        (SlackUnclear("cut"), "Slack did not open the form (no answer). Nothing was changed."),
    ],
)
async def test_a_form_that_does_not_open_is_one_sentence_with_the_command(world, maya, error, sentence):
    world.views.broken["open"] = error
    told = await maya.opens("snooze")
    assert told.startswith(f"{sentence} Type the command instead, for example `/flow snooze 2809 ")


async def test_what_has_no_command_of_its_name_points_to_help(world, maya):
    world.forms = Forms(world.services, world.dispatcher, {"ack": replace(a_form(), name="other")})
    world.views.broken["open"] = SlackRefused("expired_trigger_id")
    assert "`/flow help` lists what you can do." in await maya.opens("ack")


async def test_a_used_trigger_id_opens_nothing_twice(world, maya):
    await maya.opens("snooze", trigger="t1")
    assert "did not open" in await maya.opens("snooze", trigger="t1")


async def test_the_form_opens_before_anything_is_asked(world, maya):
    hangs, asked = asyncio.Event(), asyncio.Event()

    async def profile(user, *, team=""):
        asked.set()
        await hangs.wait()
        return world.slack.profiles[user]

    world.slack.profile = profile
    opening = asyncio.ensure_future(maya.opens("snooze"))
    await asked.wait()
    assert world.views.now.text == "[Snooze flow]\nLoading …\n(Close)"
    hangs.set()
    assert "Reason" in (await opening).text


async def test_a_form_that_was_closed_meanwhile_is_told_in_one_sentence(world, maya):
    world.views.broken["update"] = SlackRefused("not_found")
    told = await maya.opens("snooze")
    assert told.startswith("You closed the form before it was ready. Nothing was changed.")


@pytest.mark.parametrize("error", [SlackRefused("hash_conflict"), SlackRefused("view_too_large"), SlackUnclear("cut")])
async def test_a_view_that_cannot_be_updated_shows_what_it_showed(world, maya, error):
    world.views.broken["update"] = error
    assert (await maya.opens("snooze")).text.endswith("Loading …\n(Close)")


@pytest.mark.parametrize(
    ("who", "sentence"),
    [("stranger", "I answer people of my own workspace only."), ("guest", "I answer guests only after"), ("gone", "")],
)
async def test_who_may_not_use_flowbot_reads_so_in_the_form(world, who, sentence):
    card = await world.breaks()
    view = await world.actors[who].presses(card, "Snooze")
    assert sentence in view.text
    assert "daily-energy-report" not in view.text
    assert "(Snooze)" not in view.text


async def test_a_silent_slack_and_a_bug_are_told_in_the_form(world, maya):
    world.slack.broken["profile"] = SlackUnclear("cut")
    assert "Slack did not answer" in (await maya.opens("snooze")).text
    world.slack.broken["profile"] = RuntimeError("boom")
    assert "Something broke on my side." in (await maya.opens("snooze")).text


async def test_a_mention_that_lacks_words_offers_the_form(world, maya):
    card = await world.breaks()
    (told,) = await maya.mentions("snooze for 3h", thread=card.ts)
    view = await maya.presses(told, "Open the form")
    assert "`snooze 3377 for 3h because …`" in view.text
    (told,) = await maya.mentions("snooze 2809 for 3h", thread=card.ts)
    view = await maya.presses(told, "Open the form")
    assert "Flow: [2809]" in view.text, "the words name another flow than the thread"
    (told,) = await maya.writes("assign")
    assert "Who should take it?" in (await maya.presses(told, "Open the form")).text
    (told,) = await maya.mentions("show", thread=card.ts)
    assert "Open the form" not in told.buttons


async def test_a_secret_in_the_words_is_not_in_the_button(world, maya):
    (told,) = await maya.writes("snooze password=hunter2")
    assert "hunter2" not in str(told.body)


# ── while it is open ──


async def test_it_says_so_where_its_incident_has_changed_and_the_second_submission_acts(world, maya):
    card = await world.breaks()
    view = await maya.presses(card, "Acknowledge for …")
    await maya.fills(view, how_long="8h")
    await world.sam.presses(card, "Acknowledge")
    asked = await maya.submits(view)
    assert asked is view
    assert "*This has changed while the form was open.* Nothing was done yet." in view.text
    assert "<@U0SAMLEE001> is on it until" in view.text
    assert "🟠 ACKNOWLEDGED · daily-energy-report" in view.text
    assert "For how long?: [8 h]" in view.text
    assert len(await world.audited()) == 1
    await maya.submits(view)
    assert (await words(world))[0] == "ack 3377 for 8h"


async def test_further_failures_are_no_change(world, maya):
    card = await world.breaks()
    view = await maya.presses(card, "Close")
    incident = await world.incident()
    again = replace(incident, occurrences=(*incident.occurrences, incident.occurrences[-1]))
    await world.put(again, "another-post")
    await world.delivered()
    await maya.submits(view)
    assert (await world.incident()).phase is Phase.CLOSED


async def test_where_the_database_is_away_the_command_says_so(world, maya, monkeypatch):
    view = await maya.presses(await world.breaks(), "Close")

    async def away(_id):
        raise DatabaseUnavailable("disk is full")

    monkeypatch.setattr(world.store, "incident", away)
    submitted = await maya.submits(view)
    assert submitted != {}


async def test_a_second_submission_does_nothing(world, maya):
    view = await maya.presses(await world.breaks(), "Close")
    shown = view.hash
    assert await maya.submits(view, shown)
    assert await maya.submits(view, shown) == []
    assert len(await world.audited()) == 1


async def test_a_form_works_an_hour_later_and_after_a_restart(world, maya):
    view = await maya.presses(await world.breaks(), "Acknowledge for …")
    world.restart()
    world.later(hours=1)
    await maya.fills(view, how_long="1h")
    await maya.submits(view)
    assert await words(world) == ("ack 3377 for 1h", "done")


async def test_a_late_update_replaces_nothing_that_came_after_it(world, maya):
    card = await world.breaks()
    view = await maya.presses(card, "Acknowledge for …")
    slow, asked = asyncio.Event(), asyncio.Event()
    profile = world.slack.profile

    async def waits(user, *, team=""):
        if not asked.is_set():
            asked.set()
            await slow.wait()
        return await profile(user, team=team)

    world.slack.profile = waits
    first = asyncio.ensure_future(maya.fills(view, how_long="1h"))
    await asked.wait()
    await maya.fills(view, how_long="8h")
    slow.set()
    await first
    assert "`ack 3377 for 8h`" in view.text


async def test_only_the_newest_views_are_remembered(world, maya, monkeypatch):
    monkeypatch.setattr("bot.work.forms.forms.MOST_KEPT", 2)
    card = await world.breaks()
    views = [await maya.presses(card, "Acknowledge for …") for _ in range(3)]
    await maya.fills(views[0], how_long="8h")
    assert "`ack 3377 for 8h`" in views[0].text
    assert len(world.forms._shown) == 2


async def test_an_answer_that_has_no_channel_goes_to_the_direct_messages(world, maya):
    await world.breaks()
    origin = Origin(Surface.HOME, maya.person.user)
    for said in ("failed", "ack 2809"):
        (told,) = await world.say(maya, said, origin)
        assert (told.place, told.kind) == ("dm maya", "message")


# ── forms of others ──


def a_form(**more):
    async def opens(_services, _context, _asked):
        return View("", Markup("Form"), [fields.text("a", Markup("A"))], submit=Markup("Go"))

    async def submits(_services, _submitted):
        async def follows(_context):
            return more.get("follows")

        shown = View("", Markup("Wait"), [blocks.section(Markup("Working"))])
        return Show(shown, follows if "follows" in more else None)

    return Form("ack", Markup("Form"), opens, submits, **{k: v for k, v in more.items() if k != "follows"})


async def test_what_takes_long_follows_the_answer_to_a_submission(world, maya):
    done = View("", Markup("Done"), [blocks.section(Markup("Ready"))])
    for follows, text in ((done, "[Done]\nReady\n(Close)"), (None, "[Wait]\nWorking\n(Close)")):
        world.forms = Forms(world.services, world.dispatcher, {"ack": a_form(follows=follows)})
        view = await maya.opens("ack")
        assert (await maya.submits(view)).text == text
    world.forms = Forms(world.services, world.dispatcher, {"ack": a_form()})
    assert (await maya.submits(await maya.opens("ack"))).text == "[Wait]\nWorking\n(Close)"


async def test_choices_are_those_of_the_form(world, maya):
    async def options(_services, asked):
        return [(Markup(f"flow {asked.typed}"), "1")]

    async def opens(_services, _context, _asked):
        return View("", Markup("Form"), [fields.search("a", Markup("A"), reports=True)], submit=Markup("Go"))

    world.forms = Forms(world.services, world.dispatcher, {"ack": replace(a_form(options=options), open=opens)})
    view = await maya.opens("ack")
    assert await maya.types(view, "a", "dai") == ["flow dai"]
    before = view.hash
    await maya.fills(view, a="1")
    assert view.hash == before, "nothing follows from the change"
    world.forms = Forms(world.services, world.dispatcher, {"ack": replace(a_form(), open=opens)})
    assert await maya.types(view, "a", "dai") == []


async def test_the_home_is_drawn_by_whoever_draws_it(world):
    await world.forms.home_opened("opened")
    drawn = []

    async def draw(opened):
        drawn.append(opened)

    world.forms.on_home_opened = draw
    await world.forms.home_opened("opened")
    assert drawn == ["opened"]


# ── shortcuts ──


async def shortcut(world, actor, text, message, thread=""):
    origin = Origin(Surface.SHORTCUT, OPS, thread, message, response_url="https://hooks.slack.test/9")
    return await world.say(actor, text, origin)


async def test_the_shortcuts_on_a_card_and_in_its_thread_act(world, maya):
    card = await world.breaks()
    world.enos.run(FAILED)
    (reply, _card) = await shortcut(world, maya, "ack", card.ts)
    assert reply.place == "thread in #data-ops"
    world.later(minutes=2)
    (preview,) = await shortcut(world, maya, "rerun", "9.9", card.ts)
    await maya.presses(preview, "Rerun")
    assert [said for _, said, *_ in await world.audited()] == ["ack", f"rerun {FAILED}"]
    assert world.enos.done() != []


async def test_on_another_message_a_shortcut_is_one_sentence(world, maya):
    for said in ("ack", "rerun"):
        (told,) = await shortcut(world, maya, said, "1.1")
        assert told.place == "only maya sees"
        assert told.text.startswith("This message is not about an incident. Nothing was changed.")
    assert await world.audited() == []


async def test_a_stranger_learns_nothing_by_a_shortcut(world):
    card = await world.breaks()
    (told,) = await shortcut(world, world.stranger, "ack", card.ts)
    assert told.text.startswith("I answer people of my own workspace only.")
