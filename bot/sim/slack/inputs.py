"""What a person enters or chooses in an element, in the shape that Slack reports it."""

from collections.abc import Iterator
from typing import Any

from bot.sim.slack.model import Forbidden, Json

_VALUES = frozenset({"plain_text_input", "number_input", "email_text_input", "url_text_input"})
_ONE_OPTION = frozenset({"static_select", "external_select", "radio_buttons", "overflow"})
_MORE_OPTIONS = frozenset({"multi_static_select", "multi_external_select", "checkboxes"})
_PLAIN = {
    "users_select": ("selected_user", "initial_user"),
    "multi_users_select": ("selected_users", "initial_users"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "rich_text_input": ("rich_text_value", "initial_value"),
    "file_input": ("files", "initial_files"),
}


def elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Go through every interactive element, with the block it is in: ``(block, element)``."""
    for block in blocks:
        held = [block[place] for place in ("accessory", "element") if block.get(place)]
        for element in (*held, *(block["elements"] if block["type"] == "actions" else ())):
            if "action_id" in element:
                yield block, element


def options(element: Json) -> list[Json]:
    """List all options of an element, grouped ones too."""
    grouped = [option for group in element.get("option_groups") or () for option in group["options"]]
    return [*grouped, *(element.get("options") or ())]


def find_option(element: Json, wanted: Any) -> Json:
    """Find the option with this value or label; an option given as an object is returned unchanged.

    Raises ``Forbidden`` where there is none.
    """
    if isinstance(wanted, dict):
        return wanted
    for option in options(element):
        if wanted in {option["value"], option["text"]["text"]}:
            return option
    if element["type"].endswith("external_select"):
        return {"text": {"type": "plain_text", "text": str(wanted)}, "value": str(wanted)}
    raise Forbidden(f"there is no option {wanted}")


def entered(element: Json, value: Any) -> Json:
    """Build the state of an element in which a person entered or chose the value; None empties it."""
    kind = element["type"]
    if isinstance(value, dict) and value.get("type") == kind:
        return value
    if kind in _VALUES:
        return {"type": kind, "value": None if value in {None, ""} else str(value)}
    if kind in _ONE_OPTION:
        return {"type": kind, "selected_option": None if value in (None, "") else find_option(element, value)}
    if kind in _MORE_OPTIONS:
        several = value if isinstance(value, list | tuple) else [] if value in (None, "") else [value]
        return {"type": kind, "selected_options": [find_option(element, one) for one in several]}
    if kind in _PLAIN:
        return {"type": kind, _PLAIN[kind][0]: value}
    return {"type": kind}


def initial(element: Json) -> Json:
    """Build the state of an element that nobody has touched."""
    kind = element["type"]
    if kind in _VALUES:
        return entered(element, element.get("initial_value"))
    if kind in _ONE_OPTION:
        return entered(element, element.get("initial_option"))
    if kind in _MORE_OPTIONS:
        return entered(element, element.get("initial_options"))
    return entered(element, element.get(_PLAIN[kind][1]) if kind in _PLAIN else None)


def empty(state: Json) -> bool:
    """Whether nothing is entered or chosen."""
    return all(not value for key, value in state.items() if key != "type")


def state_values(blocks: list[Json], before: Json) -> Json:
    """Build ``state.values``: what was entered before where the element is still there, else the initial value.

    Buttons and overflow menus have no state. Input survives an update where block and action ids stay the same.
    """
    values: Json = {}
    for block, element in elements(blocks):
        if element["type"] in {"button", "overflow", "image"}:
            continue
        kept = before.get(block["block_id"], {}).get(element["action_id"])
        same = kept is not None and kept["type"] == element["type"]
        values.setdefault(block["block_id"], {})[element["action_id"]] = kept if same else initial(element)
    return values
