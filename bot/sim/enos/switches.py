"""Where the platform's documents contradict each other: one switch each, so that every variant can be tested.

The numbers in brackets are those of the contradictions as the project counts them. Defaults are what the
five pages that the bot is built for show.
"""

import re
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import timedelta
from typing import Any, cast


def _choice(*choices: str, says: str) -> Any:
    """One of several; the first is the default."""
    return field(default=choices[0], metadata={"choices": choices, "says": says})


def _flag(says: str) -> Any:
    return field(default=False, metadata={"choices": (False, True), "says": says})


def _free(default: str | int, says: str) -> Any:
    return field(default=default, metadata={"choices": (), "says": says})


@dataclass(frozen=True, slots=True)
class Switches:
    """How this platform happens to behave. Change one with ``with_``, which checks the value."""

    page_base: str = _choice("1", "0", "1-clamp", says="first page; 1-clamp answers page 0 like page 1 [C1]")
    count: str = _choice("page", "total", says="what count counts: this page, or all that was found [C2]")
    sort_names: str = _choice(
        "snake", "snake3", "camel", "both", "none",
        says="sort fields that are accepted; snake3: only create, update and start; none: no field [C3]",
    )  # fmt: skip
    range_end: str = _choice("open", "closed", says="whether toTriggerTime itself is in the range [C6]")
    empty_filter: str = _choice("any", "nothing", says="what an empty status matches [C7]")
    server_zone: str = _free("GMT+8", says="what getTimeZone answers, for example GMT+8 or GMT-3:30")
    trigger_zone: str = _choice("utc", "server", says="time zone of printed trigger times [C9]")
    run_zone: str = _choice("utc", "server", says="time zone of printed start and end times [C9]")
    graph: str = _choice("string", "object", "broken", says="how a graph arrives; broken cannot be parsed [C10]")
    keys: str = _choice("camel", "mixed", "snake", says="keys inside graphs; mixed is snake in lists [C11]")
    ids: str = _choice("sample", "number", "string", says="flow IDs in lists and task IDs in graphs [C12]")
    floats: bool = _flag("whole numbers arrive as 2809.0 [C12]")
    parameters: str = _choice("string", "array", "object", says="how parameters arrive [C13]")
    parameters_update: str = _choice("replace", "merge", says="what updateAndTrigger does with the other parameters")
    data: str = _choice("object", "list", says="whether a single read answers an object or a list of one [C14]")
    success: str = _choice("code", "status", says="the v2.1 envelope or that of v2.0 [C15]")
    log_errors: str = _choice("two", "one", says="whether a missing run and a missing log have different errors [C16]")
    log_keep: str = _choice("first", "last", says="which end of a long log is kept")
    triggered_id: str = _choice("true", "placeholder", says="the run ID that a trigger answers [C17]")
    triggered_type: str = _choice("flow", "manual", "temporary", says="scheduling type of triggered runs")
    minute_rule: str = _choice("id", "clock", says="one run per trigger minute; clock: also one per real minute")
    texts: str = _choice("en", "zh", says="language of the pages that the error texts come from [C18, C19]")
    owners: str = _choice("plain", "semicolons", "padded", says="how owner fields join names [C25]")
    token_status: str = _choice("status", "stauts", says="the spelling in token answers [C26]")
    auth_failure: str = _choice("401", "apim", "code", says="how a bad token is refused")
    unknown_action: str = _choice("99400", "62102", "404", says="how an unknown action is refused [C31]")
    missing_actions: str = _free("", says="actions that this version does not have, separated by commas [C30]")
    error_status: str = _choice("200", "400", says="HTTP status of business errors [C32]")
    cancel_ended: str = _choice("ok", "error", says="answer to canceling a run that has ended [C33]")
    unknown_instance: str = _choice("62102", "62109", "empty", says="answer to reading an unknown run [C33]")
    request_id: bool = _flag("answers have a requestId [C36]")
    history_days: int = _free(90, says="older runs are not shown; 0 for no limit [C37]")
    page_cap: int = _free(0, says="most rows on a page; 0 for no limit")
    behind: str = _choice("INIT", "SKIP", says="status of tasks after a failed one")
    rate: int = _free(0, says="calls per second before a 429; 0 for no limit")
    skew_ms: int = _free(0, says="how far the platform's clock is ahead of ours")

    def with_(self, name: str, value: object) -> "Switches":
        """Copy these switches with one changed. Raises ValueError for an unknown name or value."""
        known = {each.name: each for each in fields(self)}
        if name not in known:
            raise ValueError(f"There is no switch {name!r}. There are: {', '.join(sorted(known))}.")
        choices = known[name].metadata["choices"]
        kind = type(known[name].default)
        fitting = _as(kind, value)
        if choices and fitting not in choices:
            raise ValueError(f"{name} must be one of {', '.join(map(str, choices))}, not {value!r}.")
        if name == "server_zone":
            offset(str(fitting))
        return replace(self, **{name: cast("Any", fitting)})

    def table(self) -> list[dict[str, object]]:
        """List name, value, default, choices and meaning of each switch, for the panel."""
        values = asdict(self)
        return [
            {
                "name": each.name,
                "value": values[each.name],
                "default": each.default,
                "choices": list(each.metadata["choices"]),
                "says": each.metadata["says"],
            }
            for each in fields(self)
        ]


def _as(kind: type, value: object) -> object:
    """Convert a value to the switch's own type; a value that does not fit is refused later."""
    text = str(value).strip()
    if kind is bool:
        return {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}.get(text.lower())
    if kind is int:
        try:
            return int(text)
        except ValueError as error:
            raise ValueError(f"{value!r} is not a whole number.") from error
    return text


_ZONE = re.compile(r"(?:GMT|UTC)(?:([+-])(\d{1,2})(?::?([0-5]\d))?)?")


def offset(zone: str) -> timedelta:
    """Parse a printed zone such as GMT+8 into its distance from UTC. Raises ValueError for anything else."""
    match = _ZONE.fullmatch(zone)
    if match is None:
        raise ValueError(f"{zone!r} is not a time zone such as GMT+8.")
    sign, hours, minutes = match.groups()
    distance = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return -distance if sign == "-" else distance
