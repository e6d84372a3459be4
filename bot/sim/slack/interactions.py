"""What people do with the app's components: press, choose, use a shortcut, open the Home tab."""

from typing import Any

from bot.sim.slack.app_events import AppEvents
from bot.sim.slack.client_rules import ClientRules
from bot.sim.slack.deliveries import ActResult, Deliveries
from bot.sim.slack.inputs import elements, entered, find_option, options
from bot.sim.slack.modal_stack import ModalStack
from bot.sim.slack.model import Forbidden, Json, Message, SlackUser, View
from bot.sim.slack.payloads import Payloads
from bot.sim.slack.state import WorkspaceState

Source = Message | View


class Interactions:
    """Each act raises ``Forbidden`` where Slack's client would not offer it.

    ``chosen`` holds what people selected in messages: ``state.values`` by person id and message ts.
    """

    def __init__(
        self,
        state: WorkspaceState,
        modals: ModalStack,
        rules: ClientRules,
        payloads: Payloads,
        deliveries: Deliveries,
        events: AppEvents,
    ) -> None:
        self._state = state
        self._modals = modals
        self._rules = rules
        self._payloads = payloads
        self._deliveries = deliveries
        self._events = events
        self.chosen: dict[tuple[str, str], Json] = {}

    def press(self, who: str, source: Source, label: str) -> ActResult:
        """Press the button with this label, or choose the option with this label from any menu."""
        for block, element in elements(_blocks_of(source)):
            if element["type"] == "button" and element["text"]["text"] == label:
                return self.click(who, source, block["block_id"], element["action_id"])
        for block, element in elements(_blocks_of(source)):
            for option in options(element):
                if option["text"]["text"] == label:
                    return self.click(who, source, block["block_id"], element["action_id"], option)
        raise Forbidden(f"there is no {label} to press")

    def click(self, who: str, source: Source, block_id: str, action_id: str, value: Any = None) -> ActResult:
        """Press or choose by ids; ``value`` is the option, date, person and so on that was chosen."""
        person = self._rules.active_person(who)
        self._rules.check_sees(person, source)
        block, element = _component(source, block_id, action_id)
        action: Json = {
            "type": element["type"],
            "block_id": block_id,
            "action_id": action_id,
            "action_ts": self._state.new_ts(),
        }
        if element["type"] == "button":
            action |= {key: element[key] for key in ("text", "value", "style") if key in element}
        elif element["type"] == "overflow":
            action["selected_option"] = find_option(element, value)
        else:
            state = entered(element, value)
            self._remember(person, source, block_id, action_id, state)
            action |= state
            if block["type"] == "input" and not block.get("dispatch_action"):
                return ActResult()
        if isinstance(source, View):
            return ActResult(None, self._deliveries.interaction(self._payloads.view_press(person, source, action)))
        chosen = self.chosen.get((person.id, source.ts), {})
        return ActResult(None, self._deliveries.click(self._payloads.press(person, source, action, chosen), source))

    def _remember(self, person: SlackUser, source: Source, block_id: str, action_id: str, state: Json) -> None:
        values = source.values if isinstance(source, View) else self.chosen.setdefault((person.id, source.ts), {})
        values.setdefault(block_id, {})[action_id] = state
        self._state.changed()

    def use_shortcut(self, who: str, callback_id: str, message: Message | None = None) -> ActResult:
        """Use a shortcut of the app, on a message where it is one for messages."""
        person = self._rules.active_person(who)
        kind = "global" if message is None else "message"
        for shortcut in self._state.app.shortcuts:
            if (shortcut.callback_id, shortcut.kind) == (callback_id, kind):
                if message is not None and message.only_for is not None:
                    raise Forbidden("shortcuts do not work on ephemeral messages")
                payload = self._payloads.shortcut(person, shortcut, message)
                return ActResult(None, self._deliveries.click(payload, message))
        raise Forbidden(f"there is no {kind} shortcut {callback_id}")

    def open_home(self, who: str, tab: str = "home") -> ActResult:
        """Open the app's Home tab, or with ``tab="messages"`` its messages."""
        person = self._rules.active_person(who)
        if not self._events.subscribed("app_home_opened", "chat:write") or not self._state.app.home_tab:
            return ActResult()
        event = self._payloads.home_opened(person, tab, self._modals.homes.get(person.id))
        return ActResult(None, self._events.send(event))


def _blocks_of(source: Source) -> list[Json]:
    return list(source.content["blocks"]) if isinstance(source, View) else source.all_blocks


def _component(source: Source, block_id: str, action_id: str) -> tuple[Json, Json]:
    for block, element in elements(_blocks_of(source)):
        if (block["block_id"], element["action_id"]) == (block_id, action_id):
            return block, element
    raise Forbidden("what you pressed is no longer there")
