"""The poster: files, and what it reads of people, groups and channels."""

from datetime import timedelta

import pytest
from fake_slack import BOT, TEAM, Fault, refusal

from bot.core.outbox.conversations import Channel, SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.people.model import Person
from bot.core.text.escape import legible
from bot.core.text.language import EN, ZH
from bot.slack.directory import Identity

ME = Identity(TEAM, "U0FLOWBOT1", BOT, url="https://demo.slack.com/")


# files
LOG = {"filename": "task.log", "content": "línea 1\n", "title": "Log of 108580", "comment": "the whole log"}


async def test_a_file_is_stored_then_named_then_shown(poster, slack):
    order = []

    async def reserved(file):
        order.append((file, slack.called("files.completeUploadExternal")))

    file = await poster.upload("U0MAYA00001", LOG, thread="1.1", reserved=reserved)
    assert order == [(file, [])]
    assert slack.stored[file] == "línea 1\n".encode()
    assert slack.called("files.getUploadURLExternal") == [{"filename": "task.log", "length": "9"}]
    assert slack.called("files.completeUploadExternal") == [
        {
            "files": f'[{{"id": "{file}", "title": "Log of 108580"}}]',
            "channel_id": "D0MAYA00001",
            "initial_comment": "the whole log",
            "thread_ts": "1.1",
        }
    ]
    assert await poster.shared(file)


async def test_a_file_needs_no_more_than_bytes(poster, slack):
    file = await poster.upload("C1", {"content": "AAE=", "encoding": "base64", "alt_text": "two bytes"})
    assert slack.stored[file] == b"\x00\x01"
    assert slack.called("files.getUploadURLExternal")[0]["alt_txt"] == "two bytes"
    assert "initial_comment" not in slack.called("files.completeUploadExternal")[0]


@pytest.mark.parametrize("step", ["files.getUploadURLExternal", "upload"])
@pytest.mark.parametrize("fault", [Fault(cut=True, after=True), Fault(status=500, text="x"), Fault(hang=True)])
async def test_a_file_lost_before_it_is_shown_did_not_happen(poster, slack, step, fault):
    slack.fail(step, fault)
    with pytest.raises(SlackUnreachable):
        await poster.upload("C1", LOG)
    assert slack.called("files.completeUploadExternal") == []


async def test_a_file_lost_while_it_is_shown_is_unclear_and_can_be_asked_for(poster, slack):
    known = []

    async def reserved(file):
        known.append(file)

    slack.fail("files.completeUploadExternal", Fault(cut=True))
    with pytest.raises(SlackUnclear):
        await poster.upload("C1", LOG, reserved=reserved)
    slack.answers["files.info"] = {"file": {"id": known[0], "shares": {}}}
    assert not await poster.shared(known[0])


# reading
MAYA = {
    "id": "U0MAYA00001",
    "team_id": TEAM,
    "name": "maya.chen",
    "tz": "Asia/Shanghai",
    "profile": {"display_name": "Maya Chen", "real_name": "Maya"},
}


async def test_a_profile_says_who_somebody_is(poster, slack):
    poster.me = ME
    slack.answers["users.info"] = {"user": MAYA}
    profile = await poster.profile("U0MAYA00001", team=TEAM)
    assert profile.person == Person(TEAM, "U0MAYA00001")
    assert (profile.name, profile.timezone) == ("Maya Chen", "Asia/Shanghai")
    assert [profile.deleted, profile.bot, profile.guest, profile.stranger] == [False] * 4


@pytest.mark.parametrize(
    ("more", "marks"),
    [
        ({"deleted": True}, {"deleted"}),
        ({"is_bot": True}, {"bot"}),
        ({"is_restricted": True}, {"guest"}),
        ({"is_ultra_restricted": True}, {"guest"}),
        ({"is_stranger": True}, {"stranger"}),
        ({"team_id": "T0OTHER"}, {"stranger"}),
        ({"team_id": "T0OTHER", "enterprise_user": {"enterprise_id": "E0OTHER"}}, {"stranger"}),
    ],
    ids=str,
)
async def test_a_profile_says_who_may_not(poster, slack, more, marks):
    poster.me = ME
    slack.answers["users.info"] = {"user": MAYA | more}
    profile = await poster.profile("U0MAYA00001")
    assert {mark for mark in ("deleted", "bot", "guest", "stranger") if getattr(profile, mark)} == marks


