"""The interactive elements of Block Kit: what each may hold, and in which block it may be.

Limits: https://docs.slack.dev/reference/block-kit/block-elements (January 2026).
"""

from collections.abc import Callable, Collection
from typing import Any

from bot.sim.slack.limits_text import (
    MRKDWN_AND_PLAIN,
    Violations,
    choice,
    confirmation,
    flag,
    identifier,
    items,
    keys,
    kind_of,
    number,
    option,
    string,
    text_object,
)
from bot.sim.slack.model import Json

_SELECTS = ("static_select", "external_select", "users_select", "conversations_select", "channels_select")
_MULTIPLE = tuple(f"multi_{kind}" for kind in _SELECTS)
_PICKERS = ("datepicker", "timepicker", "datetimepicker")
_TYPED = ("plain_text_input", "number_input", "email_text_input", "url_text_input")

IN_SECTION = frozenset({"button", "image", "overflow", "checkboxes", "radio_buttons", "datepicker", "timepicker"}) | {
    *_SELECTS,
    *_MULTIPLE,
}
IN_ACTIONS = frozenset({"button", "overflow", "checkboxes", "radio_buttons", *_PICKERS, *_SELECTS})
IN_INPUT = frozenset(
    {
        "checkboxes",
        "radio_buttons",
        "file_input",
        "rich_text_input",
        *_TYPED,
        *_PICKERS,
        *_SELECTS,
        *_MULTIPLE,
    }
)
ONLY_IN_VIEWS = frozenset({"number_input", "email_text_input", "url_text_input", "file_input", "rich_text_input"})

_COMMON = ("action_id", "confirm", "focus_on_load")


def element(found: Violations, value: Any, at: str, *, allowed: Collection[str]) -> None:
    """Check an element of a section, an actions block, or an input."""
    kind = kind_of(value)
    if kind not in allowed:
        found.add(at, f"unsupported type: {kind}" if kind else "missing required field: type")
        return
    if kind == "image":
        image(found, value, at)
        return
    identifier(found, value.get("action_id"), f"{at}/action_id")
    confirmation(found, value.get("confirm"), f"{at}/confirm")
    flag(found, value.get("focus_on_load"), f"{at}/focus_on_load")
    text_object(found, value.get("placeholder"), f"{at}/placeholder", most=150)
    _CHECKS[kind](found, value, at)


def image(found: Violations, value: Json, at: str) -> None:
    """Check an image element: one source, and a text for people who cannot see it."""
    if keys(found, value, at, required=("alt_text",), optional=("image_url", "slack_file")):
        string(found, value["alt_text"], f"{at}/alt_text", most=2000)
    one_source(found, value, at)


def one_source(found: Violations, value: Json, at: str) -> None:
    """Check that an image has an address or a Slack file, not both."""
    if ("image_url" in value) == ("slack_file" in value):
        found.add(at, "must have exactly one of: image_url, slack_file")
    string(found, value.get("image_url"), f"{at}/image_url", most=3000)


def distinct_action_ids(found: Violations, elements: Collection[Any], at: str) -> None:
    """Check that no two elements of a block share their action id."""
    seen: set[str] = set()
    for index, one in enumerate(elements):
        action = one.get("action_id") if isinstance(one, dict) else None
        if isinstance(action, str) and action in seen:
            found.add(f"{at}/{index}/action_id", f'`action_id` "{action}" already exists')
        elif isinstance(action, str):
            seen.add(action)


def _button(found: Violations, value: Json, at: str) -> None:
    optional = ("action_id", "confirm", "value", "url", "style", "accessibility_label")
    if keys(found, value, at, required=("text",), optional=optional):
        text_object(found, value["text"], f"{at}/text", most=75)
    string(found, value.get("value"), f"{at}/value", most=2000)
    string(found, value.get("url"), f"{at}/url", most=3000)
    string(found, value.get("accessibility_label"), f"{at}/accessibility_label", most=75)
    choice(found, value.get("style"), f"{at}/style", ("primary", "danger"))


def _overflow(found: Violations, value: Json, at: str) -> None:
    if keys(found, value, at, required=("options",), optional=("action_id", "confirm")):
        for index, one in enumerate(items(found, value["options"], f"{at}/options", most=5)):
            option(found, one, f"{at}/options/{index}", url=True)


def _boxes(found: Violations, value: Json, at: str) -> None:
    optional = (*_COMMON, "initial_options", "initial_option")
    if keys(found, value, at, required=("options",), optional=optional):
        for index, one in enumerate(items(found, value["options"], f"{at}/options", most=10)):
            option(found, one, f"{at}/options/{index}", kinds=MRKDWN_AND_PLAIN)
        _initial(found, value, at)


