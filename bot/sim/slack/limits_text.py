"""The small parts of Block Kit and how a violation is reported: text objects, options, confirmations, plain values.

Limits: https://docs.slack.dev/reference/block-kit (January 2026).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

MRKDWN_AND_PLAIN = ("mrkdwn", "plain_text")
PLAIN = ("plain_text",)


@dataclass
class Violations:
    """What is wrong with a payload, as Slack reports it: a sentence and a JSON pointer; and how much text there is."""

    problems: list[str] = field(default_factory=list)
    characters: int = 0
    block_ids: set[str] = field(default_factory=set)
    tables: bool = True  # whether the workspace knows tables

    def add(self, at: str, sentence: str) -> None:
        """Note a violation at a JSON pointer."""
        self.problems.append(f"{sentence} [json-pointer:{at}]")


def kind_of(value: Any) -> str:
    """Read the type that an object names; empty where it names none."""
    kind = value.get("type") if isinstance(value, dict) else None
    return kind if isinstance(kind, str) else ""


def keys(found: Violations, value: Any, at: str, *, required: Collection[str], optional: Collection[str] = ()) -> bool:
    """Whether the value is an object with these keys and no others; a missing one makes it unusable."""
    if not isinstance(value, dict):
        found.add(at, "must be an object")
        return False
    for key in value:
        if key not in required and key not in optional and key != "type":
            found.add(at, f"invalid additional property: {key}")
    missing = [key for key in required if value.get(key) is None]
    for key in missing:
        found.add(at, f"missing required field: {key}")
    return not missing


def string(found: Violations, value: Any, at: str, *, most: int, least: int = 1) -> None:
    """Check a plain string's length in characters."""
    if value is None:
        return
    if not isinstance(value, str):
        found.add(at, "must be a string")
    elif len(value) < least:
        found.add(at, f"must be more than {least - 1} characters")
    elif len(value) > most:
        found.add(at, f"must be less than {most + 1} characters")


def identifier(found: Violations, value: Any, at: str) -> None:
    """Check an action or block id."""
    string(found, value, at, most=255)


def flag(found: Violations, value: Any, at: str) -> None:
    """Check a boolean."""
    if value is not None and not isinstance(value, bool):
        found.add(at, "must be a boolean")


def number(found: Violations, value: Any, at: str, *, least: int, most: int) -> None:
    """Check a whole number."""
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most):
        found.add(at, f"must be a number between {least} and {most}")


def choice(found: Violations, value: Any, at: str, allowed: Sequence[str]) -> None:
    """Check a word out of a list."""
    if value is not None and value not in allowed:
        found.add(at, f"must be one of: {', '.join(allowed)}")


def items(found: Violations, value: Any, at: str, *, most: int, least: int = 1) -> list[Any]:
    """Check the length of a list and return its entries; none where it is no list."""
    if not isinstance(value, list):
        found.add(at, "must be an array")
        return []
    if len(value) < least:
        found.add(at, f"no fewer than {least} items required")
    if len(value) > most:
        found.add(at, f"no more than {most} items allowed")
    return value


def text_object(
    found: Violations, value: Any, at: str, *, most: int, kinds: Sequence[str] = PLAIN, least: int = 1
) -> None:
    """Check a text object: its kind, its keys, its length."""
    if value is None:
        return
    kind = kind_of(value)
    if kind not in kinds:
        found.add(at, f"unsupported type: {kind}" if kind else "missing required field: type")
        return
    extra = ("emoji",) if kind == "plain_text" else ("verbatim",)
    if keys(found, value, at, required=("text",), optional=extra):
        string(found, value["text"], f"{at}/text", most=most, least=least)
        found.characters += len(value["text"]) if isinstance(value["text"], str) else 0
    for key in extra:
        flag(found, value.get(key), f"{at}/{key}")


def option(found: Violations, value: Any, at: str, *, kinds: Sequence[str] = PLAIN, url: bool = False) -> None:
    """Check one option of a select, menu, or set of boxes."""
    optional = ("description", "url") if url else ("description",)
    if keys(found, value, at, required=("text", "value"), optional=optional):
        text_object(found, value["text"], f"{at}/text", most=75, kinds=kinds)
        string(found, value["value"], f"{at}/value", most=150)
        text_object(found, value.get("description"), f"{at}/description", most=75, kinds=kinds)
        string(found, value.get("url"), f"{at}/url", most=3000)


def confirmation(found: Violations, value: Any, at: str) -> None:
    """Check a confirmation dialog."""
    if value is None:
        return
    if keys(found, value, at, required=("title", "text", "confirm", "deny"), optional=("style",)):
        text_object(found, value["title"], f"{at}/title", most=100)
        text_object(found, value["text"], f"{at}/text", most=300, kinds=MRKDWN_AND_PLAIN)
        text_object(found, value["confirm"], f"{at}/confirm", most=30)
        text_object(found, value["deny"], f"{at}/deny", most=30)
        choice(found, value.get("style"), f"{at}/style", ("primary", "danger"))
