"""Modals and Home tabs: who has which view open, and what trigger ids and hashes allow."""

from bot.sim.slack.blocks import with_ids
from bot.sim.slack.inputs import state_values
from bot.sim.slack.model import Json, SlackError, View
from bot.sim.slack.state import WorkspaceState

MOST_MODALS = 3


class ModalStack:
    """The stack of modals and the Home tab of each person, by the person's id.

    ``connection_errors`` holds the sentence above a modal whose submission the app did not handle.
    """

    def __init__(self, state: WorkspaceState) -> None:
        self._state = state
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.connection_errors: dict[str, str] = {}

    def top(self, who: str) -> View | None:
        """Find the modal that this person sees, if any."""
        stack = self.stacks.get(self._state.person(who).id)
        return stack[-1] if stack else None

    def home(self, who: str) -> View | None:
        """Find what the app published on this person's Home tab."""
        return self.homes.get(self._state.person(who).id)

    def find(self, view_id: str = "", external_id: str = "") -> View | None:
        """Find an open view by its id or by the external id that the app gave it."""
        views = [*self.homes.values(), *(view for stack in self.stacks.values() for view in stack)]
        for view in views:
            if view.id == view_id or (external_id and view.external_id == external_id):
                return view
        return None

    def open(self, trigger_id: str, content: Json) -> View:
        """Open a modal for the person whose act issued the trigger id, in place of those open.

        Raises ``SlackError`` for a trigger id that cannot be used, and for an external id that is in use.
        """
        self._check_external_id(content, None)
        person = self._state.use_trigger_id(trigger_id).person
        view = self._new_view(person, content)
        self.stacks[person] = [view]
        self.connection_errors.pop(person, None)
        self._state.changed()
        return view

    def push(self, person: str, content: Json) -> View:
        """Put a modal on top of the open one; ``SlackError`` where none is open, or three are."""
        self._check_external_id(content, None)
        stack = self.stacks.get(person, [])
        if not stack:
            raise SlackError("not_found")
        if len(stack) >= MOST_MODALS:
            raise SlackError("push_limit_reached")
        view = self._new_view(person, content)
        view.root, view.previous = stack[0].id, stack[-1].id
        stack.append(view)
        self._state.changed()
        return view

    def update(self, view: View, content: Json, expected: str | None = None) -> View:
        """Replace a view's content; ``SlackError`` (``hash_conflict``) where ``expected`` is not its present hash."""
        if expected and expected != view.hash:
            raise SlackError("hash_conflict")
        self._check_external_id(content, view)
        self._fill(view, content)
        view.errors = {}
        self._state.changed()
        return view

    def publish(self, person: str, content: Json, expected: str | None = None) -> View:
        """Put content on a person's Home tab."""
        view = self.homes.get(person)
        if view is not None:
            return self.update(view, content, expected)
        self._check_external_id(content, None)
        self.homes[person] = self._new_view(person, content)
        self._state.changed()
        return self.homes[person]

    def close(self, view: View) -> None:
        """Close one modal; the one under it is seen again."""
        stack = self.stacks.get(view.person, [])
        if view in stack:
            stack.remove(view)
            self._state.changed()

    def close_all(self, person: str) -> None:
        """Close every modal of a person."""
        if self.stacks.pop(person, None):
            self._state.changed()

    def _new_view(self, person: str, content: Json) -> View:
        view_id = self._state.new_id("V")
        view = View(id=view_id, person=person, content={}, hash="", root=view_id)
        self._fill(view, content)
        return view

    def _fill(self, view: View, content: Json) -> None:
        view.content = {**content, "blocks": with_ids(content["blocks"], self._state.new_id)}
        view.values = state_values(view.content["blocks"], view.values)
        view.hash = f"{int(self._state.clock())}.{self._state.new_id('', 8)}"

    def _check_external_id(self, content: Json, own: View | None) -> None:
        external = str(content.get("external_id") or "")
        other = self.find(external_id=external) if external else None
        if other is not None and other is not own:
            raise SlackError("duplicate_external_id")
