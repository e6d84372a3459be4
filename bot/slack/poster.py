"""How posts become calls, within the limits of what Slack accepts.

Nothing here repeats a write, waits, or remembers what was sent: the delivery does. Every message carries the id of
its post as metadata, which everybody in the channel may read, and nothing else.

Slack answers one broken limit with ``invalid_blocks`` and posts nothing, so a body is checked before it is
sent; where a limit is broken, its words alone are. Limits: docs.slack.dev, "Block Kit reference" (January 2026), and
live reports where it is silent.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import aiohttp

from bot.core.outbox.blocks import Body, as_words, texts
from bot.core.outbox.conversations import (
    RESPONSE_URL,
    SearchResult,
    SlackOutsideThread,
    SlackRefused,
    SlackRefusedTable,
    SlackUnclear,
    SlackUnreachable,
)
from bot.core.outbox.posts import PostId
from bot.core.outbox.slack_errors import is_not_there
from bot.core.text.language import EN
from bot.slack import lookup
from bot.slack.calls import Answer, Calls, OnCall, Sleep, respond, web_client
from bot.slack.directory import Directory, OnListEnd
from bot.slack.redacted import library_log
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


POST_TEXT = 39_000  # characters; beyond 40,000 Slack cuts
EDIT_TEXT = 4_000  # chat.update refuses more with msg_too_long
ALL_TEXT = 13_200  # characters in all blocks together; observed, not documented
TABLE_TEXT = 10_000  # characters in all cells together


class Limit(NamedTuple):
    """How many characters a text may have, or how many entries a list."""

    name: str  # of the field; "" is the part's own text
    most: int
    least: int = 0
    optional: bool = False  # whether the field may be left out; ``least`` counts only where it is given


_BLOCK = Limit("block_id", 255)
_ACTION = Limit("action_id", 255)
_CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}
_IMAGE = (Limit("alt_text", 2_000, 1), Limit("image_url", 3_000))

_BLOCKS: dict[str, tuple[Limit, ...]] = {
    "section": (
        _BLOCK,
        Limit("text", 3_000, 1, optional=True),
        Limit("fields", 10, 1, optional=True),
        Limit("accessory", 1),
    ),
    "header": (_BLOCK, Limit("text", 150, 1)),
    "context": (_BLOCK, Limit("elements", 10, 1)),
    "actions": (_BLOCK, Limit("elements", 25, 1)),
    "image": (_BLOCK, _ACTION, *_IMAGE),  # also an element
    "markdown": (_BLOCK, Limit("text", 12_000, 1)),
    "table": (_BLOCK, Limit("rows", 100, 1)),
    "rich_text": (_BLOCK,),
    "divider": (_BLOCK,),
}
_LIMITS: dict[str, tuple[Limit, ...]] = {
    "message": (Limit("blocks", 50), Limit("attachments", 20)),
    **_BLOCKS,
    # elements, by their type
    "mrkdwn": (Limit("", 3_000, 1),),
    "plain_text": (Limit("", 3_000, 1),),
    "button": (_ACTION, Limit("text", 75, 1), Limit("value", 2_000), Limit("url", 3_000)),
    "overflow": (_ACTION, Limit("options", 5, 1)),
    "static_select": (_ACTION, Limit("options", 100, 1)),
    "confirm": tuple(Limit(name, most, 1, optional=True) for name, most in _CONFIRM.items()),
    # the entries of a list, by its name
    "attachments": (Limit("blocks", 50),),
    "fields": (Limit("", 2_000, 1),),
    "options": (Limit("text", 75, 1), Limit("value", 150, 1), Limit("url", 3_000)),
}
_OTHER_ELEMENT = (_ACTION,)


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
        self._respond = partial(respond, session, environment, on_call)
        self._measured = client

    def report_calls(self, on_call: OnCall) -> None:
        """Call this after each call from now on."""
        self._measured.on_call = self._uploads.on_call = on_call
        self._respond = partial(respond, self._uploads.session, self._uploads.environment, on_call)

    async def post(
        self, channel: str, body: Body, *, id: PostId, thread: str = "", broadcast: bool = False
    ) -> tuple[str, str]:
        """Post a message with ``id`` in its metadata; return its channel and its ts.

        With ``broadcast`` the channel shows a reply, too. Raises ``SlackOutsideThread`` where it was to be a reply and
        Slack posted it outside of its thread.
        """
        metadata = {"event_type": EVENT_TYPE, "event_payload": {"id": id}}
        place = {"thread_ts": thread, **({"reply_broadcast": True} if broadcast else {})} if thread else {}
        target = {"channel": channel, **NO_PREVIEWS, "metadata": metadata, **place}
        answer = await self._send_body("chat.postMessage", target, {}, body, POST_TEXT)
        where, ts = str(answer.get("channel") or ""), str(answer.get("ts") or "")
        if not (where and ts) or len(where) + len(ts) > LONGEST_PLACE:
            raise SlackUnclear("the answer names no message")
        if channel != where:  # the direct messages with a user
            self._direct.put(channel, where)
        if thread and _thread_of(answer, thread) != thread:
            raise SlackOutsideThread(where, ts)
        return where, ts

    async def edit(self, channel: str, ts: str, body: Body, *, id: PostId) -> None:  # noqa: ARG002  the protocol's; Slack keeps the message's own metadata
        """Replace a message of ours: what the new body lacks is removed."""
        target = {"channel": await self.conversation_id(channel), "ts": ts}
        bare: Answer = {"blocks": [], "attachments": []}
        # Slack keeps the attachments that an edit leaves out, and the metadata: the message stays findable.
        await self._send_body("chat.update", target, bare, body, EDIT_TEXT)

    async def post_ephemeral(
        self, channel: str, user: str, body: Body, *, thread: str = "", response_url: str = ""
    ) -> None:
        """Show something to one person where they are: by response_url, else as an ephemeral message.

        The latter needs the person and the bot in the channel. Where neither works it is refused: the caller decides
        about a direct message, which stays, and has an id to be found by.
        """
        if response_url and await self._posted_to(response_url, body, thread):
            return
        if channel.startswith(("D", "U", "W")):  # private already: a message that stays is what is wanted
            raise SlackRefused("method_not_supported_for_channel_type", "said before any call")
        target = {"channel": channel, "user": user, **({"thread_ts": thread} if thread else {})}
        await self._send_body("chat.postEphemeral", target, {}, body, POST_TEXT)

    async def _posted_to(self, url: str, body: Body, thread: str) -> bool:
        """Whether Slack took an answer by response_url. Its thread is named, or it lands in the channel."""
        bare = body.get("fallback")
        if bare and problems(body):
            return await self._posted_to(url, bare, thread)
        words = {"text": as_words(bare or body, EDIT_TEXT)}
        shown = words if problems(body) else content(body)
        fixed = {"response_type": "ephemeral", "replace_original": False}
        place = {"thread_ts": thread} if thread else {}
        word = await self._respond(url, {**shown, **fixed, **place})
        if bare and _is_about_blocks(word):
            raise SlackRefusedTable(word)
        if word.startswith("invalid_") and shown is not words:
            word = await self._respond(url, {**words, **fixed, **place})
        return not word

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
            await self._send_body("chat.postMessage", {"channel": user, **NO_PREVIEWS}, {}, body, POST_TEXT)

    async def upload(
        self,
        channel: str,
        body: Body,
        *,
        thread: str = "",
        reserved: Callable[[str], Awaitable[None]] | None = None,
    ) -> str:
        """Upload a file (see ``PostKind.FILE``); return the file id."""
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
        if known := self.known_permalink(channel, ts):
            return known
        answer = await self.calls.read("chat.getPermalink", {"channel": channel, "message_ts": ts})
        return str(answer.get("permalink") or "")

    def known_permalink(self, channel: str, ts: str) -> str:
        """A link to a message without asking Slack; empty while the workspace's address is not known."""
        if not (self.me and self.me.url):
            return ""
        return f"{self.me.url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"

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
        """Send a body; its words alone where it breaks Slack's limits or Slack refuses its blocks.

        Raises ``SlackRefusedTable`` where it has a table, and a form without one.
        """
        bare_form = body.get("fallback")
        if broken := problems(body):
            library_log().error("A body breaks Slack's limits and goes in a simpler form: %s", "; ".join(broken[:5]))
            if bare_form:
                return await self._send_body(method, target, bare, bare_form, longest)
        else:
            try:
                return await self.calls.write(method, {**target, **bare, **content(body, longest)})
            except SlackRefused as refusal:
                if bare_form and _is_about_blocks(refusal.error):
                    raise SlackRefusedTable(refusal.error, refusal.detail) from None
                if refusal.error not in CONTENT or not (body.get("blocks") or body.get("attachments")):
                    raise
                library_log().error("Slack refused blocks, they go as text: %s", refusal)  # a bug of ours
        return await self.calls.write(method, {**target, **bare, "text": as_words(body, EDIT_TEXT)})


