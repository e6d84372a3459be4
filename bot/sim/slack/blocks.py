"""Blocks as Slack stores them: with the ids it makes up, and without keys that hold nothing."""

from collections.abc import Callable
from typing import Any

from bot.sim.slack.model import Json

NewId = Callable[[str, int], str]  # (prefix, length) gives an id that was not given before


def with_ids(blocks: list[Json], new_id: NewId) -> list[Json]:
    """Fill in the block and action ids that Slack makes up where the app gave none."""
    return [_block_with_ids(_without_nulls(block), new_id) for block in blocks]


def attachment_with_ids(attachment: Json, new_id: NewId) -> Json:
    """Fill in the ids in the blocks of an attachment, if it has any."""
    return {**attachment, "blocks": with_ids(attachment["blocks"], new_id)} if "blocks" in attachment else attachment


def _block_with_ids(block: Json, new_id: NewId) -> Json:
    filled = {**block, "block_id": block.get("block_id") or new_id("", 5)}
    for place in ("accessory", "element"):
        if place in filled:
            filled[place] = _with_action_id(filled[place], new_id)
    if filled["type"] == "actions":
        filled["elements"] = [_with_action_id(element, new_id) for element in filled["elements"]]
    return filled


def _with_action_id(element: Json, new_id: NewId) -> Json:
    if element["type"] == "image":
        return element
    return {**element, "action_id": element.get("action_id") or new_id("", 5)}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(part) for key, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value
