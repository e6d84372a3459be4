"""What an app wants to say: text, blocks, attachments and metadata, read from a call's arguments and checked."""

import json
from dataclasses import dataclass
from typing import Any

from bot.sim.slack.limits import TEXT_KEPT, check_attachments, check_blocks, check_metadata, check_one_table
from bot.sim.slack.model import Json, SlackError

MARKDOWN_TEXT = 12_000


@dataclass(frozen=True, kw_only=True)
class MessageContent:
    """What a message will hold; None where the call did not name the argument."""

    text: str | None
    blocks: list[Json] | None
    attachments: list[Json] | None
    metadata: Json | None

    @property
    def says_something(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.text or self.blocks or self.attachments)


def parsed(value: Any, word: str) -> Any:
    """Parse a value if it came as JSON in a string; raises ``SlackError`` with the word where that is not JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError(word) from None


def content(arguments: Json, *, tables: bool = True) -> MessageContent:
    """Read and check a call's arguments; raises ``SlackError`` with Slack's word for what is wrong.

    Without ``tables`` the workspace takes none.
    """
    blocks = parsed(arguments.get("blocks"), "invalid_blocks_format")
    attachments = parsed(arguments.get("attachments"), "invalid_attachments")
    metadata = parsed(arguments.get("metadata"), "invalid_metadata_format")
    text = arguments.get("text")
    markdown = arguments.get("markdown_text")
    if markdown is not None:
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        if len(str(markdown)) > MARKDOWN_TEXT:
            raise SlackError("msg_too_long")
        text = markdown
    if blocks is not None and not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if blocks:
        check_blocks(blocks, tables=tables)
    if attachments is not None:
        check_attachments(attachments, tables=tables)
    check_one_table(blocks, attachments)
    if metadata:
        check_metadata(metadata)
    kept = None if text is None else str(text)[:TEXT_KEPT]
    return MessageContent(text=kept, blocks=blocks, attachments=attachments, metadata=metadata)
