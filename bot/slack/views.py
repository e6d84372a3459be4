"""Views: what a form or a home looks like is rendered here, in the reader's language, and sent once.

Nothing is repeated: a trigger id works once, and a view that could not be updated shows what it showed.
"""

from typing import Any

from bot.core.forms.model import OpenView, View
from bot.core.forms.rendering import rendered
from bot.core.outbox.conversations import SlackUnclear
from bot.core.text.language import EN
from bot.slack.calls import Calls


class SlackViews:
    """Opens and updates views. Raises the failures of ``conversations`` and nothing else.

    Slack's words for what is refused: ``expired_trigger_id``, ``exchanged_trigger_id``, ``hash_conflict`` where
    somebody else has updated the view, ``not_found`` where it was closed, ``not_enabled`` for a home that is off.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def open(self, trigger: str, view: View, language: str = EN) -> OpenView:
        """Open a modal."""
        return await self._sent("views.open", view, language, trigger_id=trigger)

    async def push(self, trigger: str, view: View, language: str = EN) -> OpenView:
        """Put a modal on top of the open one, from which the trigger id comes."""
        return await self._sent("views.push", view, language, trigger_id=trigger)

    async def update(self, shown: OpenView, view: View, language: str = EN) -> OpenView:
        """Show something else in a modal; with a hash only where it still shows what had that hash."""
        return await self._sent("views.update", view, language, view_id=shown.id, hash=shown.hash)

    async def publish(self, user: str, view: View, language: str = EN, *, hash: str = "") -> OpenView:  # noqa: A002  as Slack calls it
        """Show a person's home; with a hash only where it still shows what had that hash."""
        return await self._sent("views.publish", view, language, user_id=user, hash=hash)

    async def _sent(self, method: str, view: View, language: str, **target: str) -> OpenView:
        given: dict[str, Any] = {name: value for name, value in target.items() if value}
        answer = await self._calls.write(method, given | {"view": rendered(view, language)})
        shown = answer.get("view")
        if not isinstance(shown, dict) or not shown.get("id"):
            raise SlackUnclear("the answer names no view")
        return OpenView(str(shown["id"]), str(shown.get("hash") or ""))
