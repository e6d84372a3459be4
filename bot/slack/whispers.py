"""How one person is told something: by response_url, else an ephemeral message, else a direct message.

A response_url needs no membership, lives for 30 minutes and 5 uses, and is itself the secret; an ephemeral
message needs the person in the channel and the bot too. Whatever can be reached last is the direct message.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from bot.core.conversations import SlackLimited, SlackRefused, SlackUnclear
from bot.core.posts import Body
from bot.slack import limits
from bot.slack.calls import LIMITED, OnCall, counted, translated, wait_named
from bot.slack.proxies import proxy_for

Ephemeral = Callable[[str, str, Body, str], Awaitable[None]]
Plainly = Callable[[str, Body, str], Awaitable[Any]]

NOT_THERE = frozenset(  # the place is at fault, not the content: the person is reached directly
    {
        "channel_not_found",
        "not_in_channel",
        "user_not_in_channel",
        "is_archived",
        "cannot_reply_to_message",
        "thread_not_found",
        "messages_tab_disabled",
        "no_permission",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "restricted_action_thread_locked",
    }
)


class Whispers:
    """Private answers, by the first way that is open."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        environment: Mapping[str, str],
        ephemeral: Ephemeral,
        plainly: Plainly,
        on_call: OnCall,
    ) -> None:
        self.session = session
        self.environment = environment
        self.ephemeral = ephemeral
        self.plainly = plainly
        self.on_call = on_call

    async def whisper(self, channel: str, user: str, body: Body, *, thread: str, response_url: str) -> None:
        """Show something to one person. Raises the four failures of a call."""
        if response_url and await self._by_url(response_url, body, thread):
            return
        if channel.startswith(("D", "U", "W")):  # private already, and a message there stays
            await self.plainly(channel, body, thread)
            return
        try:
            await self.ephemeral(channel, user, body, thread)
        except SlackRefused as refusal:
            if refusal.error not in NOT_THERE:
                raise
            await self.plainly(user, body, "")

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
        with counted(self.on_call, "response_url") as call, translated():
            proxy = proxy_for(url, self.environment)
            async with self.session.post(url, json=content, proxy=proxy) as answer:
                text = await answer.text()
                word = _refusal(answer.status, text)
                if answer.status == 429 or word in LIMITED:
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
