"""``flowbot drill`` inside the running bot: a sample failure along the routes of the alert channel."""

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.posts import NewPost, Post, PostState, is_direct
from bot.core.text.message import Text, plain, verbatim
from bot.messages.cards import drill as cards
from bot.messages.cards import places
from bot.messages.cards.drill import Unposted
from bot.work.commands.context import Services
from bot.work.commands.drill import plan

SENT_WITHIN = 30.0  # seconds until a post counts as not sent
POLL_SECONDS = 0.1  # seconds between two checks of a post


async def post_and_wait(services: Services, _what: Mapping[str, Any]) -> str:
    """Post a drill and wait until Slack has it: what was posted where, as JSON with ``said`` and ``ok``.

    Raises Refusal where no failures go to the alert channel.
    """
    settings = services.answer_settings
    found = await plan(services, settings.channel, services.clock())
    await services.store.queue(found.posts)
    services.wake()
    end = time.monotonic() + SENT_WITHIN
    settled = {post.channel: await _settled(services, post, end) for post in found.posts}
    posted = [each for each in found.places if _is_there(settled[each.channel], each.channel)]
    missing = [
        Unposted(each.channel, verbatim(f"Slack did not take it ({_why(settled[each.channel])})."))
        for each in found.places
        if each not in posted
    ]
    unposted = (*found.unposted, *missing)
    rows: list[Text] = [cards.summary(len(posted))]
    rows += [places.row(way) for each in posted for way in each.ways]
    rows += [*(cards.not_posted(each) for each in unposted), cards.NOTE]
    said = "".join(f"{plain(row)}\n" for row in rows)
    for place in dict.fromkeys([*(each.channel for each in posted), *(each.channel for each in unposted)]):
        mark, name = await _named(services, place)
        said = said.replace(mark, name)
    return json.dumps({"said": said, "ok": not unposted})


async def _named(services: Services, place: str) -> tuple[str, str]:
    """How a message names a channel or person, and how people on a terminal know it."""
    try:
        if is_direct(place):
            return f"<@{place}>", f"@{(await services.slack.profile(place)).name or place}"
        return f"<#{place}>", f"#{(await services.slack.channel(place)).name or place}"
    except SLACK_FAILURES:
        return place, place


async def _settled(services: Services, new: NewPost, end: float) -> Post | None:
    """A post as soon as it is sent or given up, or as it is when the time is up."""
    while True:
        post = await services.store.post(new.id)
        if post is None or post.state in {PostState.SENT, PostState.GIVEN_UP} or time.monotonic() > end:
            return post
        await asyncio.sleep(POLL_SECONDS)


def _is_there(post: Post | None, channel: str) -> bool:
    """Whether a post was sent where it was meant to go."""
    return post is not None and post.state is PostState.SENT and post.new.channel == channel


def _why(post: Post | None) -> str:
    return (post.why if post is not None else "") or "Slack is slow"
