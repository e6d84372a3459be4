"""What people do with modals: fill in and submit, close, and load options."""

from typing import Any

from bot.sim.slack.deliveries import ActResult, Deliveries
from bot.sim.slack.inputs import elements, empty, entered
from bot.sim.slack.interactions import Source
from bot.sim.slack.limits import check_view, input_ids
from bot.sim.slack.limits_elements import option_groups
from bot.sim.slack.limits_text import Violations, items, option
from bot.sim.slack.modal_stack import ModalStack
from bot.sim.slack.model import DeliveryResult, Forbidden, Json, SlackError, SlackUser, View
from bot.sim.slack.payloads import Payloads
from bot.sim.slack.state import WorkspaceState

CONNECTION_ERROR = "We had some trouble connecting. Try again?"
REQUIRED = "Please complete this required field."


class ModalActs:
    """Each act raises ``Forbidden`` where the person has no such modal open, or the modal no such field."""

    def __init__(self, state: WorkspaceState, modals: ModalStack, payloads: Payloads, deliveries: Deliveries) -> None:
        self._state = state
        self._modals = modals
        self._payloads = payloads
        self._deliveries = deliveries

    def submit(self, who: str, values: Json | None = None, view: View | None = None) -> ActResult:
        """Fill in a modal and submit it: by default the one on top.

        ``values`` are by block id, action id or label, or by block id and action id in two levels as Slack writes them.
        A required field left empty is refused by the client and never reaches the app.
        """
        person = self._state.person(who)
        shown = self._open_modal(person, view)
        self._enter(shown, values or {})
        shown.errors = self._refused_by_client(shown)
        self._modals.connection_errors.pop(person.id, None)
        self._state.changed()
        if shown.errors:
            return ActResult()
        return ActResult(None, self._deliveries.start(self._submitted(person, shown)))

    async def _submitted(self, person: SlackUser, view: View) -> DeliveryResult:
        result = await self._deliveries.send("interactive", self._payloads.submission(person, view))
        if not result.acked:
            self._show_connection_error(person)
        else:
            try:
                self._apply(person, view, result.payload)
            except (SlackError, KeyError, TypeError, AttributeError):
                self._show_connection_error(person)
        self._state.changed()
        return result

    def _apply(self, person: SlackUser, view: View, body: Json) -> None:
        match body.get("response_action"):
            case None:
                self._modals.close(view)
            case "clear":
                self._modals.close_all(person.id)
            case "errors":
                if not body["errors"] or not set(body["errors"]) <= input_ids(view.content):
                    raise SlackError("errors name no input block")
                view.errors = {str(key): str(value) for key, value in body["errors"].items()}
            case "update":
                check_view(body["view"])
                self._modals.update(view, body["view"])
            case "push":
                check_view(body["view"])
                self._modals.push(person.id, body["view"])
            case other:
                raise SlackError(f"unknown response_action {other}")

    def _show_connection_error(self, person: SlackUser) -> None:
        self._modals.connection_errors[person.id] = CONNECTION_ERROR

    def close(self, who: str, view: View | None = None, *, cleared: bool = False) -> ActResult:
        """Cancel the modal on top, or with ``cleared`` the whole stack, as the X does."""
        person = self._state.person(who)
        shown = self._open_modal(person, view)
        payload = self._payloads.closed(person, shown, cleared=cleared)
        if cleared or shown.content.get("clear_on_close"):
            self._modals.close_all(person.id)
        else:
            self._modals.close(shown)
        self._modals.connection_errors.pop(person.id, None)
        if not shown.content.get("notify_on_close"):
            return ActResult()
        return ActResult(None, self._deliveries.interaction(payload))

    async def load_options(self, who: str, source: Source, block_id: str, action_id: str, typed: str) -> Json:
        """Ask the app for the options that an external select offers for the typed text; none if it is late."""
        payload = self._payloads.suggestion(self._state.person(who), source, block_id, action_id, typed)
        result = await self._deliveries.interaction(payload)
        offered: Json = {key: result.payload[key] for key in ("options", "option_groups") if key in result.payload}
        found = Violations()
        for index, one in enumerate(items(found, offered.get("options", []), "/options", most=100, least=0)):
            option(found, one, f"/options/{index}")
        if "option_groups" in offered:
            option_groups(found, offered["option_groups"], "/option_groups")
        nothing: Json = {"options": []}
        return nothing if found.problems or not offered else offered

    def _open_modal(self, person: SlackUser, view: View | None) -> View:
        shown = view or self._modals.top(person.id)
        if shown is None or shown not in self._modals.stacks.get(person.id, ()):
            raise Forbidden(f"{person.real_name} has no such modal open")
        return shown

    def _enter(self, view: View, values: Json) -> None:
        wanted = dict(values)
        for block, element in elements(view.content["blocks"]):
            action = element["action_id"]
            keys = (block["block_id"], action, block.get("label", {}).get("text"))
            key = next((one for one in keys if one in wanted), None)
            if key is None or element["type"] in {"button", "overflow"}:
                continue
            value = wanted.pop(key)
            if isinstance(value, dict) and set(value) == {action}:
                value = value[action]
            view.values.setdefault(block["block_id"], {})[action] = entered(element, value)
        if wanted:
            raise Forbidden(f"the modal has no field {', '.join(map(str, wanted))}")

    def _refused_by_client(self, view: View) -> dict[str, str]:
        refused = {}
        for block, element in elements(view.content["blocks"]):
            if block["type"] != "input":
                continue
            state = view.values[block["block_id"]][element["action_id"]]
            sentence = _problem(block, element, state)
            if sentence:
                refused[block["block_id"]] = sentence
        return refused


def _problem(block: Json, element: Json, state: Json) -> str:
    if empty(state):
        return "" if block.get("optional") else REQUIRED
    value: Any = state.get("value")
    if isinstance(value, str) and len(value) > element.get("max_length", 3000):
        return f"Please enter no more than {element.get('max_length', 3000)} characters."
    if isinstance(value, str) and len(value) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    return ""
