"""What Slack accepts in a message: the limits of Block Kit, and the words that remain where they are broken.

Slack answers one broken limit with ``invalid_blocks`` and posts nothing, so a body is checked before it is
sent. Limits: docs.slack.dev, "Block Kit reference" (January 2026), and live reports where it is silent.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]

POST_TEXT = 39_000  # characters; beyond 40,000 Slack cuts
EDIT_TEXT = 4_000  # chat.update refuses more with msg_too_long
BLOCKS = 50
ATTACHMENTS = 20
ALL_TEXT = 13_200  # characters in all blocks together; observed, not documented
MARKDOWN = 12_000
TABLE_TEXT = 10_000
SECTION, FIELD, FIELDS, HEADER, CONTEXT, ACTIONS, OPTIONS, OVERFLOW = 3_000, 2_000, 10, 150, 10, 25, 100, 5
LABEL, VALUE, OPTION_VALUE, ADDRESS, IDENTIFIER, ALT = 75, 2_000, 150, 3_000, 255, 2_000
CONFIRM = {"title": 100, "text": 300, "confirm": 30, "deny": 30}


def problems(body: Json) -> tuple[str, ...]:
    """Return what Slack would refuse, each with its place: ``/blocks/0/text: 3001 characters, 3000 fit``."""
    return tuple(_problems(body))


def cut(text: str, limit: int) -> str:
    """Return the text, shortened with an ellipsis where it is longer than the limit."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def content(body: Json, longest: int = POST_TEXT) -> dict[str, Any]:
    """Return what of a body Slack is given: text always, blocks and attachments where there are any."""
    given = {name: body[name] for name in ("blocks", "attachments") if body.get(name)}
    return {"text": cut(str(body.get("text") or ""), longest), **given}


def as_words(body: Json) -> str:
    """Return the body as text alone: its line, then what its blocks say."""
    lines = [str(body.get("text") or "")]
    groups = [body.get("blocks") or (), *(each.get("blocks") or () for each in body.get("attachments") or ())]
    for block in (block for group in groups for block in group):
        lines += [line for line in _texts(block) if line and line not in lines]
    return cut("\n".join(line for line in lines if line), EDIT_TEXT)


def _problems(body: Json) -> Iterator[str]:
    blocks, attachments = body.get("blocks") or (), body.get("attachments") or ()
    if not (body.get("text") or blocks or attachments):
        yield "/text: empty"
    yield from _count("/attachments", attachments, ATTACHMENTS, least=0)
    yield from _message_blocks("/blocks", blocks)
    for number, attachment in enumerate(attachments):
        yield from _message_blocks(f"/attachments/{number}/blocks", attachment.get("blocks") or ())
    every = [*blocks, *(block for each in attachments for block in each.get("blocks") or ())]
    if (length := sum(len(text) for block in every for text in _texts(block))) > ALL_TEXT:
        yield f"/blocks: {length} characters in all, {ALL_TEXT} fit"


def _message_blocks(place: str, blocks: Sequence[Json]) -> Iterator[str]:
    yield from _count(place, blocks, BLOCKS, least=0)
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        here = f"{place}/{number}"
        name = block.get("block_id")
        if name in seen:
            yield f"{here}/block_id: used twice"
        seen.update([name] if name else [])
        yield from _length(f"{here}/block_id", name or "", IDENTIFIER)
        yield from _block(here, block)


def _block(here: str, block: Json) -> Iterator[str]:
    match block.get("type"):
        case "section":
            yield from _section(here, block)
        case "header":
            yield from _label(f"{here}/text", block.get("text"), HEADER)
        case "context":
            yield from _count(f"{here}/elements", block.get("elements") or (), CONTEXT)
            for number, element in enumerate(block.get("elements") or ()):
                yield from _text_or_image(f"{here}/elements/{number}", element)
        case "actions":
            yield from _count(f"{here}/elements", block.get("elements") or (), ACTIONS)
            yield from _elements(f"{here}/elements", block.get("elements") or ())
        case "image":
            yield from _text_or_image(here, block)
        case "markdown":
            yield from _length(f"{here}/text", block.get("text") or "", MARKDOWN, least=1)
        case "table":
            yield from _count(f"{here}/rows", block.get("rows") or (), 100)
            yield from _length(f"{here}/rows", "".join(_texts(block)), TABLE_TEXT)
        case "rich_text" | "divider":
            pass
        case other:
            yield f"{here}/type: {other} is not used in messages of ours"


