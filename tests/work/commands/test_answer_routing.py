"""Watches and preferences: where they hold, who may change them, and what they are made of."""

from dataclasses import replace
from datetime import timedelta

import pytest
from answer_scenes_routing import all_buttons, joins
from answer_world import ELSEWHERE, FINANCE, OPS

from bot.core.outbox.conversations import SlackRefused, SlackUnclear
from bot.core.routing.prefs import DEFAULTS

DAY = timedelta(days=1)
MAYA, JONAS = "U0MAYA00001", "U0JONAS0001"


@pytest.fixture
def alex(world):
    return world.alex


async def recorded(world):
    return await world.store.audit_entries(world.now - DAY, world.now + DAY)


async def test_a_watch_holds_what_was_said_in_the_zone_of_who_said_it(world, maya):
    (told,) = await maya.says("watch of daily-energy-report by jonas.weber matching DAILY-* after 3 quiet 22:00-07:00")
    (kept,) = await world.store.watches(OPS)
    wanted = kept.filters
    assert (wanted.flow, wanted.owner, wanted.glob, wanted.after) == (3377, "jonas.weber", "DAILY-*", 3)
    assert (wanted.quiet.words, wanted.quiet.zone) == ("22:00-07:00", "Asia/Shanghai")
    assert (kept.by, kept.flow_name) == (maya.person, "daily-energy-report")
    assert told.place == "#data-ops"
    assert "quiet from 22:00 to 07:00, Asia/Shanghai" in told.text


async def test_in_a_direct_message_they_are_ones_own(world, maya, jonas):
    await maya.writes("watch")
    await jonas.writes("watch of 2809")
    (own,) = await world.store.watches(maya.person.user)
    assert own.is_personal
    (told,) = await jonas.writes(f"unwatch {own.id}")
    assert "There is no such watch here." in told.text
    (told,) = await maya.says(f"unwatch {own.id}")
    assert "There are no watches here." in told.text
    assert len(await world.store.watches()) == 2


async def test_each_watch_of_the_list_has_a_button_that_removes_it(world, maya, jonas):
    for words in ("watch of 3377", "watch of 2809", "watch by me"):
        await maya.says(words)
    (listed,) = await jonas.says("watches")
    ids = [each.id for each in await world.store.watches(OPS)]
    assert [value.rpartition("|")[2] for _, value in all_buttons(listed)] == [f"unwatch {each}" for each in ids]
    (told,) = await jonas.carries(listed, all_buttons(listed)[1][1])
    assert "<@U0JONAS0001> removed a watch." in told.text
    assert told.place == "#data-ops"
    assert [each.filters.flow for each in await world.store.watches(OPS)] == [3377, None]
    (again,) = await maya.presses(told, "Add again")
    assert "added a watch" in again.text
    assert {each.filters.flow for each in await world.store.watches(OPS)} == {3377, 2809, None}


async def test_two_who_press_remove_at_once_remove_it_once(world, maya, jonas):
    await maya.says("watch of 3377")
    (first,), (second,) = await maya.says("watches"), await jonas.says("watches")
    await maya.carries(first, all_buttons(first)[0][1])
    (told,) = await jonas.carries(second, all_buttons(second)[0][1])
    assert "There are no watches here. Nothing was changed." in told.text
    assert [str(each.outcome) for each in await recorded(world)] == ["refused:no_such_watch", "done", "done"]


async def test_a_watch_that_somebody_else_removed_meanwhile(world, maya, monkeypatch):
    await maya.says("watch of 3377")

    async def gone(*_args, **_more):
        return False

    monkeypatch.setattr(world.store, "remove_watch", gone)
    (told,) = await maya.says("unwatch of 3377")
    assert "There are no watches here. Nothing was changed." in told.text


@pytest.mark.parametrize("words", ["unwatch of 3377", "unwatch of DAILY-energy-report", "unwatch after 3", "unwatch"])
async def test_a_watch_is_removed_while_enos_is_silent_and_its_flow_gone(world, maya, words):
    await maya.says("watch of 3377 after 3")
    world.enos.flows.clear()
    world.enos.calls.clear()
    (told,) = await maya.says(words)
    assert "removed a watch" in told.text
    assert world.enos.calls == []
    assert await world.store.watches() == ()


async def test_a_name_that_no_watch_has_is_none_of_them(world, maya):
    await maya.says("watch of 3377")
    (told,) = await maya.says("unwatch of turbine-10min")
    assert "There is no such watch here. Nothing was changed." in told.text
    assert len(await world.store.watches()) == 1


async def test_a_watch_that_matches_thousands_of_flows_says_so(world, maya):
    for number in range(10_000, 10_600):
        world.enos.add(number, f"meter-{number}", "maya.chen")
    (told,) = await maya.says("watch matching METER-*")
    assert "It matches 600 flows now." in told.text


# ── who may, and where ──


