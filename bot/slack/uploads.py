"""How a file reaches a channel: an address is asked for, the bytes go there, then the file is shown.

Only the third step shows anything, so whatever goes wrong before it has not happened. ``files.upload`` is
gone since November 2025 (docs.slack.dev, "Working with files").
"""

import json
from base64 import b64decode
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from bot.core.network.proxies import proxy_for
from bot.core.outbox.blocks import Body
from bot.core.outbox.conversations import UPLOAD, SlackUnclear, SlackUnreachable
from bot.core.outbox.posts import BASE64
from bot.slack.calls import Calls, OnCall, measured, translated

ALT_TEXT = 1000  # characters


class Uploads:
    """Uploads files. Raises the four failures of a call."""

    def __init__(
        self, calls: Calls, session: aiohttp.ClientSession, environment: Mapping[str, str], on_call: OnCall
    ) -> None:
        self.calls = calls
        self.on_call = on_call
        self.session = session
        self.environment = environment

    async def upload(
        self, channel: str, body: Body, thread: str, reserved: Callable[[str], Awaitable[None]] | None
    ) -> str:
        """Show a file in a conversation and return its id.

        ``SlackUnclear`` means that the third step's answer was lost; ``Poster.shared`` tells whether it happened.
        """
        given = str(body.get("content", ""))
        content = b64decode(given) if body.get("encoding") == BASE64 else given.encode()
        filename = str(body.get("filename") or "file.txt")
        file = await self._sent_away(filename, content, str(body.get("alt_text") or ""))
        if reserved is not None:
            await reserved(file)
        arguments: dict[str, Any] = {
            "files": json.dumps([{"id": file, "title": str(body.get("title") or filename)}]),
            "channel_id": channel,
        }
        if body.get("comment"):
            arguments["initial_comment"] = str(body["comment"])
        if thread:
            arguments["thread_ts"] = thread
        await self.calls.once("files.completeUploadExternal", arguments)
        return file

    async def _sent_away(self, filename: str, content: bytes, alt_text: str) -> str:
        """Store the bytes at Slack, shown to nobody yet, and return the file's id."""
        try:
            arguments: dict[str, Any] = {"filename": filename, "length": len(content)}
            if alt_text:
                arguments["alt_txt"] = alt_text[:ALT_TEXT]
            answer = await self.calls.once("files.getUploadURLExternal", arguments)
            address, file = str(answer.get("upload_url") or ""), str(answer.get("file_id") or "")
            with measured(self.on_call, UPLOAD) as call, translated(UPLOAD, address):
                proxy = proxy_for(address, self.environment)
                async with self.session.post(address, data=content, proxy=proxy) as stored:
                    status = stored.status
                call.outcome = "ok" if status == 200 else "refused"
        except SlackUnclear as lost:
            raise not_stored(str(lost), lost.method) from None
        if status != 200:
            raise not_stored(f"HTTP {status} from the upload address", UPLOAD)
        return file


def not_stored(why: str, method: str) -> SlackUnreachable:
    """The failure of a step before the last: nobody can have seen the file. Names no host, because one answered."""
    failure = SlackUnreachable(f"the file was not stored: {why}")
    failure.method = method
    return failure
