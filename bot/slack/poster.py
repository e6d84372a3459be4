"""How posts become calls.

Nothing here repeats a write, waits, or remembers what was sent: the delivery does. Every message carries the id of
its post as metadata, which everybody in the channel may read, and nothing else.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

import aiohttp

from bot.core.outbox.card import Body
from bot.core.outbox.conversations import (
    RESPONSE_URL,
    SearchResult,
    SlackOutsideThread,
    SlackRefused,
    SlackUnclear,
    SlackUnreachable,
)
from bot.core.outbox.posts import PostId
from bot.core.outbox.slack_errors import is_not_there
from bot.core.text.language import EN
from bot.slack import limits, lookup
from bot.slack.calls import Answer, Calls, OnCall, Sleep, web_client
from bot.slack.directory import Directory, OnListEnd
from bot.slack.redacted import library_log
from bot.slack.response_urls import ResponseUrls
from bot.slack.uploads import Uploads, not_stored

EVENT_TYPE = "flowbot_post"
LONGEST_PLACE = 500  # characters of a channel and a ts together; Slack's have about thirty
NO_PREVIEWS = {"unfurl_links": False, "unfurl_media": False}
CONTENT = frozenset(  # refusals that fewer blocks may answer
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "msg_blocks_too_long",
        "msg_too_long",
        "block_mismatch",
        "only_one_table_allowed",
        "too_many_attachments",
    }
)


class Poster(Directory):
    """Slack as the journeys see it. Raises the failures of ``conversations`` and nothing else."""

    def __init__(  # noqa: PLR0913  what a poster is made of, by name
        self,
        token: str,
        *,
        api_url: str,
        session: aiohttp.ClientSession,
        environment: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
        sleep: Sleep = asyncio.sleep,
        on_call: OnCall = lambda _method, _outcome, _seconds: None,
        on_list_end: OnListEnd = lambda _listed, _why: None,
        language: str = EN,
    ) -> None:
        client = web_client(api_url, session, environment, token, on_call=on_call)
        super().__init__(Calls(client, sleep), clock, on_list_end, language)
        self._uploads = Uploads(self.calls, session, environment, on_call)
        self._response_urls = ResponseUrls(session, environment, on_call)

    async def post(self, channel: str, body: Body, *, id: PostId, thread: str = "") -> tuple[str, str]:
        """Post a message with ``id`` in its metadata; return its channel and its ts.

        Raises ``SlackOutsideThread`` where it was to be a reply and Slack posted it outside of its thread.
        """
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"id": id}}
        target = {"channel": channel, **NO_PREVIEWS, "metadata": metadata, **({"thread_ts": thread} if thread else {})}
        answer = await self._send_body("chat.postMessage", target, {}, body, limits.POST_TEXT)
        place, ts = str(answer.get("channel") or ""), str(answer.get("ts") or "")
        if not (place and ts) or len(place) + len(ts) > LONGEST_PLACE:
            raise SlackUnclear("the answer names no message")
        if channel != place:  # the direct messages with a user
            self._direct.put(channel, place)
        if thread and _thread_of(answer, thread) != thread:
            raise SlackOutsideThread(place, ts)
        return place, ts

    async def edit(self, channel: str, ts: str, body: Body, *, id: PostId) -> None:  # noqa: ARG002  the protocol's; Slack keeps the message's own metadata
        """Replace a message of ours: what the new body lacks is removed."""
        target = {"channel": await self.conversation_id(channel), "ts": ts}
        bare: Answer = {"blocks": [], "attachments": []}
        # Slack keeps the attachments that an edit leaves out, and the metadata: the message stays findable.
        await self._send_body("chat.update", target, bare, body, limits.EDIT_TEXT)

    async def post_ephemeral(
        self, channel: str, user: str, body: Body, *, thread: str = "", response_url: str = ""
    ) -> None:
        """Show something to one person where they are: by response_url, else as an ephemeral message.

        The latter needs the person and the bot in the channel. Where neither works it is refused: the caller decides
        about a direct message, which stays, and has an id to be found by.
        """
        if response_url and await self._response_urls.post(response_url, body, thread):
            return
        if channel.startswith(("D", "U", "W")):  # private already: a message that stays is what is wanted
            raise SlackRefused("method_not_supported_for_channel_type", "said before any call")
        target = {"channel": channel, "user": user, **({"thread_ts": thread} if thread else {})}
        await self._send_body("chat.postEphemeral", target, {}, body, limits.POST_TEXT)

    async def notify(self, channel: str, user: str, body: Body, *, thread: str = "", response_url: str = "") -> None:
        """Show something that has no id, as ``post_ephemeral`` does; in a direct message where that fails."""
        try:
            await self.post_ephemeral(channel, user, body, thread=thread, response_url=response_url)
        except SlackUnreachable as unreachable:
            if unreachable.method != RESPONSE_URL:
                raise
            await self.notify(channel, user, body, thread=thread)
        except SlackRefused as refusal:
            if not is_not_there(refusal.error):
                raise
            await self._send_body("chat.postMessage", {"channel": user, **NO_PREVIEWS}, {}, body, limits.POST_TEXT)

    async def upload(
        self,
        channel: str,
        body: Body,
        *,
        thread: str = "",
        reserved: Callable[[str], Awaitable[None]] | None = None,
    ) -> str:
        """Upload ``{"filename", "content", "title", "comment"}``; return the file id."""
        try:
            place = await self.conversation_id(channel)
        except SlackUnclear as lost:
            raise not_stored(str(lost), lost.method) from None
        return await self._uploads.upload(place, body, thread, reserved)

    async def shared(self, file: str) -> bool:
        """Whether a file of ours has been shown anywhere."""
        found = (await self.calls.read("files.info", {"file": file})).get("file") or {}
        return any(found.get(name) for name in ("shares", "channels", "groups", "ims"))

    async def find(
        self,
        channel: str,
        ids: Collection[PostId],
        *,
        thread: str = "",
        since: float = 0,
        until: float = 0,
        rest: str = "",
    ) -> SearchResult:
        """Look for those of our messages that carry one of the ids; see ``lookup.py``."""
        window = lookup.Window(await self.conversation_id(channel), thread, since, until, rest)
        return await lookup.find_messages(self.calls, window, ids, self._post_of)

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message of ours; one that is gone already is not a failure."""
        try:
            await self.calls.write("chat.delete", {"channel": await self.conversation_id(channel), "ts": ts})
        except SlackRefused as refusal:
            if refusal.error != "message_not_found":
                raise

    async def permalink(self, channel: str, ts: str) -> str:
        """A link to a message: computed once the workspace's address is known, else asked for."""
        if self.me and self.me.url:
            return f"{self.me.url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
        answer = await self.calls.read("chat.getPermalink", {"channel": channel, "message_ts": ts})
        return str(answer.get("permalink") or "")

    def _post_of(self, message: Answer) -> PostId:
        """The id of the post that a message was, "" for messages of others: anybody may write metadata like ours."""
        metadata = message.get("metadata") or {}
        author = message.get("bot_id")
        ours = self.me is None or author in (None, self.me.bot)
        if not ours or metadata.get("event_type") != EVENT_TYPE:
            return PostId("")
        return PostId(str((metadata.get("event_payload") or {}).get("id") or ""))

    async def _send_body(
        self, method: str, target: Mapping[str, Any], bare: Mapping[str, Any], body: Body, longest: int
    ) -> Answer:
        """Send a body; its words alone where it breaks Slack's limits or Slack refuses its blocks."""
        if broken := limits.problems(body):
            library_log().error("A body breaks Slack's limits and goes as text: %s", "; ".join(broken[:5]))
        else:
            try:
                return await self.calls.write(method, {**target, **bare, **limits.content(body, longest)})
            except SlackRefused as refusal:
                if refusal.error not in CONTENT or not (body.get("blocks") or body.get("attachments")):
                    raise
                library_log().error("Slack refused blocks, they go as text: %s", refusal)  # a bug of ours
        return await self.calls.write(method, {**target, **bare, "text": limits.as_words(body)})


def _thread_of(answer: Answer, asked: str) -> str:
    """The thread that Slack put a reply in, "" for none; where Slack does not say, the one that was asked for.

    A reply to a message that a person has deleted is not refused: it is posted in the channel, and the answer's
    ``message`` lacks ``thread_ts`` (reported of live Slack; not documented).
    """
    message = answer.get("message")
    return str(message.get("thread_ts") or "") if isinstance(message, dict) and message else asked
