"""Rich text and tables: the parts that carry logs and lists.

Limits: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block and …/table-block (January 2026).
"""

from typing import Any

from bot.sim.slack.limits_text import (
    Violations,
    choice,
    flag,
    items,
    keys,
    kind_of,
    number,
    string,
)
from bot.sim.slack.model import Json

TABLE_CHARACTERS = 10_000

_STYLE = ("bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink")
_INLINE: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "text": (("text",), ("style",)),
    "link": (("url",), ("text", "style", "unsafe")),
    "user": (("user_id",), ("style",)),
    "usergroup": (("usergroup_id",), ("style",)),
    "channel": (("channel_id",), ("style",)),
    "emoji": (("name",), ("unicode", "style")),
    "broadcast": (("range",), ("style",)),
    "color": (("value",), ("style",)),
    "date": (("timestamp", "format"), ("url", "fallback", "style")),
}


def rich_text(found: Violations, block: Json, at: str) -> None:
    """Check a rich_text block."""
    if not keys(found, block, at, required=("elements",), optional=("block_id",)):
        return
    for index, part in enumerate(items(found, block["elements"], f"{at}/elements", most=1000)):
        _part(found, part, f"{at}/elements/{index}")


def _part(found: Violations, part: Any, at: str) -> None:
    kind = kind_of(part)
    match kind:
        case "rich_text_section":
            keys(found, part, at, required=("elements",))
        case "rich_text_preformatted":
            keys(found, part, at, required=("elements",), optional=("border", "language"))
        case "rich_text_quote":
            keys(found, part, at, required=("elements",), optional=("border",))
        case "rich_text_list":
            keys(found, part, at, required=("elements", "style"), optional=("indent", "offset", "border"))
            choice(found, part.get("style"), f"{at}/style", ("bullet", "ordered"))
            number(found, part.get("indent"), f"{at}/indent", least=0, most=8)
            for index, inner in enumerate(items(found, part.get("elements", []), f"{at}/elements", most=1000)):
                _part(found, inner, f"{at}/elements/{index}")
            return
        case _:
            found.add(at, f"unsupported type: {kind}")
            return
    only = ("text", "link") if kind == "rich_text_preformatted" else tuple(_INLINE)
    for index, inner in enumerate(items(found, part.get("elements", []), f"{at}/elements", most=1000, least=0)):
        _inline(found, inner, f"{at}/elements/{index}", only)


def _inline(found: Violations, inner: Any, at: str, only: tuple[str, ...]) -> None:
    kind = kind_of(inner)
    if kind not in only:
        found.add(at, f"unsupported type: {kind}")
        return
    required, optional = _INLINE[kind]
    if not keys(found, inner, at, required=required, optional=optional):
        return
    if kind == "text":
        string(found, inner["text"], f"{at}/text", most=40_000)
        found.characters += len(inner["text"]) if isinstance(inner["text"], str) else 0
    style = inner.get("style")
    if style is not None:
        keys(found, style, f"{at}/style", required=(), optional=_STYLE)


def table(found: Violations, block: Json, at: str) -> None:
    """Check a table block; its characters count by themselves."""
    if not keys(found, block, at, required=("rows",), optional=("block_id", "column_settings")):
        return
    before = found.characters
    for index, row in enumerate(items(found, block["rows"], f"{at}/rows", most=100)):
        cells = items(found, row, f"{at}/rows/{index}", most=20)
        for column, cell in enumerate(cells):
            _cell(found, cell, f"{at}/rows/{index}/{column}")
    if found.characters - before > TABLE_CHARACTERS:
        found.add(f"{at}/rows", f"must be less than {TABLE_CHARACTERS + 1} characters in all cells")
    settings = block.get("column_settings")
    if settings is not None:
        for index, column in enumerate(items(found, settings, f"{at}/column_settings", most=20, least=0)):
            place = f"{at}/column_settings/{index}"
            if column is not None and keys(found, column, place, required=(), optional=("align", "is_wrapped")):
                choice(found, column.get("align"), f"{place}/align", ("left", "center", "right"))
                flag(found, column.get("is_wrapped"), f"{place}/is_wrapped")


def _cell(found: Violations, cell: Any, at: str) -> None:
    kind = kind_of(cell)
    if kind == "raw_text":
        if keys(found, cell, at, required=("text",)):
            string(found, cell["text"], f"{at}/text", most=TABLE_CHARACTERS)
            found.characters += len(cell["text"]) if isinstance(cell["text"], str) else 0
    elif kind == "rich_text":
        rich_text(found, cell, at)
    else:
        found.add(at, f"unsupported type: {kind}")
