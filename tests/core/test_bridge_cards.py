"""What the flowbot admins read about the webhook and PagerDuty."""

import pytest
from incident_makers import NOW
from languages import ALL

from bot.core.bridges.model import Bridge
from bot.messages.cards import answers, bridges

TEXTS = {
    "not accepted": lambda bridge: bridges.not_accepted(bridge, NOW, "HTTP 503"),
    "works again": bridges.works_again,
    "given up": lambda bridge: bridges.given_up(bridge, "HTTP 400: Invalid routing key"),
}


ALARMS = {
    "webhook": bridges.alarm(Bridge.WEBHOOK, "HTTP 503"),
    "pagerduty": bridges.alarm(Bridge.PAGERDUTY, "HTTP 503"),
    "refused": bridges.page_refused("HTTP 400: Invalid routing key"),
    "bug": bridges.bug_met("KeyError"),
}
QUOTED = (
    "PagerDuty", "HTTP", "Invalid", "routing", "key", "KeyError",
)  # fmt: skip


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", ALARMS)
def test_what_an_alarm_says(golden, name, language):
    golden(answers.told("", ALARMS[name]), language, QUOTED)


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("bridge", list(Bridge), ids=lambda bridge: bridge.value)
@pytest.mark.parametrize("said", TEXTS)
def test_what_the_admins_read(golden, said, bridge, language):
    golden(answers.told("", TEXTS[said](bridge)), language, ("PagerDuty",))
