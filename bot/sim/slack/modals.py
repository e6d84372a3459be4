"""What people do with modals: fill in and submit, close, and look for options."""

from typing import Any

from bot.sim.slack.acts import Acts, Source
from bot.sim.slack.inputs import elements, empty, entered
from bot.sim.slack.limits import check_view, input_ids
from bot.sim.slack.limits_elements import option_groups
from bot.sim.slack.limits_text import Findings, items, option
from bot.sim.slack.outgoing import Deed
from bot.sim.slack.things import (
    Answer,
    Forbidden,
    Json,
    Person,
    SlackError,
    View,
)

TROUBLE = "We had some trouble connecting. Try again?"
REQUIRED = "Please complete this required field."


class Modals(Acts):
    """The verbs of people in front of a modal."""

    def submit(self, who: str, values: Json | None = None, view: View | None = None) -> Deed:
        """Fill in a modal and submit it: by default the one on top.

        ``values`` are by block id, action id or label, or by block id and action id in two levels as Slack writes them.
        A required field left empty is refused by the client and never reaches the app.
        """
        person = self.person(who)
        shown = self._open(person, view)
        self._enter(shown, values or {})
        shown.errors = self._refused_by_client(shown)
        self.trouble.pop(person.id, None)
        self.changed()
        if shown.errors:
            return Deed(None, None)
        return Deed(None, self._start(self._submitted(person, shown)))

    async def _submitted(self, person: Person, view: View) -> Answer:
        answer = await self._send("interactive", self.submission_payload(person, view))
        if not answer.acked:
            self._in_trouble(person)
        else:
            try:
                self._after_submission(person, view, answer.payload)
            except (SlackError, KeyError, TypeError, AttributeError):
                self._in_trouble(person)
        self.changed()
        return answer

    def _after_submission(self, person: Person, view: View, body: Json) -> None:
        match body.get("response_action"):
            case None:
                self.drop_view(view)
            case "clear":
                self.drop_all(person.id)
            case "errors":
                if not body["errors"] or not set(body["errors"]) <= input_ids(view.content):
                    raise SlackError("errors name no input block")
                view.errors = {str(key): str(value) for key, value in body["errors"].items()}
            case "update":
                check_view(body["view"])
                self.update_view(view, body["view"])
            case "push":
                check_view(body["view"])
                self.push_view(person.id, body["view"])
            case other:
                raise SlackError(f"unknown response_action {other}")

    def _in_trouble(self, person: Person) -> None:
        self.trouble[person.id] = TROUBLE

    def close_modal(self, who: str, view: View | None = None, *, cleared: bool = False) -> Deed:
        """Cancel the modal on top, or with ``cleared`` the whole stack, as the X does."""
        person = self.person(who)
        shown = self._open(person, view)
        payload = self.closed_payload(person, shown, cleared=cleared)
        if cleared or shown.content.get("clear_on_close"):
            self.drop_all(person.id)
        else:
            self.drop_view(shown)
        self.trouble.pop(person.id, None)
        if not shown.content.get("notify_on_close"):
            return Deed(None, None)
        return Deed(None, self.deliver_interaction(payload))

    async def load_options(self, who: str, source: Source, block_id: str, action_id: str, typed: str) -> Json:
        """Return what an external select offers for the typed text; nothing where the app does not answer in time."""
        payload = self.suggestion_payload(self.person(who), source, block_id, action_id, typed)
        answer = await self.deliver_interaction(payload)
        offered: Json = {key: answer.payload[key] for key in ("options", "option_groups") if key in answer.payload}
        found = Findings()
        for index, one in enumerate(items(found, offered.get("options", []), "/options", most=100, least=0)):
            option(found, one, f"/options/{index}")
        if "option_groups" in offered:
            option_groups(found, offered["option_groups"], "/option_groups")
        nothing: Json = {"options": []}
        return nothing if found.problems or not offered else offered

    def _open(self, person: Person, view: View | None) -> View:
        shown = view or self.modal(person.id)
        if shown is None or shown not in self.stacks.get(person.id, ()):
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
            sentence = _complaint(block, element, state)
            if sentence:
                refused[block["block_id"]] = sentence
        return refused


def _complaint(block: Json, element: Json, state: Json) -> str:
    if empty(state):
        return "" if block.get("optional") else REQUIRED
    value: Any = state.get("value")
    if isinstance(value, str) and len(value) > element.get("max_length", 3000):
        return f"Please enter no more than {element.get('max_length', 3000)} characters."
    if isinstance(value, str) and len(value) < element.get("min_length", 0):
        return f"Please enter at least {element['min_length']} characters."
    return ""