@pytest.mark.parametrize(
    ("told", "came_with", "stranger", "home"),
    [
        ({"team_id": "T0SISTER", "enterprise_user": {"enterprise_id": "E1"}}, "T0SISTER", False, "E1"),
        ({"team_id": "T0SISTER", "enterprise_user": {"enterprise_id": "E1"}}, "E1", False, "E1"),
        ({"team_id": TEAM}, "T0OTHER", True, "T0OTHER"),
        ({"team_id": "T0OTHER"}, "", True, "T0OTHER"),
        ({}, "", False, "E1"),
        ({}, "T0OTHER", True, "T0OTHER"),
    ],
)
async def test_an_enterprise_is_one_key_and_others_are_strangers(poster, slack, told, came_with, stranger, home):
    poster.me = Identity(TEAM, "U0FLOWBOT1", BOT, enterprise="E1")
    slack.answers["users.info"] = {"user": {"id": "U1", **told}}
    profile = await poster.profile("U1", team=came_with)
    assert (profile.stranger, profile.person.team) == (stranger, home)


@pytest.mark.parametrize("zone", [None, "", "Nowhere/City", "../etc/passwd"])
async def test_an_unknown_time_zone_is_left_to_the_offset_and_without_one_to_the_settings(poster, slack, zone):
    slack.answers["users.info"] = {"user": MAYA | {"tz": zone, "tz_offset": -12600}}
    profile = await poster.profile("U0MAYA00001")
    assert (profile.timezone, profile.offset) == ("", timedelta(hours=-3, minutes=-30))


@pytest.mark.parametrize("offset", [None, "3600", True, 86_400, -90_000, float("nan"), float("inf"), []])
async def test_an_impossible_offset_is_ignored(poster, slack, offset):
    slack.answers["users.info"] = {"user": MAYA | {"tz": None, "tz_offset": offset}}
    profile = await poster.profile("U0MAYA00001")
    assert (profile.timezone, profile.offset) == ("", None)


async def test_where_slack_never_named_our_team_only_its_own_word_makes_a_stranger(poster, slack):
    poster.me = Identity(team="", user="U0FLOWBOT1", bot="B0FLOWBOT1")
    slack.answers["users.info"] = {"user": MAYA}
    assert not (await poster.profile("U0MAYA00001", team="T0DEMO0001")).stranger
    slack.answers["users.info"] = {"user": MAYA | {"id": "U0STRANGE01", "is_stranger": True}}
    assert (await poster.profile("U0STRANGE01", team="T0DEMO0001")).stranger


@pytest.mark.parametrize("word", ["missing_scope", "unknown_method"])
async def test_without_the_right_to_ask_for_a_channel_its_history_tells(poster, slack, word):
    slack.fail("conversations.info", *[refusal(word)] * 2)
    slack.answers["conversations.history"] = {"messages": []}
    assert await poster.channel("C1") == Channel("C1", member=True, shared=None)
    slack.fail("conversations.history", refusal("not_in_channel"))
    with pytest.raises(SlackRefused, match="not_in_channel"):
        await poster.channel("C2")


async def test_slackbot_is_a_bot(poster, slack):
    slack.answers["users.info"] = {"user": {"id": "USLACKBOT", "name": "slackbot"}}
    assert (await poster.profile("USLACKBOT")).bot


async def test_people_are_known_for_fifteen_minutes_at_most(poster, slack, time):
    slack.answers["users.info"] = {"user": MAYA}
    await poster.profile("U0MAYA00001")
    slack.answers["users.info"] = {"user": MAYA | {"deleted": True}}
    time.seconds += 15 * 60 - 1
    assert not (await poster.profile("U0MAYA00001")).deleted
    time.seconds += 1
    assert (await poster.profile("U0MAYA00001")).deleted
    time.seconds += 15 * 60
    slack.fail("users.info", refusal("user_not_found"))
    with pytest.raises(SlackRefused, match="user_not_found"):  # nothing is served stale
        await poster.profile("U0MAYA00001")


# languages
async def language(poster, slack, locale, user="U0MAYA00001"):
    slack.answers["users.info"] = {"user": MAYA | {"locale": locale}}
    return (await poster.profile(user)).language


async def test_slack_is_asked_for_the_language_of_a_person(poster, slack):
    assert await language(poster, slack, "zh-CN") == ZH
    assert slack.called("users.info") == [{"user": "U0MAYA00001", "include_locale": "1"}]