def _is_about_blocks(error: str) -> bool:
    """Whether fewer blocks, or older ones, may be taken."""
    return error in CONTENT or error.startswith("unsupported")


def _thread_of(answer: Answer, asked: str) -> str:
    """The thread that Slack put a reply in, "" for none; where Slack does not say, the one that was asked for.

    A reply to a message that a person has deleted is not refused: it is posted in the channel, and the answer's
    ``message`` lacks ``thread_ts`` (reported of live Slack; not documented).
    """
    message = answer.get("message")
    return str(message.get("thread_ts") or "") if isinstance(message, dict) and message else asked


# ── what Slack accepts ──


def problems(body: Body) -> tuple[str, ...]:
    """What Slack would refuse, each with its place: ``/blocks/0/text: 3001 characters, 3000 fit``."""
    blocks = [block for part in (body, *(body.get("attachments") or ())) for block in part.get("blocks") or ()]
    found = [] if body.get("text") or blocks or body.get("attachments") else ["/text: empty"]
    found += _problems("", "message", body)
    if len(repr(blocks)) > ALL_TEXT and (length := sum(map(len, texts(blocks)))) > ALL_TEXT:
        found.append(f"/blocks: {length} characters in all, {ALL_TEXT} fit")
    return tuple(found)


def _problems(place: str, kind: str, part: Body) -> Iterator[str]:
    """The broken limits of a part of a message and of the parts in it; ``kind`` is its key in the table."""
    if kind == "section" and part.get("text") is None and not part.get("fields"):
        yield f"{place}: neither text nor fields"
    for name, most, least, optional in _LIMITS.get(kind, _OTHER_ELEMENT):
        value = part.get(name) if name else part
        if value is None and optional:
            continue
        here = f"{place}/{name}" if name else place
        if name == "accessory":
            value = [value] if value else []
        elif isinstance(value, Mapping):
            value = value.get("text")
        size = len(value or "")
        if size < least:
            yield f"{here}: empty"
        if size > most:
            yield f"{here}: {size} {'of them' if isinstance(value, list) else 'characters'}, {most} fit"
        if isinstance(value, list):
            yield from _entries(here, name, value)
    if kind == "table" and (size := sum(map(len, texts(part)))) > TABLE_TEXT:
        yield f"{place}/rows: {size} characters, {TABLE_TEXT} fit"


def _entries(place: str, name: str, entries: Sequence[Any]) -> Iterator[str]:
    """The problems of the entries of a list that is called ``name``."""
    seen = set()
    for number, entry in enumerate(entries):
        if not isinstance(entry, Mapping):  # a table's row is a list of cells
            continue
        here, kind = f"{place}/{number}", str(entry.get("type"))
        for id_ in ("block_id", "action_id"):
            if entry.get(id_) in seen:
                yield f"{here}/{id_}: used twice"
            seen |= {entry[id_]} if entry.get(id_) else set()
        yield from _problems(here, name if name in _LIMITS else kind, entry)
        if confirm := entry.get("confirm"):
            yield from _problems(f"{here}/confirm", "confirm", confirm)
        if name == "blocks" and kind not in _BLOCKS:
            yield f"{here}/type: {kind} is not used in messages of ours"


def content(body: Body, longest: int = POST_TEXT) -> dict[str, Any]:
    """What of a body Slack is given: its text, cut at ``longest`` characters, and its blocks and attachments if any."""
    text = str(body.get("text") or "")
    given = {name: body[name] for name in ("blocks", "attachments") if body.get(name)}
    return {"text": text if len(text) <= longest else f"{text[: longest - 1]}…", **given}
