"""How people in the demo's story fill in forms: a form is opened, filled in, submitted, and printed as it is shown."""

from bot.sim.demo.stage import Stage, tell
from bot.sim.slack.inputs import elements
from bot.sim.slack.model import View


class Form:
    """The form that somebody has open."""

    def __init__(self, stage: Stage, who: str) -> None:
        self._stage, self._who = stage, who
        self._shown = ""

    async def shows(self, name: str) -> View:
        """Wait until the form has a field or a button of this name, and print it."""
        view = await self._stage.until(lambda: self._with(name), f"the form does not show {name}")
        self._print(view)
        return view

    def _with(self, name: str) -> View | None:
        view = self._stage.slack.modals.top(self._who)
        return view if view is not None and _ids(view, name) is not None else None

    async def chooses(self, name: str, typed: str, value: str) -> None:
        """Type into a field that searches, and choose what has this value."""
        view = await self.shows(name)
        block, action = _ids(view, name) or ("", "")
        acts = self._stage.slack.modal_acts
        offered = await acts.load_options(self._who, view, block, action, typed)
        chosen = next(each for each in offered["options"] if each["value"] == value)
        tell(f"  {self._stage.name(self._who)} types {typed} and chooses {chosen['text']['text']}")
        self._stage.slack.interactions.click(self._who, view, block, action, chosen)

    async def submits(self, **values: str) -> None:
        """Enter values, by the names of fields, and submit."""
        view = self._stage.slack.modals.top(self._who)
        if view is None:
            return
        entered = {ids[0]: value for name, value in values.items() if (ids := _ids(view, name)) is not None}
        label = view.content["submit"]["text"]
        tell(f"  {self._stage.name(self._who)} presses [{label}]")
        await self._stage.slack.modal_acts.submit(self._who, entered, view)

    def _print(self, view: View) -> None:
        shown = self._stage.slack.renderer.view_shown(view.content)
        if shown != self._shown:
            self._shown = shown
            for line in shown.splitlines():
                tell(f"  ▏{line}")


def _ids(view: View, name: str) -> tuple[str, str] | None:
    """The ids of a field or a button of a form."""
    found = ((block["block_id"], element["action_id"]) for block, element in elements(view.content["blocks"]))
    return next((each for each in found if each[1] == f"field:{name}"), None)
