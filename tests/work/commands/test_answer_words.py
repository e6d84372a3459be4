"""What people mean: names as they look, names that match nothing, ambiguous times, and talk that mentions the bot."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from answer_world import OPS, START

from bot.core.flow.status import Status
from bot.core.outbox.conversations import SlackLimited
from bot.core.people.model import Origin, Surface
from bot.enos.errors import NoResponse

WEATHER = 'show "&lt;!channel&gt; weather &amp; wind"'


def started(world):
    return world.enos.done()


# ── names as they look ──


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("nightly * sync", '"nightly ∗ sync"'),
        ("nightly*", "nightly∗"),
        ("*", "∗"),
        ("a`b", "aˋb"),
        ("day\u00a0ahead", '"day ahead"'),
        ("day ahead", '"day\u00a0ahead"'),
        ("day\nahead", '"day ahead"'),
        ("soft\u00adhyphen", "softhyphen"),
        ("zero\u200bwidth", "zerowidth"),
        ("zerowidth", "zero\u200bwidth"),
        ("cafe\u0301", "café"),
        ("café", "cafe\u0301"),
        ("ＭＥＴＥＲ", "METER"),
        ("ＭＥＴＥＲ", "ＭＥＴＥＲ"),
        ("METER", "ＭＥＴＥＲ"),
        ("３３７７", '"３３７７"'),
        ("_tmp_", "_tmp_"),
        ("v1.", "v1."),
        ("v1", "v1."),
        ("「日报」", "「日报」"),
        ("日报", "「日报」"),
        ("日报", "*日报*"),
        ("日报", '"*日报*"'),
        ("day ahead", "*day ahead*"),
        ("it’s", '"it\'s"'),
        ("x – y", '"x - y"'),
    ],
    ids=ascii,
)
async def test_every_verb_finds_a_name_by_its_looks(world, maya, name, typed):
    world.enos.add(7001, name, "maya.chen")
    (seen,) = await maya.says(f"show {typed}")
    assert "`7001`" in seen.text
    await maya.says(f"trigger {typed}")
    assert started(world)[0][2] == 7001


@pytest.mark.parametrize(
    ("names", "typed", "meant"),
    [
        (["tmp", "_tmp_"], "_tmp_", 7002),
        (["tmp", "_tmp_"], "tmp", 7001),
        (["meter", "ＭＥＴＥＲ"], "ＭＥＴＥＲ", 7002),
        (["a∗b", "a*b"], "a*b", 7002),
        (["v1", "v1."], "v1.", 7002),
    ],
)
async def test_the_exact_name_wins_over_similar_ones(world, maya, names, typed, meant):
    for number, name in enumerate(names, start=7001):
        world.enos.add(number, name, "maya.chen")
    await maya.says(f"trigger {typed}")
    assert started(world)[0][2] == meant


async def test_of_several_similar_names_none_is_started(world, maya):
    world.enos.add(7001, "a*b", "maya.chen")
    world.enos.add(7002, "a＊b", "maya.chen")
    (seen,) = await maya.says("trigger a∗b")
    assert len(seen.buttons) == 2
    assert started(world) == []


async def test_a_name_that_an_answer_cut_is_found_by_a_question_and_offered_for_a_change(world, maya):
    name = "nightly aggregation of everything " * 6
    world.enos.add(7001, name.strip(), "maya.chen")
    (seen,) = await maya.says("show 7001")
    shown = seen.text.split("*")[1]
    assert shown.endswith("…")
    (seen,) = await maya.says(f'show "{shown}"')
    assert "`7001`" in seen.text
    await maya.says(f'trigger "{shown}"')
    assert started(world) == []


@pytest.mark.parametrize("typed", ['"nightly ∗ sync"', '*"nightly ∗ sync"*', '"Nightly\u00a0∗ sync"'])
async def test_an_incident_is_found_by_the_looks_of_its_name_without_enos(world, typed):
    await world.breaks(name="nightly * sync")
    await world.sam.says(f"ack {typed}")  # on call, not linked: EnOS is not asked
    assert (await world.incident()).acked_by == world.sam.person


async def test_an_incident_of_one_of_two_similar_names_is_not_acknowledged(world):
    await world.breaks(name="a*b")
    await world.breaks("2809-202611211000", flow=2809, name="a＊b", owners=("jonas.weber",))
    (seen,) = await world.sam.says("ack a∗b")
    assert (await world.incident()).acked_by is None
    assert "`a∗b`" in seen.text
    await world.sam.says("ack a*b")
    assert (await world.incident()).acked_by == world.sam.person


async def test_the_other_pages_are_of_the_same_flow(world, maya):
    world.enos.add(7001, "tmp", "maya.chen")
    world.enos.add(7002, "_tmp_", "maya.chen")
    for hour in range(12):
        world.enos.run(f"7002-20261121{hour:02}", Status.SUCCESS)
    (first,) = await maya.says("runs of _tmp_")
    (second,) = await maya.presses(first, "Next")
    assert "Filter: flow `7002`" in second.text


async def test_a_parameter_in_another_width_is_the_flows_own(world, maya):
    await maya.says("trigger 3377 with ｐａｔｈ＝/x")
    assert started(world)[0][4] == (("path", "/x"), ("overwrite", "true"))


@pytest.mark.parametrize("typed", ["ｍａｙａ．ｃｈｅｎ", "Maya.Chen", "maya.chen.", "*maya.chen*"])
async def test_an_owner_is_found_by_the_looks_of_the_name(world, maya, typed):
    (seen,) = await maya.says(f"runs by {typed}")
    assert "owner `maya.chen`" in seen.text


# ── names that match nothing ──


@pytest.mark.parametrize("verb", ["failed", "runs", "incidents"])
@pytest.mark.parametrize(
    ("words", "reason", "offered"),
    [
        ("by jonas.webber", "I found no owner `jonas.webber`", "jonas.weber"),
        ("of 3378", "EnOS shows you no flow `3378`", "of 3377"),
        ("of daily-enrgy-report", "No flow is named *daily-enrgy-report*. Did you mean", "of 3377"),
        ("of 99999999", "EnOS shows you no flow `99999999`", ""),
    ],
)
async def test_a_mistyped_name_does_not_read_as_all_clear(world, maya, verb, words, reason, offered):
    (seen,) = await maya.says(f"{verb} {words}")
    assert reason in seen.text
    assert "No failures" not in seen.text
    assert "No open incidents" not in seen.text
    assert any(offered in value for value in seen.buttons.values()) if offered else not seen.buttons
    assert seen.place == "only maya sees"


async def test_the_offer_asks_the_same_question(world, maya):
    (seen,) = await maya.says("failed yesterday of 3378 by me")
    (again,) = await maya.presses(seen, "Flow 3377")
    assert "flow `3377` · owner `maya.chen`" in again.text
    assert "yesterday" in again.text


async def test_an_owner_who_is_not_linked_is_known_by_their_runs(world, maya):
    world.enos.add(7001, "theirs", "ann.lee")
    world.enos.run("7001-2026111002", Status.SUCCESS)
    (seen,) = await maya.says("failed by ann.lee")
    assert "No failures today.\nFilter: today (2026-11-21, Asia/Shanghai) · owner `ann.lee`" in seen.text
    (seen,) = await maya.says("failed by ann.leee")
    assert "1|" in seen.buttons["ann.lee"]


async def test_what_the_asker_may_not_see_is_answered_like_what_does_not_exist(world, maya):
    world.enos.add(3370, "secret-flow", "eve.hidden")
    world.enos.run("3370-2026112102")
    world.enos.hidden[3370] = {"u15432100000000011"}
    (hidden,) = await maya.says("failed of 3370")
    (absent,) = await maya.says("failed of 3371")
    assert hidden.text.split("\n")[0].replace("3370", "3371") == absent.text.split("\n")[0]
    assert "secret" not in hidden.text
    (owner,) = await maya.says("failed by eve.hiddn")
    assert owner.buttons == {}
    (hidden,) = await maya.says("failed by eve.hidden")
    (absent,) = await maya.says("failed by eve.absent")
    assert hidden.text.replace("eve.hidden", "eve.absent") == absent.text


@pytest.mark.parametrize(
    ("words", "call", "note"),
    [
        ("incidents of 3377", "flow", "I could not check that flow `3377` exists."),
        ("incidents by ann.lee", "search", "I could not check that owner `ann.lee` exists."),
    ],
)
async def test_what_cannot_be_checked_is_said_to_be_unchecked(world, maya, words, call, note):
    world.enos.faults[call] = [NoResponse(30)]
    (seen,) = await maya.says(words)
    assert note in seen.text


async def test_a_refused_sign_in_is_not_read_as_a_missing_flow(world, maya):
    from answer_enos import refusal

    world.enos.faults["flow"] = [refusal("wrong_user", "user not found")]
    (seen,) = await maya.says("incidents of 3377")
    assert "shows you no flow" not in seen.text
    assert "No open incidents" not in seen.text


async def test_without_the_list_of_flows_the_refusal_offers_none(world, maya):
    world.enos.faults["all_flows"] = [NoResponse()]
    (seen,) = await maya.says("runs of 3378")
    assert "EnOS shows you no flow `3378`. Check the ID" in seen.text


async def test_a_list_with_rows_costs_no_more_than_before(world, maya):
    world.enos.run("3377-2026112102")
    await maya.says("failed of 3377 by maya.chen")
    assert [call[0] for call in world.enos.calls] == ["search"] * 3


@pytest.mark.parametrize("words", ["runs 42", "runs 42 fail of 3377", "runs today 55"])
async def test_an_unknown_status_does_not_read_as_all_clear(world, maya, words):
    (seen,) = await maya.says(words)
    assert "EnOS has no status" in seen.text
    assert len(seen.buttons) == (0 if "of" in words else 1)


async def test_an_unknown_status_that_a_run_has_is_shown(world, maya):
    world.enos.rows["3377-2026112102"] = replace(world.enos.run("3377-2026112102"), status=42)
    (seen,) = await maya.says("runs 42")
    assert "status 42" in seen.text
    assert "EnOS has no status" not in seen.text


async def test_an_audit_says_where_slack_did_not_confirm_the_person(world):
    broken = SlackLimited(30)
    alex = world.alex
    profile = world.slack.profile

    async def slow(user, *, team=""):
        if user == "U0PRIYA0001":
            raise broken
        return await profile(user, team=team)

    world.slack.profile = slow
    (seen,) = await alex.says("audit <@U0PRIYA0001>")
    assert "I could not check that this person exists." in seen.text
    (seen,) = await alex.says("audit <@U0MAYA00001>")
    assert "not linked" not in seen.text


# ── ambiguous times ──


async def test_a_local_time_that_comes_twice_starts_nothing_and_offers_both(world, maya):
    world.slack.person(maya.person, "maya", timezone="America/New_York")
    (asked,) = await maya.says("trigger 3377 at 2026-11-01 01:30")
    assert asked.place == "only maya sees"
    assert started(world) == []
    assert list(asked.buttons) == ["01:30 (-04:00)", "01:30 (-05:00)"]
    await maya.starts(asked, "01:30 (-05:00)")
    at = datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert started(world) == [("trigger", "u15432100000000011", 3377, int(at.timestamp() * 1000))]


@pytest.mark.parametrize("when", ["2027-11-21 02:00", "2026-11-28 22:31:00", "2206-11-21T02:00Z", "2026-05-25T14:30Z"])
async def test_a_start_far_off_asks_once(world, maya, when):
    (asked,) = await maya.says(f'trigger "daily-energy-report" at {when} with path=/a')
    assert asked.place == "only maya sees"
    assert started(world) == []
    assert (await world.audited())[-1][2] == "asked"
    await maya.presses(asked, "Trigger")
    ((call, _who, flow, _at, parameters),) = started(world)
    assert (call, flow, parameters[0]) == ("updateAndTrigger", 3377, ("path", "/a"))
    await maya.presses(asked, "Trigger")
    assert len(started(world)) == 1


@pytest.mark.parametrize("when", ["2026-11-28 22:30", "tomorrow 02:00", "2026-05-25T14:31Z", "now"])
async def test_a_usual_time_is_not_asked_about(world, maya, when):
    await maya.says(f"trigger 3377 at {when}")
    assert len(started(world)) == 1


async def test_only_people_who_may_start_it_are_asked(world, jonas):
    (seen,) = await jonas.says("trigger 3377 at 2027-11-21 02:00")
    assert "are not one" in seen.text


@pytest.mark.parametrize(
    ("profile", "shown"),
    [
        ({"timezone": "", "offset": timedelta(hours=8)}, "today (2026-11-21, UTC+08:00)"),
        ({"timezone": "", "offset": timedelta(hours=-8)}, "today (2026-11-21, UTC-08:00)"),
        ({"timezone": "", "offset": timedelta()}, "today (2026-11-21, UTC)"),
        ({"timezone": ""}, "today (2026-11-21, Asia/Tokyo)"),
        ({"timezone": "Europe/Berlin", "offset": timedelta(hours=8)}, "today (2026-11-21, Europe/Berlin)"),
    ],
)
async def test_the_offset_is_used_where_slack_names_no_zone(world, maya, profile, shown):
    from zoneinfo import ZoneInfo

    world.answer_settings = replace(world.answer_settings, timezone=ZoneInfo("Asia/Tokyo"))
    world.restart()
    world.slack.person(maya.person, "maya", **profile)
    (seen,) = await maya.says("failed")
    assert shown in seen.text


# ── talk that only mentions the bot ──


@pytest.mark.parametrize("hint", ["talk", "edited"])
@pytest.mark.parametrize("surface", [Surface.MENTION, Surface.DIRECT])
async def test_a_hint_is_private_runs_nothing_and_is_said_once(world, maya, hint, surface):
    channel = OPS if surface is Surface.MENTION else "D0MAYA00001"
    origin = Origin(surface, channel, "", world.new_ts())
    (seen,) = await world.say(maya, "trigger 3377", origin, key="hint:C:1", hint=hint)
    assert seen.place == ("only maya sees" if surface is Surface.MENTION else "dm maya")
    assert "Nothing was changed." in seen.text
    assert await world.say(maya, "trigger 3378", origin, key="hint:C:1", hint="edited") == []
    assert started(world) == []
    assert await world.audited() == []


async def test_a_late_hint_is_still_a_hint(world, maya):
    origin = Origin(Surface.DIRECT, "D0MAYA00001", "", world.new_ts())
    said_at = START
    world.later(minutes=10)
    from bot.core.people.model import IncomingMessage

    await world.receive(IncomingMessage("hint:D:1", "trigger 3377", maya.person, origin, said_at, hint="edited"))
    (seen,) = await world.delivered()
    assert "I don't act on edited messages" in seen.text
    assert seen.buttons == {}


async def test_a_stranger_who_mentions_the_bot_gets_the_answer_for_strangers(world):
    origin = Origin(Surface.MENTION, OPS, "", world.new_ts())
    (seen,) = await world.say(world.stranger, "as I told you", origin, hint="talk")
    assert "people of my own workspace only" in seen.text


@pytest.mark.parametrize(
    "words", ["*/flow show 3377*", "please /flow show 3377", "`/flow show 3377`", "&gt; /flow show 3377"]
)
async def test_a_copied_line_with_the_commands_name_is_understood(world, maya, words):
    (seen,) = await maya.writes(words)
    assert "`3377` *daily-energy-report*" in seen.text


COPIED = [
    *("load of turbine", "report by region", "data from plant A", "a with b", "x for 2h", "Wind*Solar*", "p * q"),
    *("`tick` and more", "日报 每日", "报表（新）", "today", "show", "me", "_x_y_", "1. load", "🚀 launch", "a&b <c>"),
    *("a\tb", "Ｆｕｌｌ", "「角」", "zero\u200dwidth", "N" * 150),
]


@pytest.mark.parametrize("name", COPIED)
async def test_a_name_copied_from_an_answer_is_found(world, maya, name):
    """Although another flow's name begins with what the copied name looks like."""
    world.enos.add(9000, name, "maya.chen")
    for number, other in enumerate(("a b and c", "full stop", "N" * 160)):
        world.enos.add(9001 + number, other, "maya.chen")
    (shown,) = await maya.says("show 9000")
    bold = shown.text.split(" · ")[0].removeprefix("`9000` ").strip()
    (seen,) = await maya.says(f"show {bold}")
    assert "`9000`" in seen.text or "→ show 9000]" in seen.text


async def test_flows_that_look_alike_are_said_to_be_named_so(world, maya):
    world.enos.add(9000, "a\tb", "maya.chen")
    world.enos.add(9001, "a  b", "maya.chen")
    (seen,) = await maya.says("show *a b*")
    assert "2 flows are named *a b*." in seen.text
