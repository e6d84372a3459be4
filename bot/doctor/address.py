"""HTTP mode: whether the address that Slack calls leads to flowbot, asked as Slack asks when an address is set."""

import json
import time
from os import environ

import aiohttp
from slack_sdk.signature import SignatureVerifier

from bot.core.checks.check import Check, failed, ok, warning
from bot.core.network.proxies import proxy_for
from bot.ops.new_ids import new_id
from bot.settings.table import Settings
from bot.slack.manifest import EVENTS_PATH

NAME = "slack address"
SECONDS = 10.0
_ROUTE = "Make it lead to FLOWBOT_EVENTS_LISTEN of the running flowbot."


async def address(settings: Settings) -> Check:
    """Whether ``FLOWBOT_PUBLIC_URL`` leads to a flowbot with this signing secret."""
    if not settings.public_url:
        says = "FLOWBOT_PUBLIC_URL is not set. The doctor cannot check whether Slack reaches flowbot."
        return warning(NAME, says, "Set it, or check with a button: flowbot doctor --press.")
    url = settings.public_url.rstrip("/") + EVENTS_PATH
    challenge, stamp = new_id(), str(int(time.time()))
    body = json.dumps({"type": "url_verification", "token": "", "challenge": challenge})
    signature = SignatureVerifier(settings.slack_signing_secret).generate_signature(timestamp=stamp, body=body)
    headers = {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": str(signature),
    }
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS)) as session,
            session.post(url, data=body, headers=headers, proxy=proxy_for(url, environ)) as answer,
        ):
            status, text = answer.status, await answer.text(errors="replace")
    except (aiohttp.ClientError, TimeoutError, OSError) as problem:
        says = f"{url} cannot be reached from here ({type(problem).__name__})."
        return failed(NAME, says, _ROUTE)
    if status == 200 and challenge in text:
        return ok(NAME, f"{url} leads to flowbot, and both have the same signing secret.")
    if status == 401:
        says = f"{url} answers, but it refuses a request signed with this SLACK_SIGNING_SECRET."
        return failed(NAME, says, "Give flowbot there and this program the secret from the app's Basic Information.")
    says = f"{url} does not lead to flowbot (HTTP {status})."
    return failed(NAME, says, _ROUTE)
