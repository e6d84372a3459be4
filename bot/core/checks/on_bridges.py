"""Checks of the webhook and of PagerDuty. Pure."""

from bot.core.bridges.outcomes import GONE, TOO_MANY, UNUSABLE, Answer
from bot.core.checks.check import Check, failed, ok, warning

WEBHOOK, PAGERDUTY = "webhook", "pagerduty"


def webhook(answer: Answer) -> Check:
    """What the webhook answered to a signed ping."""
    if 200 <= answer.status < 300:
        return ok(WEBHOOK, f"The webhook accepted a signed ping (HTTP {answer.status}).")
    fix = "Check FLOWBOT_WEBHOOK_URL and its receiver. It must answer with 2xx within 15 s."
    if answer.status in {401, 403}:
        fix = "Give flowbot and the receiver the same FLOWBOT_WEBHOOK_SECRET, and compare both clocks."
    elif answer.status == GONE:
        fix = "Set FLOWBOT_WEBHOOK_URL to the address where the receiver is now, or unset it."
    return failed(WEBHOOK, f"The webhook did not accept a signed ping ({answer.why}).", fix)


def pagerduty(answer: Answer) -> Check:
    """What PagerDuty answered to something that is not an event: it refuses that, which shows that it is there."""
    if answer.status in UNUSABLE:
        return ok(PAGERDUTY, "PagerDuty answers. Only a real page can prove the key, so the doctor did not check it.")
    if answer.status == TOO_MANY or answer.status >= 500:
        says = f"PagerDuty is busy or out of service ({answer.why})."
        return warning(PAGERDUTY, says, "flowbot tries again by itself. See PagerDuty's status page.")
    says = f"PagerDuty's Events API does not answer at FLOWBOT_PAGERDUTY_URL ({answer.why})."
    return failed(PAGERDUTY, says, "Check the address, the network and the proxy.")
