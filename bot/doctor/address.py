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


async def address(settings: Settings) -> Check:
    """Whether ``FLOWBOT_PUBLIC_URL`` leads to a flowbot with this signing secret."""
    if not settings.public_url:
        says = "FLOWBOT_PUBLIC_URL is not set, so it cannot be proven that Slack reaches flowbot."
        return warning(NAME, says, "Set it, or let somebody press a button: flowbot doctor --press.")
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
        return failed(NAME, says, "Let it lead to FLOWBOT_EVENTS_LISTEN of the running bot.")
    if status == 200 and challenge in text:
        return ok(NAME, f"{url} leads to flowbot, and the signing secrets agree.")
    if status == 401:
        says = f"{url} answers, but takes no request that is signed with this SLACK_SIGNING_SECRET."
        return failed(NAME, says, "Give the bot there and this program the secret from Basic Information.")
    says = f"{url} does not lead to flowbot (HTTP {status})."
    return failed(NAME, says, "Let it lead to FLOWBOT_EVENTS_LISTEN of the running bot.")
