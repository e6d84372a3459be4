"""A message as a person sees it, in plain text, and what Slack would refuse about it."""

import re

from bot.core.outbox.blocks import Card, rendered
from bot.core.text.language import EN

PINGS = re.compile(r"<(?:[@#!]|https?:|mailto:)[^>]*>")
_OURS = re.compile(
    r"<@U0(?:MAYA00001|JONAS0001)>|<!date\^\d+\^[^|>]*\|[^>]*>|<https://enos\.example/[^|>]*\|Open in EnOS>"
)


def picture(body, language=EN):
    """Return the message drawn in text."""
    body = as_sent(body, language)
    lines = [f"text: {body['text']}"]
    lines += [line for block in body.get("blocks", []) for line in _block(block)]
    for attachment in body.get("attachments", []):
        lines += [f"┃ {attachment['color']}"]
        lines += [f"┃ {line}" for block in attachment["blocks"] for line in _block(block)]
    if "fallback" in body:
        lines += ["without its table:", *(f"  {line}" for line in picture(body["fallback"]).splitlines())]
    return "\n".join(lines)


def as_sent(body, language=EN):
    """What Slack is sent of a card."""
    return rendered(body, language) if isinstance(body, Card) else body


def _block(block):
    kind = block["type"]
    if kind == "section":
        yield from block["text"]["text"].splitlines()
        for field in block.get("fields", []):
            yield "  " + field["text"].replace("\n", " │ ")
        if "accessory" in block:
            yield "  " + _element(block["accessory"])
    elif kind == "actions":
        yield " ".join(_element(each) for each in block["elements"])
    elif kind == "context":
        yield "  ".join(f"({each['text']})" for each in block["elements"])
    elif kind == "table":
        for row in block["rows"]:
            yield "│ " + " │ ".join("".join(map(_inline, cell["elements"][0]["elements"])) for cell in row)
    else:
        yield kind


def _inline(element):
    named = {"user": "user_id", "usergroup": "usergroup_id", "channel": "channel_id", "date": "fallback"}
    shown = element[named.get(element["type"], "text")]
    shown = f"<{element['url']}|{shown}>" if "url" in element else shown
    style = element.get("style", {})
    shown = f"`{shown}`" if style.get("code") else shown
    return f"*{shown}*" if style.get("bold") else shown


def _element(element):
    if element["type"] == "button":
        style = f" {element['style']}" if "style" in element else ""
        return f"[{element['text']['text']}{style}: {element.get('value') or element['url']}]"
    options = ", ".join(f"{option['text']['text']}: {option['value']}" for option in element["options"])
    return f"[…: {options}]"


def all_blocks(body):
    """Return every block of a message."""
    body = as_sent(body)
    return [*body.get("blocks", []), *(block for each in body.get("attachments", []) for block in each["blocks"])]


def foreign_pings(body):
    """Return whatever in a message could mention, link or ping, and is not ours."""
    body = as_sent(body)
    texts = [body["text"], *_strings(body.get("blocks", [])), *_strings(body.get("attachments", []))]
    return [found for text in texts for found in PINGS.findall(_OURS.sub("", text))]


def _strings(part):
    if isinstance(part, dict):
        if part.get("type") in {"plain_text", "text"}:  # the latter in rich text
            return []  # Slack parses nothing in it
        return [text for key, value in part.items() if key != "value" for text in _strings(value)]
    if isinstance(part, list):
        return [text for each in part for text in _strings(each)]
    return [part] if isinstance(part, str) else []


def refused(body):
    """Return what Slack would refuse about a message (docs.slack.dev, Block Kit reference)."""
    body = as_sent(body)
    wrong = []
    blocks = all_blocks(body)
    if len(blocks) > 50 or len(str(blocks)) == 0:
        wrong.append(f"{len(blocks)} blocks")
    if not 0 < len(body["text"]) <= 4000:
        wrong.append(f"text of {len(body['text'])}")
    if sum(len(text) for block in blocks for text in _shown(block)) > 13_200:
        wrong.append("too many characters")
    for block in blocks:
        wrong += [*_refused_block(block), *_refused_table(block.get("rows", []))]
    if sum(block["type"] == "table" for block in blocks) > 1:
        wrong.append("more than one table")
    return wrong + (refused(body["fallback"]) if "fallback" in body else [])


def _refused_block(block):
    kind = block["type"]
    if kind == "section":
        yield from _too_long(block["text"], 3000)
        fields = block.get("fields", [None])
        if not 1 <= len(fields) <= 10:
            yield f"{len(fields)} fields"
        for field in filter(None, fields):
            yield from _too_long(field, 2000)
        yield from _refused_elements([block["accessory"]] if "accessory" in block else [None])
    elif kind == "context":
        if not 1 <= len(block["elements"]) <= 10:
            yield "context elements"
        for element in block["elements"]:
            yield from _too_long(element, 3000)
    elif kind == "actions":
        if not 1 <= len(block["elements"]) <= 25:
            yield "action elements"
        yield from _refused_elements(block["elements"])
    elif kind == "header":
        yield from _too_long(block["text"], 150)


def _refused_table(rows):
    texts = [text for row in rows for cell in row for text in _shown(cell)]
    if len(rows) > 100 or any(not 1 <= len(row) <= 20 for row in rows):
        yield "table size"
    if sum(map(len, texts)) > 10_000:
        yield "table characters"
    if not all(texts):
        yield "empty cell"


def _refused_elements(elements):
    ids = [element["action_id"] for element in elements if element]
    if len(ids) != len(set(ids)):
        yield "action ids are not unique"
    for element in filter(None, elements):
        if element["type"] == "button":
            yield from _too_long(element["text"], 75)
            if len(element.get("value", "")) > 2000 or len(element.get("url", "")) > 3000:
                yield "button value"
        else:
            if not 1 <= len(element["options"]) <= (100 if element["type"] == "static_select" else 5):
                yield "options"
            for option in element["options"]:
                yield from _too_long(option["text"], 75)
                if len(option["value"]) > 150:
                    yield "option value"


def _too_long(text, limit):
    if not 0 < len(text["text"]) <= limit:
        yield f"{text['text'][:40]!r}: {len(text['text'])} characters of {limit}"
    if text["type"] == "mrkdwn" and text.get("verbatim") is not True:
        yield "mrkdwn that Slack would look for names in"


def _shown(part):
    if isinstance(part, dict):
        own = [part["text"]] if isinstance(part.get("text"), str) else []
        return own + [text for value in part.values() for text in _shown(value)]
    if isinstance(part, list):
        return [text for each in part for text in _shown(each)]
    return []
