"""An answer that says ok and nothing of what was asked is unclear: nobody becomes a member by it."""

import pytest
from fake_slack import BOT, TEAM

from bot.core.outbox.conversations import SlackUnclear
from bot.slack.directory import Identity

MAYA = {"id": "U0MAYA00001", "team_id": TEAM, "name": "maya.chen"}


@pytest.fixture(autouse=True)
def known(poster):
    poster.me = Identity(TEAM, "U0FLOWBOT1", BOT)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"user": None},
        {"user": {}},
        {"user": []},
        {"user": "U0MAYA00001"},
        {"user": {"team_id": TEAM, "name": "maya.chen"}},
        {"user": MAYA | {"id": "U0JONAS0001"}},
        {"user": MAYA | {"id": ""}},
        {"user": MAYA | {"id": ["U0MAYA00001"]}},
        {"user": MAYA | {"deleted": "perhaps"}},
        {"user": MAYA | {"is_restricted": {}}},
        {"user": MAYA | {"is_stranger": 2}},
    ],
    ids=str,
)
async def test_an_answer_without_the_person_makes_nobody_a_colleague(poster, slack, answer):
    slack.answers["users.info"] = answer
    with pytest.raises(SlackUnclear):
        await poster.profile("U0MAYA00001", team=TEAM)
    assert poster.known("U0MAYA00001") is None
    slack.answers["users.info"] = {"user": MAYA}  # and it is asked again at once
    assert (await poster.profile("U0MAYA00001", team=TEAM)).name == "maya.chen"


@pytest.mark.parametrize(
    ("mark", "is_so"), [("true", True), ("False", False), (1, True), (0, False), ("", False), (None, False)]
)
async def test_a_yes_or_no_as_text_is_understood(poster, slack, mark, is_so):
    slack.answers["users.info"] = {"user": MAYA | {"deleted": mark, "is_bot": mark}}
    profile = await poster.profile("U0MAYA00001", team=TEAM)
    assert (profile.deleted, profile.bot) == (is_so, is_so)


async def test_a_person_may_be_asked_for_by_the_id_of_the_organization(poster, slack):
    slack.answers["users.info"] = {"user": MAYA | {"enterprise_user": {"id": "W0MAYA00001", "enterprise_id": "E1"}}}
    assert (await poster.profile("W0MAYA00001")).name == "maya.chen"


@pytest.mark.parametrize(
    "answer", [{}, {"users": None}, {"users": "U1"}, {"users": {"U1": True}}, {"users": [{}]}], ids=str
)
async def test_a_group_without_its_list_is_not_empty(poster, slack, answer):
    slack.answers["usergroups.users.list"] = answer
    with pytest.raises(SlackUnclear):
        await poster.group("S0ONCALL01")
    slack.answers["usergroups.users.list"] = {"users": []}
    assert await poster.group("S0ONCALL01") == frozenset()


@pytest.mark.parametrize("answer", [{}, {"members": None}, {"members": [None]}], ids=str)
async def test_a_channel_without_its_members_is_not_empty(poster, slack, answer):
    slack.answers["conversations.members"] = answer
    with pytest.raises(SlackUnclear):
        await poster.members("C1")


@pytest.mark.parametrize(
    "answer",
    [{}, {"channel": None}, {"channel": {}}, {"channel": {"id": "C2"}}, {"channel": {"id": "C1", "is_member": "so"}}],
)
async def test_an_answer_about_another_channel_is_unclear(poster, slack, answer):
    slack.answers["conversations.info"] = answer
    with pytest.raises(SlackUnclear):
        await poster.channel("C1")


async def test_a_yes_or_no_of_a_channel_as_text_is_understood(poster, slack):
    marks = {"is_member": "true", "is_archived": "false", "is_ext_shared": "false"}
    slack.answers["conversations.info"] = {"channel": {"id": "C1"} | marks}
    channel = await poster.channel("C1")
    assert (channel.member, channel.archived, channel.shared) == (True, False, False)
