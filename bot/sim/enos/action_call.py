"""One call of an action: who calls, what they ask for, and what they may do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.sim.enos.model import Denied, Flow, Instance, User
from bot.sim.enos.platform import Platform
from bot.sim.enos.printer import Printer

_LARGEST = 1 << 63
_LATEST = 4_102_444_800.0  # the year 2100: a later trigger time is refused as a mistake


@dataclass(frozen=True, slots=True)
class ActionCall:
    """A call that has passed the gateway. Its methods raise ``Denied`` for what is missing or malformed."""

    platform: Platform
    printer: Printer
    user: User
    query: Mapping[str, str]
    body: Any
    now: float

    # ── reading ─────────────────────────────────────────────────────────────
    def fields(self) -> Mapping[str, Any]:
        """Read the body, which must be a JSON object."""
        if not isinstance(self.body, dict):
            raise Denied(62102, "body")
        return self.body

    def field(self, name: str) -> Any:
        """Read a mandatory field of the body."""
        if name not in self.fields():
            raise Denied(62102, "body")
        return self.fields()[name]

    def whole(self, name: str) -> int:
        """Read a mandatory whole number of the body, sent as a number or as digits."""
        return whole(self.field(name))

    def moment(self, name: str) -> float:
        """Read a mandatory time of the body, sent in epoch milliseconds; the result is in seconds."""
        seconds = self.whole(name) / 1000
        if not 0 <= seconds < _LATEST:
            raise Denied(62102, "body")
        return seconds

    def text(self, name: str) -> str:
        """Read an optional text of the body; empty where there is none."""
        value = self.fields().get(name)
        return value if isinstance(value, str) else ""

    def parameter(self, name: str) -> str:
        """Read a mandatory parameter of the query."""
        if not self.query.get(name):
            raise Denied(62102, "body")
        return self.query[name]

    # ── finding ─────────────────────────────────────────────────────────────
    def flow(self, flow_id: int, reason: str = "no_flow") -> Flow:
        """Find a flow of the user's organization; ``reason`` names the refusal where there is none."""
        flow = self.platform.flows.get(flow_id)
        if flow is None or flow.org != self.user.org:
            raise Denied(62102, reason)
        return flow

    def queried_flow(self) -> Flow:
        """Find the flow that the query names."""
        return self.flow(whole(self.parameter("flowId")))

    def instance(self, instance_id: str) -> Instance | None:
        """Find an instance of the user's organization that history still shows; None where there is none."""
        instance = self.platform.runs.all.get(instance_id)
        if instance is None or instance.flow.org != self.user.org:
            return None
        return instance if instance.trigger >= self.oldest() else None

    def oldest(self) -> float:
        """Compute the trigger time before which nothing is shown, epoch seconds."""
        days = self.platform.switches.history_days
        return self.now - days * 86400 if days else float("-inf")

    # ── rights ──────────────────────────────────────────────────────────────
    def edits(self, flow: Flow) -> bool:
        """Whether the user owns the flow."""
        return self.user.name in flow.owners

    def reads(self, flow: Flow) -> bool:
        """Whether the flow is related to the user."""
        return self.platform.related(self.user, flow)

    def must_own(self, flow: Flow) -> None:
        """Refuse a user who is not an owner."""
        if not self.edits(flow):
            raise Denied(62103, "no_privilege")

    def must_move(self, flow: Flow) -> None:
        """Refuse a user who is not an owner, and owners while they or the flow are locked."""
        self.must_own(flow)
        if self.user.locked:
            raise Denied(62105, "locked_user")
        if flow.locked:
            raise Denied(62103, "no_privilege")


def whole(value: object) -> int:
    """Read a whole number sent as a number or as digits. Raises Denied."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Denied(62102, "body")
    try:
        number = float(value) if isinstance(value, float) else int(value)
    except ValueError as error:
        raise Denied(62102, "body") from error
    if not -_LARGEST < number < _LARGEST or number != number // 1:
        raise Denied(62102, "body")
    return int(number)


def pairs(value: object) -> tuple[tuple[str, str], ...]:
    """Read parameters sent as an array of key and value, as an object, or as a JSON string of either."""
    if isinstance(value, str):
        try:
            value = json.loads(value or "[]")
        except ValueError as error:
            raise Denied(62102, "body") from error
    if isinstance(value, dict):
        return tuple((str(key), str(each)) for key, each in value.items())
    if not isinstance(value, list) or not all(isinstance(each, dict) and "key" in each for each in value):
        raise Denied(62102, "body")
    return tuple((str(each["key"]), str(each.get("value", ""))) for each in value)
