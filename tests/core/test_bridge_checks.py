"""What the doctor says of the webhook and of PagerDuty."""

import pytest

from bot.core.bridges.outcomes import Answer
from bot.core.checks import on_bridges
from bot.core.checks.check import CheckState

OK, WARNING, FAILED = CheckState.OK, CheckState.WARNING, CheckState.FAILED


@pytest.mark.parametrize(
    ("check", "status", "state", "words"),
    [
        (on_bridges.webhook, 204, OK, "accepted a signed ping (HTTP 204)"),
        (on_bridges.webhook, 401, FAILED, "the same FLOWBOT_WEBHOOK_SECRET"),
        (on_bridges.webhook, 410, FAILED, "where the receiver is now"),
        (on_bridges.webhook, 500, FAILED, "must answer with 2xx"),
        (on_bridges.webhook, 0, FAILED, "no answer"),
        (on_bridges.pagerduty, 400, OK, "Only a real page can prove the key"),
        (on_bridges.pagerduty, 429, WARNING, "tries again by itself"),
        (on_bridges.pagerduty, 503, WARNING, "status page"),
        (on_bridges.pagerduty, 404, FAILED, "does not answer at FLOWBOT_PAGERDUTY_URL (HTTP 404)"),
        (on_bridges.pagerduty, 202, FAILED, "does not answer at"),
        (on_bridges.pagerduty, 0, FAILED, "the proxy"),
    ],
)
def test_each_answer_is_a_check(check, status, state, words):
    found = check(Answer(status))
    assert found.state is state
    assert words in f"{found.says} {found.fix}"
