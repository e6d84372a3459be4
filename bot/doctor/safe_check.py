"""What a failed part of the examination becomes: a check of its own, never a traceback."""

import asyncio
import logging
from collections.abc import Awaitable
from typing import TypeVar

from bot.core.checks import on_enos
from bot.core.checks.check import Check, failed, warning
from bot.core.checks.on_slack import told
from bot.core.errors import Failure
from bot.core.network.certificates import way_out
from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.outbox.slack_errors import meaning
from bot.core.text.message import plain
from bot.enos.errors import EnosRefused, Untrusted
from bot.slack.preflight import SlackBusy

log = logging.getLogger(__name__)

Made = TypeVar("Made")

SECONDS = 45.0  # that one part may take
_NETWORK = "Check the network and the proxy, if there is one. Then run the doctor again."


async def safe_check(name: str, found: list[Check], work: Awaitable[Made], seconds: float = SECONDS) -> Made | None:
    """What ``work`` made, or None after adding a check that says what went wrong."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except Exception as problem:  # noqa: BLE001  the other parts are examined whatever happens to this one
        found.append(_check(name, problem, seconds))
        return None


def _check(name: str, problem: Exception, seconds: float) -> Check:
    match problem:
        case TimeoutError():
            return failed(name, f"No answer within {seconds:g} s.", _NETWORK)
        case SlackLimited() | SlackBusy():
            says = f"Slack asked the doctor to wait {problem.seconds:g} s. It skipped this check. Nothing is wrong."
            return warning(name, says, "Run the doctor again after that time.")
        case Untrusted():
            return failed(name, f"EnOS's certificate is not trusted: {problem.detail}.", str(way_out("ENOS_API_URL")))
        case EnosRefused() if problem.reason in on_enos.NO_PERMISSION:
            return failed(name, plain(problem.sentence), on_enos.AUTHORIZE)
        case Failure():
            return failed(name, str(problem))
        case SlackRefused():
            says = told("Slack refused the call", problem.error, problem.detail)
            return failed(name, says, plain(meaning(problem.error).way_out))
        case SlackUnclear() | SlackUnreachable():
            return failed(name, f"Slack did not answer ({problem}).", _NETWORK)
        case OSError():  # an address that cannot be bound, a disk
            return failed(name, f"{problem.strerror or problem}.", "Check whether another program uses it.")
    log.error("The doctor hit a bug", exc_info=problem)
    says = f"The doctor hit a bug in flowbot ({type(problem).__name__}: {problem})."
    return failed(name, says, "Report this to the people who maintain flowbot.")