@pytest.mark.parametrize(
    ("locale", "spoken"), [("de-DE", EN), ("en-US", EN), (None, ZH), ("", ZH), (" ", ZH), (7, ZH), ({}, ZH)], ids=str
)
async def test_where_slack_names_no_language_it_is_the_one_of_the_settings(slack, locale, spoken, poster_of):
    assert await language(poster_of(language=ZH), slack, locale) == spoken


async def test_a_changed_language_is_spoken_within_fifteen_minutes(poster, slack, time):
    assert await language(poster, slack, "zh-CN") == ZH
    time.seconds += 15 * 60
    assert await language(poster, slack, "en-US") == EN


FAULTS = [refusal("user_not_found"), Fault(status=429, headers={"Retry-After": "3600"}), Fault(hang=True)]


@pytest.mark.parametrize("fault", FAULTS, ids=["refused", "limited", "hanging"])
async def test_where_slack_does_not_answer_the_last_language_known_is_spoken(poster, slack, time, fault):
    slack.answers["users.info"] = {"user": MAYA | {"locale": "zh-TW"}}
    assert await poster.language("U0MAYA00001") == ZH
    time.seconds += 15 * 60
    slack.fail("users.info", fault)
    assert await poster.language("U0MAYA00001", longest_wait=0.1) == ZH
    assert len(slack.called("users.info")) == 2


@pytest.mark.parametrize("fault", FAULTS, ids=["refused", "limited", "hanging"])
async def test_where_slack_never_answered_it_is_the_language_of_the_settings(poster_of, slack, fault):
    slack.fail("users.info", fault)
    assert await poster_of(language=ZH).language("U0MAYA00001", longest_wait=0.1) == ZH


async def test_groups_are_named_by_their_handle_else_by_their_name(poster, slack, time):
    named = [
        {"id": "S1", "handle": "grid-oncall", "name": "Grid on call"},
        {"id": "S2", "handle": "", "name": "Second\u202eline"},
        {"id": "S3"},
        {"handle": "nobody"},
        "no group",
    ]
    slack.answers["usergroups.list"] = {"usergroups": named}
    for _ in range(2):
        names = await poster.group_names()
        assert names == {"S1": "@grid-oncall", "S2": legible("Second\u202eline", 200)}
    assert len(slack.calls) == 1
    time.seconds += 15 * 60
    slack.answers["usergroups.list"] = {}
    with pytest.raises(SlackUnclear):
        await poster.group_names()


async def test_groups_are_known_for_minutes_and_channels_for_seconds(poster, slack, time):
    slack.answers["usergroups.users.list"] = {"users": ["U1", "U2"]}
    slack.answers["conversations.info"] = {"channel": {"id": "C1", "name": "data-ops", "is_member": True}}
    for _ in range(2):
        assert await poster.group("S0ONCALL01") == {"U1", "U2"}
        assert await poster.channel("C1") == Channel("C1", "data-ops", member=True)
    assert len(slack.calls) == 2
    time.seconds += 5
    await poster.group("S0ONCALL01")
    await poster.channel("C1")
    assert [call.method for call in slack.calls[2:]] == ["conversations.info"]
    time.seconds += 115
    await poster.group("S0ONCALL01")
    assert len(slack.calls) == 4


async def test_a_channel_says_whether_it_is_archived_or_shared(poster, slack):
    slack.answers["conversations.info"] = {"channel": {"id": "C1", "is_archived": True, "is_ext_shared": True}}
    assert await poster.channel("C1") == Channel("C1", archived=True, shared=True)
    slack.answers["conversations.info"] = {"channel": {"id": "C3", "is_pending_ext_shared": True}}
    assert await poster.channel("C3") == Channel("C3", shared=True)
    slack.fail("conversations.info", refusal("channel_not_found"))
    with pytest.raises(SlackRefused, match="channel_not_found"):
        await poster.channel("C2")


async def test_direct_messages_need_no_call(poster, slack):
    assert await poster.channel("D0MAYA00001") == Channel("D0MAYA00001", member=True)
    assert slack.calls == []


async def test_members_of_a_large_channel_come_in_pages(poster, slack):
    pages = {"": (["U1", "U2"], "next"), "next": (["U3"], "")}

    def members(arguments):
        users, cursor = pages[arguments.get("cursor", "")]
        return {"members": users, "response_metadata": {"next_cursor": cursor}}

    slack.answers["conversations.members"] = members
    assert await poster.members("C1") == {"U1", "U2", "U3"}
    assert await poster.members("C1") == {"U1", "U2", "U3"}
    assert len(slack.calls) == 2


