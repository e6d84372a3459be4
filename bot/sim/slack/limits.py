"""What Slack refuses in a message or view: block types, their keys and lengths, ids used twice, too much in total.

Only the block types that live Slack is known to take everywhere are accepted; newer ones are refused as unsupported.
Limits: https://docs.slack.dev/reference/block-kit/blocks and …/methods/chat.postMessage (January 2026); the ceiling
for all text of a message's blocks was measured against live Slack.
"""

from collections.abc import Callable
from typing import Any

from bot.sim.slack.limits_elements import (
    IN_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    ONLY_IN_VIEWS,
    distinct_action_ids,
    element,
    image,
    one_source,
)
from bot.sim.slack.limits_rich import rich_text, table
from bot.sim.slack.limits_text import (
    MRKDWN_AND_PLAIN,
    Violations,
    flag,
    identifier,
    items,
    keys,
    kind_of,
    string,
    text_object,
)
from bot.sim.slack.model import Json, SlackError

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
BLOCKS_CHARACTERS = 13_200
TEXT_KEPT = 40_000
UPDATE_TEXT = 4_000
ATTACHMENTS = 100
METADATA_CHARACTERS = 8_000
VIEW_CHARACTERS = 250_000


def check_blocks(blocks: Any, *, tables: bool = True) -> None:
    """Check the blocks of a message; raises ``SlackError``: ``invalid_blocks`` or ``msg_blocks_too_long``.

    Without ``tables`` the workspace is one that does not know them yet.
    """
    found = Violations(tables=tables)
    _blocks(found, blocks, "/blocks", most=MESSAGE_BLOCKS, surface="message")
    if found.problems:
        raise _invalid("invalid_blocks", found)
    if found.characters > BLOCKS_CHARACTERS:
        raise SlackError("msg_blocks_too_long")


def check_attachments(attachments: Any, *, tables: bool = True) -> None:
    """Check attachments and the blocks in them; raises ``SlackError``: ``invalid_attachments``."""
    found = Violations(tables=tables)
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise SlackError("invalid_attachments")
    if len(attachments) > ATTACHMENTS:
        raise SlackError("too_many_attachments")
    for index, attachment in enumerate(attachments):
        if attachment.get("blocks"):
            at = f"/attachments/{index}/blocks"
            _blocks(found, attachment["blocks"], at, most=MESSAGE_BLOCKS, surface="message")
    if found.problems:
        raise _invalid("invalid_attachments", found)
    if found.characters > BLOCKS_CHARACTERS:
        raise SlackError("msg_blocks_too_long")


def check_one_table(blocks: Any, attachments: Any) -> None:
    """Check that a message has one table at most, wherever it is: a second one is refused as an attachment."""
    parts = [blocks, *(each.get("blocks") for each in attachments or ())]
    if sum(kind_of(block) == "table" for part in parts for block in part or ()) > 1:
        found = Violations()
        found.add("/attachments", "only_one_table_allowed")
        raise _invalid("invalid_attachments", found)


def check_metadata(metadata: Any) -> None:
    """Check that metadata is an event type with a flat payload, and not too long; raises ``SlackError``."""
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict) or not metadata["event_type"]:
        raise SlackError("invalid_metadata_format")
    if len(str(metadata["event_payload"])) > METADATA_CHARACTERS:
        raise SlackError("metadata_too_large")


def check_view(view: Any, *, kinds: tuple[str, ...] = ("modal",)) -> None:
    """Check a view; raises ``SlackError``: ``invalid_arguments`` with what is wrong, or ``view_too_large``."""
    found = Violations()
    kind = kind_of(view)
    if kind not in kinds:
        found.add("/view/type", f"must be one of: {', '.join(kinds)}")
        raise _invalid("invalid_arguments", found)
    common = ("private_metadata", "callback_id", "external_id")
    modal = ("submit", "close", "clear_on_close", "notify_on_close", "submit_disabled")
    required = ("title", "blocks") if kind == "modal" else ("blocks",)
    if keys(found, view, "/view", required=required, optional=(*common, *(modal if kind == "modal" else ()))):
        _blocks(found, view["blocks"], "/view/blocks", most=VIEW_BLOCKS, surface="view")
    for key in ("title", "submit", "close"):
        text_object(found, view.get(key), f"/view/{key}", most=24)
    string(found, view.get("private_metadata"), "/view/private_metadata", most=3000, least=0)
    string(found, view.get("callback_id"), "/view/callback_id", most=255, least=0)
    string(found, view.get("external_id"), "/view/external_id", most=255, least=0)
    blocks = view["blocks"] if isinstance(view.get("blocks"), list) else []
    inputs = any(kind_of(block) == "input" for block in blocks)
    if kind == "modal" and inputs and not view.get("submit"):
        found.add("/view", "missing required field: submit")
    if found.problems:
        raise _invalid("invalid_arguments", found)
    if len(str(view)) > VIEW_CHARACTERS:
        raise SlackError("view_too_large")


