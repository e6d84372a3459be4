"""How one person is answered by a response_url: private, and without the bot being in the channel.

A response_url lives for 30 minutes and 5 uses, and is itself the secret.
"""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from bot.core.network.proxies import proxy_for
from bot.core.outbox.card import Body
from bot.core.outbox.conversations import RESPONSE_URL, SlackLimited, SlackUnclear
from bot.slack import limits
from bot.slack.calls import RATE_LIMITED, OnCall, measured, translated, wait_named


class ResponseUrls:
    """Posts to response_urls. Raises the failures of a call, but for what Slack refuses."""

    def __init__(self, session: aiohttp.ClientSession, environment: Mapping[str, str], on_call: OnCall) -> None:
        self.session = session
        self.environment = environment
        self.on_call = on_call

    async def post(self, url: str, body: Body, thread: str) -> bool:
        """Whether Slack took the answer. Its thread is named, or it lands in the channel."""
        words = {"text": limits.as_words(body)}
        shown = words if limits.problems(body) else limits.content(body)
        fixed = {"response_type": "ephemeral", "replace_original": False}
        place = {"thread_ts": thread} if thread else {}
        word = await self._send(url, {**shown, **fixed, **place})
        if word.startswith("invalid_") and shown is not words:
            word = await self._send(url, {**words, **fixed, **place})
        return not word

    async def _send(self, url: str, content: Mapping[str, Any]) -> str:
        """The error word that Slack refuses it with; empty when it took it."""
        with measured(self.on_call, RESPONSE_URL) as call, translated(RESPONSE_URL, url):
            proxy = proxy_for(url, self.environment)
            async with self.session.post(url, json=content, proxy=proxy) as answer:
                text = await answer.text()
                word = _refusal(answer.status, text)
                if answer.status == 429 or word in RATE_LIMITED:
                    raise SlackLimited(wait_named(answer.headers))
            if answer.status >= 500:
                raise SlackUnclear(f"HTTP {answer.status} from a response_url")
            if answer.status == 200 and text.lstrip().startswith("<"):  # a proxy's page: Slack says ok
                raise SlackUnclear("a web page from a response_url")
            call.outcome = "refused" if word else "ok"
        return word


def _refusal(status: int, text: str) -> str:
    """The error word of an answer, which is ``ok``, JSON, or a bare word with a status; empty for none."""
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        return "" if answer.get("ok") else str(answer.get("error") or "refused")
    return "" if status == 200 else (text.strip() or "refused")
