"""How one person is told something where they are: by response_url, else an ephemeral message.

A response_url needs no membership, lives for 30 minutes and 5 uses, and is itself the secret; an ephemeral
message needs the person in the channel and the bot too. Where neither is open it is refused: that it goes to the
direct messages is for the caller, since a message there stays, and has an id to be found by.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from bot.core.network.proxies import proxy_for
from bot.core.outbox.conversations import RESPONSE_URL, SlackLimited, SlackRefused, SlackUnclear
from bot.core.outbox.posts import Body
from bot.slack import limits
from bot.slack.calls import RATE_LIMITED, OnCall, measured, translated, wait_named

PostEphemeral = Callable[[str, str, Body, str], Awaitable[None]]


class EphemeralMessages:
    """Private answers, by the first way that is open."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        environment: Mapping[str, str],
        by_web_api: PostEphemeral,
        on_call: OnCall,
    ) -> None:
        self.session = session
        self.environment = environment
        self.by_web_api = by_web_api
        self.on_call = on_call

    async def post_ephemeral(self, channel: str, user: str, body: Body, *, thread: str, response_url: str) -> None:
        """Show something to one person. Raises the four failures of a call."""
        if response_url and await self._by_url(response_url, body, thread):
            return
        if channel.startswith(("D", "U", "W")):  # private already: a message there is what is wanted
            raise SlackRefused("method_not_supported_for_channel_type", "said before any call")
        await self.by_web_api(channel, user, body, thread)

    async def _by_url(self, url: str, body: Body, thread: str) -> bool:
        """Whether the response_url still took it. Its thread is named, or the answer lands in the channel."""
        words = {"text": limits.as_words(body)}
        shown = words if limits.problems(body) else limits.content(body)
        fixed = {"response_type": "ephemeral", "replace_original": False}
        place = {"thread_ts": thread} if thread else {}
        word = await self._send(url, {**shown, **fixed, **place})
        if word.startswith("invalid_") and shown is not words:
            word = await self._send(url, {**words, **fixed, **place})
        return not word

    async def _send(self, url: str, content: Mapping[str, Any]) -> str:
        """Return the word that Slack refuses it with; empty when it took it."""
        with measured(self.on_call, RESPONSE_URL) as call, translated(RESPONSE_URL, url):
            proxy = proxy_for(url, self.environment)
            async with self.session.post(url, json=content, proxy=proxy) as answer:
                text = await answer.text()
                word = _refusal(answer.status, text)
                if answer.status == 429 or word in RATE_LIMITED:
                    raise SlackLimited(wait_named(answer.headers))
            if answer.status >= 500:
                raise SlackUnclear(f"HTTP {answer.status} from a response_url")
            if answer.status == 200 and text.lstrip().startswith("<"):  # of something in between: Slack says ok
                raise SlackUnclear("a web page from a response_url")
            call.outcome = "refused" if word else "ok"
        return word


def _refusal(status: int, text: str) -> str:
    """Return the error word of a response_url's answer: ``ok``, JSON, or a bare word with a status."""
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    if isinstance(told, dict):
        return "" if told.get("ok") else str(told.get("error") or "refused")
    return "" if status == 200 else (text.strip() or "refused")
