"""Messages to the flowbot admins about the webhook and PagerDuty. ``why`` is quoted from flowbot's log."""

from datetime import datetime

from bot.core.bridges.model import Bridge
from bot.core.text.escape import code
from bot.core.text.message import Text, layout, lines, msg


def not_accepted(bridge: Bridge, since: datetime, why: str) -> Text:
    """Events wait because the receiver does not accept them."""
    if bridge is Bridge.WEBHOOK:
        text = msg(
            "🔴 The webhook has not accepted incident events since {time}. I keep them for three days and try again. "
            "Ask an operator to check the webhook's receiver.",
            time=since,
        )
    else:
        text = msg(
            "🔴 PagerDuty has not accepted pages since {time}. It may not call anybody. I keep trying for three days. "
            "Ask an operator to check the network and PagerDuty's status page.",
            time=since,
        )
    return lines(text, _quoted(why))


def works_again(bridge: Bridge) -> Text:
    """Nothing waits for too long any more."""
    if bridge is Bridge.WEBHOOK:
        return msg("🟢 The webhook accepts incident events again.")
    return msg("🟢 PagerDuty accepts pages again.")


def given_up(bridge: Bridge, why: str) -> Text:
    """An event that will not be sent again; said at most once a day."""
    if bridge is Bridge.WEBHOOK:
        text = msg(
            "⚠️ An incident event was *not* delivered: the webhook did not accept it for three days. My log names each "
            "event that was not delivered."
        )
    else:
        text = msg(
            "⚠️ PagerDuty did *not* accept a page. Ask an operator to check the PagerDuty key. My log names each page "
            "that was not accepted."
        )
    return lines(text, _quoted(why))


# ── alarms: for the log, ``/readyz`` and ``status`` ──


def alarm(bridge: Bridge, why: str) -> Text:
    """The alarm that a receiver does not accept events."""
    if bridge is Bridge.WEBHOOK:
        return msg(
            "The webhook does not accept incident events ({why}). They are kept for three days. "
            "Check FLOWBOT_WEBHOOK_URL and its receiver.",
            why=why,
        )
    return msg(
        "PagerDuty does not accept pages ({why}). They are kept for three days. "
        "Check FLOWBOT_PAGERDUTY_URL, the network and PagerDuty's status page.",
        why=why,
    )


def page_refused(why: str) -> Text:
    """The alarm that PagerDuty refuses what it is sent."""
    return msg(
        "PagerDuty refused a page ({why}). Nobody was called. Check FLOWBOT_PAGERDUTY_KEY. "
        "If that is right, this is a bug: report it.",
        why=why,
    )


def bug_met(name: str) -> Text:
    """The alarm about a bug of ours, which only the log tells."""
    return msg("A bug stopped an incident event ({name}). It will be sent again. See the log.", name=name)


def _quoted(why: str) -> Text:
    return layout("> {why}", why=code(why))
