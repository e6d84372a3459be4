"""The fields of a form, as blocks whose language is not chosen yet.

A field keeps what a person has entered while its view is updated, since its ids stay the same. Another ``version`` of
it is empty again. Limits: docs.slack.dev, "Block Kit reference" (block elements).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.core.forms.model import Option
from bot.core.outbox.blocks import Block, Element, Shown
from bot.core.text.message import Text

ACTION = "field:"  # begins the action id of each
LONGEST_TEXT = 3000  # characters that a person may enter
_LABEL, _PLACEHOLDER, _OPTION, _BUTTON = 2000, 150, 75, 75
VALUE_LIMIT, MOST_OPTIONS = 150, 100


def text(  # noqa: PLR0913  what a field is made of, by name
    name: str,
    label: Text,
    *,
    initial: str = "",
    placeholder: Text | None = None,
    hint: Text | None = None,
    lines: bool = False,
    optional: bool = False,
    most: int = LONGEST_TEXT,
    version: str = "",
) -> Block:
    """A field for text, of several ``lines`` or one. Raises ValueError over ``most`` characters: nothing is cut."""
    if len(initial) > most:
        raise ValueError(f"a field holds at most {most} characters")
    element: Element = {"type": "plain_text_input", "multiline": lines, "max_length": most}
    if initial:
        element["initial_value"] = initial
    return _input(name, label, _with(element, placeholder), hint, version, optional=optional)


def choice(  # noqa: PLR0913  as above
    name: str,
    label: Text,
    options: Sequence[Option],
    *,
    initial: str = "",
    placeholder: Text | None = None,
    hint: Text | None = None,
    optional: bool = False,
    reports: bool = False,
    version: str = "",
) -> Block:
    """One of up to 100 choices; ``initial`` is a value. Where it ``reports``, each choice is a ``FormChanged``."""
    shown = [option(each) for each in options[:MOST_OPTIONS]]
    element: Element = {"type": "static_select", "options": shown}
    first = next((each for each in shown if initial and each["value"] == initial), None)
    if first is not None:
        element["initial_option"] = first
    return _input(name, label, _with(element, placeholder), hint, version, optional=optional, reports=reports)


def search(
    name: str,
    label: Text,
    *,
    initial: Option | None = None,
    placeholder: Text | None = None,
    hint: Text | None = None,
    optional: bool = False,
    reports: bool = False,
    version: str = "",
) -> Block:
    """One of the choices that are asked for while a person types (``OptionsAsked``)."""
    element: Element = {"type": "external_select", "min_query_length": 0}
    if initial is not None:
        element["initial_option"] = option(initial)
    return _input(name, label, _with(element, placeholder), hint, version, optional=optional, reports=reports)


def person(
    name: str, label: Text, *, initial: str = "", hint: Text | None = None, optional: bool = False, version: str = ""
) -> Block:
    """Somebody of the workspace, by their user id."""
    element: Element = {"type": "users_select", **({"initial_user": initial} if initial else {})}
    return _input(name, label, element, hint, version, optional=optional)


def day(name: str, label: Text, *, initial: str = "", optional: bool = False, version: str = "") -> Block:
    """A date, such as 2026-11-21."""
    element: Element = {"type": "datepicker", **({"initial_date": initial} if initial else {})}
    return _input(name, label, element, None, version, optional=optional)


def clock(name: str, label: Text, *, initial: str = "", optional: bool = False, version: str = "") -> Block:
    """A time of day, such as 14:30."""
    element: Element = {"type": "timepicker", **({"initial_time": initial} if initial else {})}
    return _input(name, label, element, None, version, optional=optional)


def button(name: str, label: Text, value: str = "", *, style: str | None = None) -> Element:
    """A button of the form itself, for a row of ``actions``: pressing it is a ``FormChanged``."""
    element: Element = {"type": "button", "action_id": f"{ACTION}{name}", "text": Shown(label, _BUTTON, is_plain=True)}
    return element | ({"value": value} if value else {}) | ({"style": style} if style else {})


def option(of: Option) -> dict[str, Any]:
    """A choice. Raises ValueError over 150 characters of value."""
    label, value = of
    if not 0 < len(value) <= VALUE_LIMIT:
        raise ValueError(f"the value of a choice has at most {VALUE_LIMIT} characters, and is not empty")
    return {"text": Shown(label, _OPTION, is_plain=True), "value": value}


def name_of(block_id: str) -> str:
    """The name of the field that a block is."""
    return block_id.partition(".")[0]


def value_of(state: Mapping[str, Any]) -> str:
    """What a field holds, as Slack reports it; several choices on lines of their own."""
    for name in ("value", "selected_user", "selected_date", "selected_time", "selected_conversation"):
        if isinstance(found := state.get(name), str):
            return found
    chosen = state.get("selected_options") or [state.get("selected_option")]
    values = [each.get("value") for each in chosen if isinstance(each, Mapping)]
    return "\n".join(each for each in values if isinstance(each, str))


def _with(element: Element, placeholder: Text | None) -> Element:
    return element | ({"placeholder": Shown(placeholder, _PLACEHOLDER, is_plain=True)} if placeholder else {})


def _input(
    name: str,
    label: Text,
    element: Element,
    hint: Text | None,
    version: str,
    *,
    optional: bool,
    reports: bool = False,
) -> Block:
    return {
        "type": "input",
        "block_id": f"{name}.{version}" if version else name,
        "label": Shown(label, _LABEL, is_plain=True),
        "element": element | {"action_id": f"{ACTION}{name}"},
        "optional": optional,
        **({"hint": Shown(hint, _LABEL, is_plain=True)} if hint else {}),
        **({"dispatch_action": True} if reports else {}),
    }
