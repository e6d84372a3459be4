"""What a step says in threads and in direct messages, in each language."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_makers import JONAS, KNOWN, MAYA, NOW, OTHER, OWNER, failure, incident
from incident_picture import as_sent
from languages import ALL

from bot.core.incident.escalation import CallReason, Decision, EscalationStep
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.model import IncidentCard
from bot.core.outbox.posts import PostId
from bot.core.people.on_call import EMPTY
from bot.messages import escalation_posts
from bot.messages.cards import answers
from bot.messages.cards import escalation as cards
from bot.messages.escalation_posts import Call

BROKEN = incident(failure(**KNOWN))
AT = NOW + timedelta(minutes=30)
FIRST = EscalationStep("i1", 1, AT, CallReason.GROUP, (MAYA.user, JONAS.user), "S0ONCALL01")
SECOND = EscalationStep(
    "i1", 2, AT, CallReason.GROUP, (), "S0SECOND01", (("S0EMPTY001", EMPTY), ("S0GONE0001", "no_such_subteam"))
)
PAGED = EscalationStep("i1", 3, AT, CallReason.PAGERDUTY)
ALONE = EscalationStep("i1", 4, AT, CallReason.OWNERS)
OTHER_CARD = IncidentCard("C0FINANCE1", PostId("p2"))
STORM = IncidentGroup(PostId("p9"), "C0DATAOPS1", Occasion.STORM, NOW, NOW)


def call(step, directly=(), *, mentions=True):
    decision = Decision(step.reason, step, AT, (BROKEN.home, OTHER_CARD), BROKEN.home if mentions else None)
    return Call(decision, step, 0, directly, {OWNER: MAYA, OTHER: JONAS}, AT, {})


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("step", [FIRST, SECOND, PAGED, ALONE], ids=["first", "second", "PagerDuty", "owners"])
def test_each_step_mentions_in_one_thread_and_is_shown_in_the_others(golden, language, step):
    for post in escalation_posts.of_incident(BROKEN, call(step, (JONAS.user, "U0SAMLEE001"))):
        golden(post.body, language)


@pytest.mark.parametrize("language", ALL)
def test_a_storms_step_says_how_many_wait(golden, language):
    for many in ([BROKEN], [BROKEN] * 1200):
        for mentions in (True, False):
            made = call(FIRST, (JONAS.user, "U0SAMLEE001"), mentions=mentions)
            for post in escalation_posts.of_storm(STORM, many, made, "/flow"):
                golden(post.body, language)


def test_show_lists_each_step_of_a_long_escalation_and_the_last_six_of_a_short_one():
    long = [EscalationStep("i1", number, AT, CallReason.GROUP, (), f"S0GROUP{number}") for number in range(1, 9)]
    for steps, first in (long, 1), ([*long, FIRST], 4):
        said = cards.outlook(BROKEN, steps, Decision(CallReason.ALL_CALLED), {})
        lines = as_sent(answers.told("", said))["blocks"][0]["text"]["text"].split("\n")
        assert f"S0GROUP{first}" in lines[1]
        assert f"S0GROUP{first - 1}" not in lines[1]


GROUPS = {"S0ONCALL01": "@grid-oncall", "S0EMPTY001": "@nobody-there"}


@pytest.mark.parametrize("language", ALL)
def test_a_group_whose_name_is_known_is_named_and_not_mentioned(golden, language):
    data = tuple(GROUPS.values())
    for step in (FIRST, SECOND):
        shown, *_ = escalation_posts.of_incident(BROKEN, replace(call(step, mentions=False), groups=GROUPS))
        golden(shown.body, language, data)
    for decision in (Decision(CallReason.ALL_CALLED), Decision(CallReason.NOT_DUE, FIRST, AT)):
        said = cards.outlook(BROKEN, [FIRST, SECOND, PAGED], decision, GROUPS)
        assert "<!subteam" not in str(as_sent(answers.told("", said)))
        golden(answers.told("", said), language, data)


def test_the_ids_of_its_posts_are_those_of_the_step_so_that_none_is_queued_twice():
    once, again = (escalation_posts.of_incident(BROKEN, call(FIRST, (JONAS.user,))) for _ in range(2))
    assert [post.id for post in once] == [post.id for post in again]
    assert len({post.id for post in once}) == 3


def test_the_buttons_of_a_direct_message_name_its_own_post():
    *_, direct = escalation_posts.of_incident(BROKEN, call(FIRST, (JONAS.user,)))
    values = [each["value"] for each in as_sent(direct.body)["blocks"][1]["elements"]]
    assert values == [
        f"1|{direct.id}|ack 3377",
        f"1|{direct.id}|rerun 3377-2026112100",
        f"1|{direct.id}|log 3377-2026112100",
    ]


def test_a_group_that_is_none_mentions_nobody():
    step = EscalationStep("i1", 1, AT, CallReason.GROUP, (), "<!channel>")
    first, *_ = escalation_posts.of_incident(BROKEN, call(step))
    assert "&lt;!channel&gt;" in as_sent(first.body)["blocks"][0]["text"]["text"]
