"""Mrkdwn as the elements of Slack's rich text, for places that take no mrkdwn, such as a table's cells.

Slack parses nothing in them: what is text here is shown as it is.
Source: docs.slack.dev, "Rich text block" (2026).
"""

import html
import re
from typing import Any

Element = dict[str, Any]

_PART = re.compile(
    r"<!date\^(?P<at>\d+)\^(?P<format>[^<>|^]*)(?:\^(?P<date_url>[^<>|]*))?\|(?P<fallback>[^<>]*)>"
    r"|<@(?P<user>\w+)(?:\|[^<>]*)?>"
    r"|<!subteam\^(?P<group>\w+)(?:\|[^<>]*)?>"
    r"|<#(?P<channel>\w+)(?:\|[^<>]*)?>"
    r"|<(?P<url>(?:https?|mailto):[^<>|]*)(?:\|(?P<label>[^<>]*))?>"
    r"|`(?P<code>[^`\n]+)`"
    r"|(?<![*A-Za-z0-9_])\*(?P<bold>[^*\n]+)\*(?![A-Za-z0-9_])"
)


def elements(mrkdwn: str, *, is_bold: bool = False) -> list[Element]:
    """The inline elements that show what the mrkdwn shows. Of what marks a text, bold, code and links are known."""
    made: list[Element] = []
    end = 0
    for found in _PART.finditer(mrkdwn):
        made += _text(mrkdwn[end : found.start()], is_bold=is_bold)
        made += _element(found, is_bold=is_bold)
        end = found.end()
    return made + _text(mrkdwn[end:], is_bold=is_bold)


def _element(found: re.Match[str], *, is_bold: bool) -> list[Element]:
    part = {name: html.unescape(value) for name, value in found.groupdict().items() if value is not None}
    if "at" in part:
        link = {"url": part["date_url"]} if "date_url" in part else {}
        date = {"timestamp": int(part["at"]), "format": part["format"], "fallback": part["fallback"]}
        return [_styled({"type": "date", **date, **link}, is_bold=is_bold)]
    if "user" in part:
        return [{"type": "user", "user_id": part["user"]}]
    if "group" in part:
        return [{"type": "usergroup", "usergroup_id": part["group"]}]
    if "channel" in part:
        return [{"type": "channel", "channel_id": part["channel"]}]
    if "url" in part:
        return [
            _styled({"type": "link", "url": part["url"], "text": part.get("label") or part["url"]}, is_bold=is_bold)
        ]
    if "code" in part:
        return [_styled({"type": "text", "text": part["code"]}, is_bold=is_bold, is_code=True)]
    return elements(found["bold"], is_bold=True)


def _text(mrkdwn: str, *, is_bold: bool) -> list[Element]:
    return [_styled({"type": "text", "text": html.unescape(mrkdwn)}, is_bold=is_bold)] if mrkdwn else []


def _styled(element: Element, *, is_bold: bool, is_code: bool = False) -> Element:
    style = {name: True for name, is_so in (("bold", is_bold), ("code", is_code)) if is_so}
    return {**element, "style": style} if style else element