async def test_whom_slack_does_not_show_in_the_channel_changes_nothing(world, alex):
    for words in ("watch", "unwatch 1", "watches", "prefs", "prefs mentions off"):
        (told,) = await alex.says(words)
        assert "Only members of this channel can do this" in told.text
        assert told.place == "only alex sees"
    assert await world.store.watches() == ()
    assert await world.store.prefs(OPS) == DEFAULTS


async def test_membership_is_that_of_the_moment_of_the_press(world, maya, jonas):
    await maya.says("watch of 3377")
    (listed,) = await jonas.says("watches")
    world.slack.joined[OPS].remove(JONAS)
    (told,) = await jonas.carries(listed, all_buttons(listed)[0][1])
    assert "Only members of this channel can do this" in told.text
    assert len(await world.store.watches()) == 1


async def test_where_members_may_not_be_listed_who_writes_there_is_one(world, alex):
    world.slack.broken["members"] = SlackRefused("missing_scope")
    (told,) = await alex.says("watch")
    assert "added a watch" in told.text


async def test_a_silent_slack_is_no_reason_to_say_no(world, maya):
    world.slack.broken["members"] = SlackUnclear("timeout")
    (told,) = await maya.says("watch")
    assert "Slack did not answer" in told.text
    assert await world.store.watches() == ()


async def test_a_private_channel_without_flowbot_cannot_be_watched(world, maya):
    joins(ELSEWHERE, MAYA)(world)
    world.slack.broken["channel"] = SlackRefused("channel_not_found")
    (told,) = await maya.says("watch", channel=ELSEWHERE)
    assert "Invite me with `/invite @flowbot`, then try again." in told.text
    assert await world.store.watches() == ()


async def test_what_flowbot_has_left_can_still_be_removed(world, maya):
    joins(FINANCE, MAYA)(world)
    await maya.says("watch of 3377", channel=FINANCE)
    world.slack.broken["channel"] = SlackRefused("channel_not_found")
    seen = await maya.says("unwatch of 3377", channel=FINANCE)
    assert {each.place for each in seen} == {"dm maya", "only maya sees"}
    assert await world.store.watches() == ()


async def test_a_shared_channel_is_watched_only_where_the_settings_name_it(world, maya, alex):
    world.slack.shared.add(OPS)
    joins(OPS, "U0ALEX00001")(world)
    (told,) = await maya.says("watch")
    assert "ask a flowbot admin: <@U0ALEX00001>" in told.text
    assert "FLOWBOT_SHARED_CHANNELS" not in told.text
    (told,) = await alex.says("watch")
    assert "`FLOWBOT_SHARED_CHANNELS`" in told.text
    world.answer_settings = replace(world.answer_settings, admins=frozenset())
    world.restart()
    (told,) = await maya.says("watch")
    assert "ask the person who operates flowbot" in told.text
    world.answer_settings = replace(world.answer_settings, shared_channels=(OPS,))
    world.restart()
    (told,) = await maya.says("watch")
    assert "added a watch" in told.text


# ── preferences ──


async def test_preferences_without_words_are_a_question_and_not_on_record(world, maya):
    (told,) = await maya.says("prefs")
    assert told.place == "only maya sees"
    assert "Digest: at 09:00 (UTC)" in told.text
    assert await recorded(world) == ()


async def test_a_preference_is_changed_for_all_and_the_others_stay(world, maya, jonas):
    await maya.says("prefs mentions off language en digest 08:30")
    (told,) = await jonas.says("prefs reminders off replies channel")
    assert told.place == "#data-ops"
    kept = await world.store.prefs(OPS)
    assert (kept.mentions, kept.reminders, kept.replies, kept.language) == (False, False, "channel", "en")
    assert (kept.digest, kept.digest_zone) == ("08:30", "Asia/Shanghai")
    assert [each.attempt.verb for each in await recorded(world)] == ["prefs", "prefs"]


async def test_a_channel_speaks_its_language_from_then_on(world, maya):
    (told,) = await maya.says("prefs language zh")
    assert "语言：中文" in told.text
    (told,) = await maya.says("prefs language en")
    assert "Language: English" in told.text


async def test_only_the_alert_channel_has_a_digest_by_itself(world, maya):
    joins(FINANCE, MAYA)(world)
    (told,) = await maya.says("prefs", channel=FINANCE)
    assert "Digest: off" in told.text
    (told,) = await maya.presses(told, "Turn digest on")
    assert "Digest: at 09:00 (Asia/Shanghai)" in told.text


@pytest.mark.parametrize("words", ["prefs mentions off", "prefs replies channel", "prefs language zh"])
async def test_what_only_a_channel_has_is_refused_in_a_direct_message(world, maya, words):
    (told,) = await maya.writes(words)
    assert "Only channels have this setting." in told.text
    assert await world.store.prefs(maya.person.user) == DEFAULTS