def _static_select(found: Violations, value: Json, at: str) -> None:
    optional = (*_COMMON, "placeholder", "options", "option_groups", "initial_option", "initial_options")
    keys(found, value, at, required=(), optional=(*optional, "max_selected_items"))
    if ("options" in value) == ("option_groups" in value):
        found.add(at, "must have exactly one of: options, option_groups")
    if "options" in value:
        _options(found, value["options"], f"{at}/options")
    if "option_groups" in value:
        option_groups(found, value["option_groups"], f"{at}/option_groups")
    number(found, value.get("max_selected_items"), f"{at}/max_selected_items", least=1, most=100)
    _initial(found, value, at)


def _options(found: Violations, value: Any, at: str) -> None:
    for index, one in enumerate(items(found, value, at, most=100)):
        option(found, one, f"{at}/{index}")


def option_groups(found: Violations, value: Any, at: str) -> None:
    """Check groups of options, of a select or of an answer to a suggestion request."""
    for index, group in enumerate(items(found, value, at, most=100)):
        if keys(found, group, f"{at}/{index}", required=("label", "options")):
            text_object(found, group["label"], f"{at}/{index}/label", most=75)
            _options(found, group["options"], f"{at}/{index}/options")


def _initial(found: Violations, value: Json, at: str) -> None:
    groups = [group.get("options") for group in _list(value.get("option_groups")) if isinstance(group, dict)]
    offered = [one for options in (value.get("options"), *groups) for one in _list(options)]
    several = _list(value.get("initial_options"))
    for one in [*several, *([value["initial_option"]] if "initial_option" in value else ())]:
        if one not in offered:
            found.add(at, "initial option must match one of the options exactly")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _external_select(found: Violations, value: Json, at: str) -> None:
    optional = (
        *_COMMON,
        "placeholder",
        "min_query_length",
        "initial_option",
        "initial_options",
        "max_selected_items",
    )
    keys(found, value, at, required=(), optional=optional)
    number(found, value.get("min_query_length"), f"{at}/min_query_length", least=0, most=100)


def _people_select(found: Violations, value: Json, at: str) -> None:
    initial = (
        "initial_user",
        "initial_users",
        "initial_conversation",
        "initial_conversations",
        "initial_channel",
    )
    more = ("initial_channels", "default_to_current_conversation", "response_url_enabled", "filter")
    optional = (*_COMMON, "placeholder", "max_selected_items", *initial, *more)
    keys(found, value, at, required=(), optional=optional)


def _picker(found: Violations, value: Json, at: str) -> None:
    initial = ("initial_date", "initial_time", "initial_date_time", "timezone")
    keys(found, value, at, required=(), optional=(*_COMMON, "placeholder", *initial))


def _typed(found: Violations, value: Json, at: str) -> None:
    optional = (*_COMMON, "placeholder", "initial_value", "dispatch_action_config")
    plain = ("multiline", "min_length", "max_length")
    if value["type"] == "number_input":
        keys(found, value, at, required=("is_decimal_allowed",), optional=(*optional, "min_value", "max_value"))
        return
    keys(
        found,
        value,
        at,
        required=(),
        optional=(*optional, *(plain if value["type"] == "plain_text_input" else ())),
    )
    flag(found, value.get("multiline"), f"{at}/multiline")
    number(found, value.get("min_length"), f"{at}/min_length", least=0, most=3000)
    number(found, value.get("max_length"), f"{at}/max_length", least=1, most=3000)
    string(found, value.get("initial_value"), f"{at}/initial_value", most=3000, least=0)


def _rich_or_file(found: Violations, value: Json, at: str) -> None:
    rich = (*_COMMON, "placeholder", "initial_value", "dispatch_action_config")
    files = ("action_id", "filetypes", "max_files")
    keys(found, value, at, required=(), optional=rich if value["type"] == "rich_text_input" else files)
    number(found, value.get("max_files"), f"{at}/max_files", least=1, most=10)


_Check = Callable[[Violations, Json, str], None]
_CHECKS: dict[str, _Check] = {
    "button": _button,
    "overflow": _overflow,
    "checkboxes": _boxes,
    "radio_buttons": _boxes,
    "static_select": _static_select,
    "multi_static_select": _static_select,
    "external_select": _external_select,
    "multi_external_select": _external_select,
    "file_input": _rich_or_file,
    "rich_text_input": _rich_or_file,
    **dict.fromkeys(_PICKERS, _picker),
    **dict.fromkeys(_TYPED, _typed),
    **dict.fromkeys(
        [kind for kind in (*_SELECTS, *_MULTIPLE) if not kind.endswith(("static_select", "external_select"))],
        _people_select,
    ),
}