async def test_a_link_is_computed_once_the_workspace_is_known(poster, slack):
    slack.answers["chat.getPermalink"] = {"permalink": "https://asked"}
    assert await poster.permalink("C1", "1800000000.000100") == "https://asked"
    poster.me = ME
    assert await poster.permalink("C1", "1800000000.000100") == "https://demo.slack.com/archives/C1/p1800000000000100"
    assert len(slack.calls) == 1


@pytest.mark.parametrize(
    "fault", [refusal("internal_error"), Fault(status=500, text="x"), Fault(text="<html>"), Fault(hang=True)]
)
async def test_a_read_is_asked_again(poster, slack, time, fault):
    slack.answers["usergroups.users.list"] = {"users": ["U1"]}
    slack.fail("usergroups.users.list", fault, fault)
    assert await poster.group("S1") == {"U1"}
    assert time.waits == [0.3, 0.6]
    slack.fail("usergroups.users.list", *[fault] * 3)
    with pytest.raises(SlackUnclear):
        await poster.group("S2")


async def test_a_read_waits_out_a_short_limit_and_leaves_a_long_one_to_its_caller(poster, slack, time):
    def limit(seconds):
        return Fault(status=429, json={"ok": False, "error": "ratelimited"}, headers={"Retry-After": str(seconds)})

    slack.answers["usergroups.users.list"] = {"users": ["U1"]}
    slack.fail("usergroups.users.list", limit(2))
    assert await poster.group("S1") == {"U1"}
    assert time.waits == [2]
    slack.fail("usergroups.users.list", limit(30))
    with pytest.raises(SlackLimited):
        await poster.group("S2")
    slack.fail("usergroups.users.list", limit(1), limit(1), limit(1))
    with pytest.raises(SlackLimited):
        await poster.group("S3")


EXCHANGE = {"user_id_map": {"U1": "W1", "U2": "U2"}}


async def test_user_ids_of_the_organization_count_where_slack_uses_them_for_this_app(poster, slack):
    slack.answers["migration.exchange"] = EXCHANGE
    slack.answers["users.info"] = {"user": {"id": "W1"}}
    assert await poster.global_ids(["U1", "U2"]) == {"U1": "W1"}
    slack.answers["users.info"] = {"user": {"id": "U1"}}  # Slack still translates for this app
    assert await poster.global_ids(["U1", "U2"]) == {}
    slack.answers["migration.exchange"] = {"user_id_map": {"U1": "U1"}}
    assert await poster.global_ids(["U1"]) == {}
    slack.fail("migration.exchange", refusal("not_enterprise_team"))
    assert await poster.global_ids(["U1"]) == {}


async def test_many_user_ids_are_asked_for_in_several_calls(poster, slack):
    slack.answers["migration.exchange"] = {"user_id_map": {}}
    assert await poster.global_ids([f"U{number}" for number in range(401)]) == {}
    assert [each["users"].count(",") for each in slack.called("migration.exchange")] == [399, 0]


# ── presence ──


async def test_who_is_active_is_known_for_a_minute(poster, slack, time):
    slack.answers["users.getPresence"] = {"presence": "active"}
    assert await poster.presence("U1") is True
    slack.answers["users.getPresence"] = {"presence": "away"}
    assert await poster.presence("U1") is True
    time.seconds += 61
    assert await poster.presence("U1") is False
    assert await poster.presence("U1") is False
    assert slack.called("users.getPresence") == [{"user": "U1"}] * 2


@pytest.mark.parametrize("error", ["missing_scope", "unknown_method"])
async def test_where_slack_does_not_offer_presence_nobody_knows_it(poster, slack, error):
    slack.fail("users.getPresence", refusal(error))
    assert await poster.presence("U1") is None


@pytest.mark.parametrize("told", [{}, {"presence": None}, {"presence": "asleep"}])
async def test_an_answer_without_a_known_presence_says_nothing_and_is_asked_for_again(poster, slack, told):
    slack.answers["users.getPresence"] = told
    assert await poster.presence("U1") is None
    slack.answers["users.getPresence"] = {"presence": "active"}
    assert await poster.presence("U1") is True


async def test_a_refused_or_lost_question_about_presence_fails_as_any_other(poster, slack):
    slack.fail("users.getPresence", refusal("user_not_found"))
    with pytest.raises(SlackRefused):
        await poster.presence("U1")
    slack.fail("users.getPresence", *[Fault(status=503, text="oops")] * 3)
    with pytest.raises(SlackUnclear):
        await poster.presence("U1")
