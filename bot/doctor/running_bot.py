"""The doctor's half inside the running bot: what it tells of itself, and how it lets its button be pressed."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

from bot.core.checks.on_bot import BotReport, written
from bot.core.errors import Refused
from bot.core.outbox.posts import (
    Body,
    Lane,
    NewPost,
    PostId,
    PostKind,
    PostState,
)
from bot.core.people.model import IncomingMessage
from bot.messages.cards import doctor as cards
from bot.ops.new_ids import new_id
from bot.store.store import Store

LONGEST = 300.0  # seconds that a press may be waited for
SENT_WITHIN = 20.0  # seconds until a post that does not stand is given up by the doctor
POLL_SECONDS = 0.1  # seconds between two looks at a post


class RunningBotProbe:
    """Answers the doctor. ``read_report`` returns what the bot tells of itself."""

    def __init__(
        self, store: Store, clock: Callable[[], datetime], channel: str, read_report: Callable[[], Awaitable[BotReport]]
    ) -> None:
        self._store, self._clock, self._channel, self._read_report = store, clock, channel, read_report
        self._awaited: dict[str, asyncio.Future[str]] = {}

    async def facts(self, _what: Mapping[str, Any]) -> str:
        """Return what the bot tells of itself, as JSON."""
        return json.dumps(written(await self._read_report()))

    def note_press(self, message: IncomingMessage) -> None:
        """Note that somebody pressed a button; what it says is answered as ever."""
        waiting = self._awaited.get(message.post)
        if waiting is not None and not waiting.done():
            waiting.set_result(message.by.user)

    async def press(self, what: Mapping[str, Any]) -> str:
        """Post a message with a button, wait for a press, and say so in the message.

        Return who pressed and after how many seconds, as JSON; nobody where the time ran out. Raises Refused where
        the message does not reach Slack.
        """
        seconds = min(LONGEST, float(what.get("seconds", 60)))
        id_ = PostId(new_id())
        pressing = self._awaited[id_] = asyncio.get_running_loop().create_future()
        try:
            await self._post_and_wait(id_, cards.please_press(id_, seconds))
            began = time.monotonic()
            try:
                who = await asyncio.wait_for(pressing, seconds)
            except TimeoutError:
                await self._post_and_wait(PostId(new_id()), cards.unpressed(), target=id_)
                return json.dumps({"who": "", "seconds": seconds})
            took = time.monotonic() - began
            await self._post_and_wait(PostId(new_id()), cards.pressed(who), target=id_)
            return json.dumps({"who": who, "seconds": took})
        finally:
            del self._awaited[id_]

    async def _post_and_wait(self, id_: PostId, body: Body, *, target: PostId | None = None) -> None:
        """Queue a post as any other and wait until it stands."""
        kind = PostKind.MESSAGE if target is None else PostKind.EDIT
        new = NewPost(id_, kind, Lane.ANSWER, self._channel, body, self._clock(), target=target)
        await self._store.queue([new])
        end = time.monotonic() + SENT_WITHIN
        while True:
            post = await self._store.post(id_)
            if post is not None and post.state is PostState.SENT:
                return
            why = post.why if post is not None else "it was dropped"
            if time.monotonic() > end or post is None or post.state is PostState.GIVEN_UP:
                raise Refused("not_sent", f"The running bot could not post its button ({why or 'Slack is slow'}).")
            await asyncio.sleep(POLL_SECONDS)