def _section(here: str, block: Json) -> Iterator[str]:
    fields = block.get("fields")
    if block.get("text") is None and not fields:
        yield f"{here}: neither text nor fields"
    if block.get("text") is not None:
        yield from _label(f"{here}/text", block["text"], SECTION)
    if fields is not None:
        yield from _count(f"{here}/fields", fields, FIELDS)
        for number, field in enumerate(fields):
            yield from _label(f"{here}/fields/{number}", field, FIELD)
    if accessory := block.get("accessory"):
        yield from _elements(f"{here}/accessory", [accessory])


def _elements(place: str, elements: Sequence[Json]) -> Iterator[str]:
    seen: set[str] = set()
    for number, element in enumerate(elements):
        here = f"{place}/{number}"
        name = element.get("action_id")
        if name in seen:
            yield f"{here}/action_id: used twice"
        seen.update([name] if name else [])
        yield from _length(f"{here}/action_id", name or "", IDENTIFIER)
        yield from _element(here, element)
        if confirm := element.get("confirm"):
            for part, limit in CONFIRM.items():
                yield from _label(f"{here}/confirm/{part}", confirm.get(part, {"text": "–"}), limit)


def _element(here: str, element: Json) -> Iterator[str]:
    match element.get("type"):
        case "button":
            yield from _label(f"{here}/text", element.get("text"), LABEL)
            yield from _length(f"{here}/value", element.get("value") or "", VALUE)
            yield from _length(f"{here}/url", element.get("url") or "", ADDRESS)
        case "overflow":
            yield from _options(f"{here}/options", element.get("options") or (), OVERFLOW)
        case "static_select":
            yield from _options(f"{here}/options", element.get("options") or (), OPTIONS)
        case "image":
            yield from _text_or_image(here, element)


def _options(place: str, options: Sequence[Json], most: int) -> Iterator[str]:
    yield from _count(place, options, most)
    for number, option in enumerate(options):
        yield from _label(f"{place}/{number}/text", option.get("text"), LABEL)
        yield from _length(f"{place}/{number}/value", option.get("value") or "", OPTION_VALUE, least=1)
        yield from _length(f"{place}/{number}/url", option.get("url") or "", ADDRESS)


def _text_or_image(here: str, element: Json) -> Iterator[str]:
    if element.get("type") == "image":
        yield from _length(f"{here}/alt_text", element.get("alt_text") or "", ALT, least=1)
        yield from _length(f"{here}/image_url", element.get("image_url") or "", ADDRESS)
    else:
        yield from _label(here, element, SECTION)


def _label(place: str, text: Json | None, limit: int) -> Iterator[str]:
    yield from _length(place, str((text or {}).get("text") or ""), limit, least=1)


def _length(place: str, text: str, limit: int, *, least: int = 0) -> Iterator[str]:
    if len(text) < least:
        yield f"{place}: empty"
    if len(text) > limit:
        yield f"{place}: {len(text)} characters, {limit} fit"


def _count(place: str, things: Sequence[Any], limit: int, *, least: int = 1) -> Iterator[str]:
    if len(things) < least:
        yield f"{place}: empty"
    if len(things) > limit:
        yield f"{place}: {len(things)} of them, {limit} fit"


def _texts(part: Any) -> Iterator[str]:
    """Yield every text that a block shows, in its order; not buttons' labels, which say what to press."""
    if isinstance(part, str):
        return
    if isinstance(part, Sequence):
        for each in part:
            yield from _texts(each)
    elif isinstance(part, Mapping) and part.get("type") not in ("button", "overflow", "static_select"):
        if isinstance(text := part.get("text"), str):
            yield text
        for name in ("text", "fields", "elements", "rows"):
            yield from _texts(part.get(name) or ())
