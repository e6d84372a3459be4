"""The doctor's half inside the running bot: the bot's report on itself, and the button that somebody presses."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bot import __version__
from bot.core.checks.on_bot import BotReport, written
from bot.core.checks.on_lateness import LateFacts
from bot.core.checks.on_watches import facts
from bot.core.errors import Refusal
from bot.core.health.promise import Judgement
from bot.core.history.usual import LEAST
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind, PostState
from bot.core.text.message import plain, sentences, verbatim
from bot.messages.cards import doctor as cards
from bot.ops.new_ids import new_id
from bot.slack.gateway import SlackGateway
from bot.store.store import Store

LONGEST = 300.0  # seconds that a press may be waited for
SENT_WITHIN = 20.0  # seconds until the doctor gives up a post that Slack does not have
_AWAITED = "press-"  # begins the ids of the posts with a button that is waited for
POLL_SECONDS = 0.1  # seconds between two checks of a post


async def late_facts(store: Store) -> LateFacts:
    """What the database holds about late runs."""
    known, flows = await store.flows_to_learn_from(LEAST)
    expected = (await store.expectations()).values()
    promised = sum(each.by is not None for each in expected)
    return LateFacts(flows, known, promised, len(expected) - promised)


class RunningBotProbe:
    """Answers the doctor. ``awaited`` holds, by post, the presses that it waits for: who pressed is the result."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], datetime],
        channel: str,
        gateway: SlackGateway,
        judgement: Callable[[], Judgement],
    ) -> None:
        self._store, self._clock, self._channel = store, clock, channel
        self._gateway, self._judgement = gateway, judgement
        self.awaited: dict[str, asyncio.Future[str]] = {}

    async def facts(self, _what: Mapping[str, Any]) -> str:
        """The bot's report on itself, as JSON."""
        gateway, due = await self._gateway.health(), (await self._store.oldest_posts()).values()
        report = BotReport(
            version=__version__,
            why_not_ready=plain(sentences(*self._judgement().broken)),
            connected=gateway.connected,
            wanted=gateway.wanted,
            oldest_seconds=max([0.0, *((self._clock() - since).total_seconds() for since in due)]),
            links=await self._store.links(),
            watches=facts(await self._store.watches()),
            late=await late_facts(self._store),
        )
        return json.dumps(written(report))

    def note_press(self, post: str, user: str) -> bool:
        """Note who pressed, if it is an awaited button. The command that it says is answered like any other.

        Whether another replica may wait for it.
        """
        pressed = self.awaited.get(post)
        if pressed is not None and not pressed.done():
            pressed.set_result(user)
        return pressed is None and post.startswith(_AWAITED)

    async def press(self, what: Mapping[str, Any]) -> str:
        """Post a message with a button, wait for a press, and say so in the message.

        Who pressed, and after how many seconds, as JSON; ``who`` is empty where the time ran out. Raises Refusal where
        the message does not reach Slack.
        """
        seconds = min(LONGEST, float(what.get("seconds", 60)))
        id_ = PostId(f"{_AWAITED}{new_id()}")
        pressing = self.awaited[id_] = asyncio.get_running_loop().create_future()
        try:
            await self._post_and_wait(id_, cards.please_press(id_, seconds))
            began = time.monotonic()
            try:
                async with asyncio.timeout(seconds):
                    who = await pressing
            except TimeoutError:
                await self._post_and_wait(PostId(new_id()), cards.unpressed(), target=id_)
                return json.dumps({"who": "", "seconds": seconds})
            took = time.monotonic() - began
            await self._post_and_wait(PostId(new_id()), cards.pressed(who), target=id_)
            return json.dumps({"who": who, "seconds": took})
        finally:
            del self.awaited[id_]

    async def _post_and_wait(self, id_: PostId, body: Card, *, target: PostId | None = None) -> None:
        """Queue a post like any other, and wait until Slack has it."""
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
                trouble = f"The running flowbot could not post its button ({why or 'Slack is slow'})."
                raise Refusal("not_sent", verbatim(trouble))
            await asyncio.sleep(POLL_SECONDS)
