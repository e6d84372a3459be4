"""What Slack accepts in a message: the limits of Block Kit, and the words that remain where they are broken.

Slack answers one broken limit with ``invalid_blocks`` and posts nothing, so a body is checked before it is
sent. Limits: docs.slack.dev, "Block Kit reference" (January 2026), and live reports where it is silent.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

Json = Mapping[str, Any]

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


def problems(body: Json) -> tuple[str, ...]:
    """What Slack would refuse, each with its place: ``/blocks/0/text: 3001 characters, 3000 fit``."""
    blocks = [block for part in (body, *(body.get("attachments") or ())) for block in part.get("blocks") or ()]
    found = [] if body.get("text") or blocks or body.get("attachments") else ["/text: empty"]
    found += _problems("", "message", body)
    if (length := sum(map(len, _texts(blocks)))) > ALL_TEXT:
        found.append(f"/blocks: {length} characters in all, {ALL_TEXT} fit")
    return tuple(found)


def _problems(place: str, kind: str, part: Json) -> Iterator[str]:
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
    if kind == "table" and (size := sum(map(len, _texts(part)))) > TABLE_TEXT:
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


def content(body: Json, longest: int = POST_TEXT) -> dict[str, Any]:
    """What of a body Slack is given: its text, cut at ``longest`` characters, and its blocks and attachments if any."""
    text = str(body.get("text") or "")
    given = {name: body[name] for name in ("blocks", "attachments") if body.get(name)}
    return {"text": text if len(text) <= longest else f"{text[: longest - 1]}…", **given}


def as_words(body: Json) -> str:
    """The body as text alone, as long as every method takes it: its line, then what its blocks say."""
    lines = [str(body.get("text") or "")]
    for part in (body, *(body.get("attachments") or ())):
        for block in part.get("blocks") or ():
            lines += [line for line in _texts(block) if line and line not in lines]
    return str(content({"text": "\n".join(line for line in lines if line)}, EDIT_TEXT)["text"])


def _texts(part: Any) -> Iterator[str]:
    """Every text that a part shows, in its order; not buttons' labels, which say what to press."""
    if isinstance(part, list | tuple):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, Mapping) and part.get("type") not in ("button", "overflow", "static_select"):
        if isinstance(text := part.get("text"), str):
            yield text
        for name in ("text", "fields", "elements", "rows"):
            yield from _texts(part.get(name))
