"""Modals and Home tabs: who has which view open, and what trigger ids and hashes allow."""

from typing import Any

from bot.sim.slack.inputs import state_values
from bot.sim.slack.state import TRIGGER_SECONDS
from bot.sim.slack.things import Json, SlackError, Trigger, View
from bot.sim.slack.written import Written

STACK = 3


class Desk(Written):
    """The stack of modals and the Home tab of each person."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.trouble: dict[str, str] = {}

    def modal(self, who: str) -> View | None:
        """Return the modal this person sees, if any."""
        stack = self.stacks.get(self.person(who).id)
        return stack[-1] if stack else None

    def home(self, who: str) -> View | None:
        """Return what the app published on this person's Home tab."""
        return self.homes.get(self.person(who).id)

    def find_view(self, view_id: str = "", external_id: str = "") -> View | None:
        """Return an open view by id or by the name the app gave it."""
        views = [*self.homes.values(), *(view for stack in self.stacks.values() for view in stack)]
        for view in views:
            if view.id == view_id or (external_id and view.external_id == external_id):
                return view
        return None

    def use_trigger(self, trigger_id: str) -> Trigger:
        """Spend a trigger id; raises ``SlackError`` for an unknown, used, or late one."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self.clock() - trigger.at > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger

    def open_view(self, trigger_id: str, content: Json) -> View:
        """Open a modal for the person who made the trigger id."""
        self._distinct(content, None)
        person = self.use_trigger(trigger_id).person
        view = self._new_view(person, content)
        self.stacks[person] = [view]
        self.trouble.pop(person, None)
        self.changed()
        return view

    def push_view(self, person: str, content: Json) -> View:
        """Lay a modal on top of the open one; at most three."""
        self._distinct(content, None)
        stack = self.stacks.get(person, [])
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= STACK:
            raise SlackError("push_limit_reached")
        view = self._new_view(person, content)
        view.root, view.previous = stack[0].id, stack[-1].id
        stack.append(view)
        self.changed()
        return view

    def update_view(self, view: View, content: Json, expected: str | None = None) -> View:
        """Put other content into a view; ``hash_conflict`` where it was changed since."""
        if expected and expected != view.hash:
            raise SlackError("hash_conflict")
        self._distinct(content, view)
        self._fill(view, content)
        view.errors = {}
        self.changed()
        return view

    def publish(self, person: str, content: Json, expected: str | None = None) -> View:
        """Put content on a person's Home tab."""
        view = self.homes.get(person)
        if view is not None:
            return self.update_view(view, content, expected)
        self._distinct(content, None)
        self.homes[person] = self._new_view(person, content)
        self.changed()
        return self.homes[person]

    def drop_view(self, view: View) -> None:
        """Close one modal; what lies under it is seen again."""
        stack = self.stacks.get(view.person, [])
        if view in stack:
            stack.remove(view)
            self.changed()

    def drop_all(self, person: str) -> None:
        """Close every modal of a person."""
        if self.stacks.pop(person, None):
            self.changed()

    def _new_view(self, person: str, content: Json) -> View:
        view_id = self.new_id("V")
        view = View(id=view_id, person=person, content={}, hash="", root=view_id)
        self._fill(view, content)
        return view

    def _fill(self, view: View, content: Json) -> None:
        view.content = {**content, "blocks": self.with_ids(content["blocks"])}
        view.values = state_values(view.content["blocks"], view.values)
        view.hash = f"{int(self.clock())}.{self.new_id('', 8)}"

    def _distinct(self, content: Json, own: View | None) -> None:
        external = str(content.get("external_id") or "")
        other = self.find_view(external_id=external) if external else None
        if other is not None and other is not own:
            raise SlackError("duplicate_external_id")