def input_ids(view: Json) -> set[str]:
    """Find the block ids that the errors of a submission may name."""
    return {str(block.get("block_id")) for block in view["blocks"] if block["type"] == "input"}


def _invalid(word: str, found: Violations) -> SlackError:
    messages = [f"[ERROR] {problem}" for problem in found.problems]
    return SlackError(word, errors=list(found.problems), response_metadata={"messages": messages})


def _blocks(found: Violations, blocks: Any, at: str, *, most: int, surface: str) -> None:
    least = 0 if surface == "view" else 1
    for index, block in enumerate(items(found, blocks, at, most=most, least=least)):
        place = f"{at}/{index}"
        kind = kind_of(block)
        check = _BLOCKS.get(kind)
        unknown = check is None or (kind == "table" and not found.tables)
        if check is None or unknown or (surface == "view" and kind in {"markdown", "table"}):
            found.add(place, f"unsupported type: {kind}")
            continue
        block_id = block.get("block_id")
        identifier(found, block_id, f"{place}/block_id")
        if isinstance(block_id, str):
            if block_id in found.block_ids:
                found.add(f"{place}/block_id", f'`block_id` "{block_id}" already exists')
            found.block_ids.add(block_id)
        check(found, block, place)
        if surface == "message":
            _not_in_messages(found, block, place)


def _not_in_messages(found: Violations, block: Json, at: str) -> None:
    kind = kind_of(block.get("element"))
    if block["type"] == "input" and kind in ONLY_IN_VIEWS:
        found.add(f"{at}/element", f"unsupported type: {kind}")


def _section(found: Violations, block: Json, at: str) -> None:
    keys(found, block, at, required=(), optional=("block_id", "text", "fields", "accessory", "expand"))
    if block.get("text") is None and not block.get("fields"):
        found.add(at, "missing required field: text or fields")
    text_object(found, block.get("text"), f"{at}/text", most=3000, kinds=MRKDWN_AND_PLAIN)
    if block.get("fields") is not None:
        for index, one in enumerate(items(found, block["fields"], f"{at}/fields", most=10)):
            text_object(found, one or {}, f"{at}/fields/{index}", most=2000, kinds=MRKDWN_AND_PLAIN)
    if block.get("accessory") is not None:
        element(found, block["accessory"], f"{at}/accessory", allowed=IN_SECTION)


def _header(found: Violations, block: Json, at: str) -> None:
    if keys(found, block, at, required=("text",), optional=("block_id",)):
        text_object(found, block["text"], f"{at}/text", most=150)


def _divider(found: Violations, block: Json, at: str) -> None:
    keys(found, block, at, required=(), optional=("block_id",))


def _context(found: Violations, block: Json, at: str) -> None:
    if not keys(found, block, at, required=("elements",), optional=("block_id",)):
        return
    for index, one in enumerate(items(found, block["elements"], f"{at}/elements", most=10)):
        place = f"{at}/elements/{index}"
        if isinstance(one, dict) and one.get("type") == "image":
            image(found, one, place)
        else:
            text_object(found, one or {}, place, most=3000, kinds=MRKDWN_AND_PLAIN)


def _actions(found: Violations, block: Json, at: str) -> None:
    if not keys(found, block, at, required=("elements",), optional=("block_id",)):
        return
    elements = items(found, block["elements"], f"{at}/elements", most=25)
    for index, one in enumerate(elements):
        element(found, one, f"{at}/elements/{index}", allowed=IN_ACTIONS)
    distinct_action_ids(found, elements, f"{at}/elements")


def _image(found: Violations, block: Json, at: str) -> None:
    if keys(found, block, at, required=("alt_text",), optional=("block_id", "title", "image_url", "slack_file")):
        string(found, block["alt_text"], f"{at}/alt_text", most=2000)
    text_object(found, block.get("title"), f"{at}/title", most=2000)
    one_source(found, block, at)


def _input(found: Violations, block: Json, at: str) -> None:
    optional = ("block_id", "hint", "optional", "dispatch_action")
    if keys(found, block, at, required=("label", "element"), optional=optional):
        text_object(found, block["label"], f"{at}/label", most=2000)
        element(found, block["element"], f"{at}/element", allowed=IN_INPUT)
    text_object(found, block.get("hint"), f"{at}/hint", most=2000)
    flag(found, block.get("optional"), f"{at}/optional")
    flag(found, block.get("dispatch_action"), f"{at}/dispatch_action")


def _markdown(found: Violations, block: Json, at: str) -> None:
    if keys(found, block, at, required=("text",), optional=("block_id",)):
        string(found, block["text"], f"{at}/text", most=12_000)
        found.characters += len(block["text"]) if isinstance(block["text"], str) else 0


_BLOCKS: dict[str, Callable[[Violations, Json, str], None]] = {
    "section": _section,
    "header": _header,
    "divider": _divider,
    "context": _context,
    "actions": _actions,
    "image": _image,
    "input": _input,
    "rich_text": rich_text,
    "markdown": _markdown,
    "table": table,
}
