"""Forms and homes of a fake Slack with memory, which refuses what Slack refuses."""

import itertools
from dataclasses import dataclass, field

from bot.core.command import buttons
from bot.core.errors import Failure
from bot.core.forms.model import FormAsked, OpenView
from bot.core.forms.rendering import rendered
from bot.core.outbox.conversations import SlackRefused
from bot.core.people.model import IncomingMessage, Origin, Surface
from bot.core.text.language import EN
from bot.core.text.message import plain
from bot.sim.slack.inputs import elements, entered, state_values
from bot.sim.slack.limits import check_view
from bot.slack import incoming_forms


@dataclass
class Shown:
    """A view that somebody sees."""

    id: str
    content: dict
    hash: str
    values: dict = field(default_factory=dict)
    is_open: bool = True
    history: list = field(default_factory=list)  # what it showed, as text

    @property
    def text(self):
        return text_of(self.content)


class AnswerViews:
    """``broken`` holds what each method raises; ``now`` is the view that was opened or updated last."""

    def __init__(self):
        self.shown = {}
        self.homes = {}
        self.broken = {}
        self.now = None
        self.used = set()
        self._numbers = itertools.count(1)

    async def open(self, trigger, view, language=EN):
        self._met("open")
        if trigger in self.used:
            raise SlackRefused("exchanged_trigger_id")
        self.used.add(trigger)
        return self._new(rendered(view, language))

    async def push(self, trigger, view, language=EN):
        return await self.open(trigger, view, language)

    async def update(self, shown, view, language=EN):
        self._met("update")
        known = self.shown.get(shown.id)
        if known is None or not known.is_open:
            raise SlackRefused("not_found")
        if shown.hash and shown.hash != known.hash:
            raise SlackRefused("hash_conflict")
        return self.fill(known, rendered(view, language))

    async def publish(self, user, view, language=EN, *, hash=""):  # noqa: A002  as the protocol calls it
        self._met("publish")
        content, known = rendered(view, language), self.homes.get(user)
        if known is None:
            opened = self._new(content)
            self.homes[user] = self.shown[opened.id]
            return opened
        if hash and hash != known.hash:
            raise SlackRefused("hash_conflict")
        return self.fill(known, content)

    def fill(self, known, content):
        """Show something else in a view; what was entered stays in fields that stay."""
        check_view(content, kinds=("modal", "home"))
        content = {**content, "blocks": [{"block_id": f"b{n}", **each} for n, each in enumerate(content["blocks"])]}
        known.content, known.hash = content, f"hash{next(self._numbers)}"
        known.values = state_values(content["blocks"], known.values)
        known.history.append(known.text)
        self.now = known
        return OpenView(known.id, known.hash)

    def _new(self, content):
        known = Shown(f"V{next(self._numbers)}", {}, "")
        self.shown[known.id] = known
        return self.fill(known, content)

    def _met(self, name):
        if name in self.broken:
            raise self.broken[name]


def text_of(content):
    """A view as text: its title, its blocks and fields with what they begin with, its buttons."""
    lines = [f"[{content['title']['text']}]"] if "title" in content else ["[home]"]
    for block in content["blocks"]:
        lines += _BLOCKS[block["type"]](block)
    labels = [content[name]["text"] for name in ("submit", "close") if content.get(name)]
    return "\n".join([*lines, *([" ".join(f"({label})" for label in labels)] if labels else [])])


def _input(block):
    element, state = block["element"], next(iter(state_values([{"block_id": "", **block}], {}).values()))
    chosen = state[element["action_id"]]
    option = chosen.get("selected_option") or {}
    begins = option.get("text", {}).get("text") or next((each for each in [*chosen.values()][1:] if each), "")
    choices = [each["text"]["text"] for each in element.get("options", ())]
    yield f"{block['label']['text']}{' (optional)' if block['optional'] else ''}: [{begins}]"
    if choices:
        yield f"    {' | '.join(choices)}"
    if "hint" in block:
        yield f"    {block['hint']['text']}"


def _section(block):
    yield from block["text"]["text"].split("\n")
    yield from (field["text"] for field in block.get("fields", ()))
    if "accessory" in block:
        labels = [each["text"]["text"] for each in block["accessory"].get("options", (block["accessory"],))]
        yield f"({' | '.join(labels)})"


_BLOCKS = {
    "section": _section,
    "header": lambda block: [f"# {block['text']['text']}"],
    "divider": lambda _block: ["----"],
    "context": lambda block: [" ".join(each["text"] for each in block["elements"])],
    "actions": lambda block: [" ".join(f"({each['text']['text']})" for each in block["elements"] if "text" in each)],
    "input": _input,
}


class FormActs:
    """What somebody does in forms: for ``Actor``, who has a ``world`` and is a ``person``."""

    async def opens(self, words, channel="C0DATAOPS1", trigger=""):
        """A slash command that lacks words; returns the view, or what people see where none opens."""
        origin = Origin(Surface.COMMAND, channel, response_url="https://hooks.slack.test/1")
        said = IncomingMessage(self.world.new_ts(), words, self.person, origin, self.world.now)
        asked = incoming_forms.asked(said, {"trigger_id": trigger or f"trigger{said.key}"}, "/flow")
        assert asked is not None, f"{words} opens no form"
        return await self.asks(asked)

    async def asks(self, asked):
        """A form; returns the view, or the sentence where none opens."""
        try:
            await self.world.forms.asked(asked)
        except Failure as failure:
            return plain(failure.message, self.world.slack.spoken)
        return self.world.views.now

    def asked_by(self, words, origin, post=""):
        """What a button asks for whose words open a form."""
        key = self.world.new_ts()
        name, said = buttons.asked_form(words)
        return FormAsked(key, name, said, f"trigger{key}", self.person, origin, self.world.now, post)

    async def fills(self, view, **values):
        """Enter values, by the names of fields; those that report it are followed."""
        for block, element in list(elements(view.content["blocks"])):
            name = block["block_id"].partition(".")[0]
            if name not in values:
                continue
            state = entered(element, values.pop(name))
            view.values.setdefault(block["block_id"], {})[element["action_id"]] = state
            if block.get("dispatch_action"):
                action = {"action_id": element["action_id"], **state}
                await self.world.forms.changed(
                    incoming_forms.changed(self.event(view, actions=[action]), self.world.now)
                )
        assert not values, f"no field {values}"
        return view

    async def submits(self, view, at=""):
        """Submit; returns what people see, the errors at fields, or the view that follows. ``at``: an older hash."""
        submitted = incoming_forms.submitted(self.event(view, at), self.world.now)
        reply = await self.world.forms.submitted(submitted)
        if reply.errors:
            assert set(reply.errors) <= {each["block_id"] for each in view.content["blocks"] if each["type"] == "input"}
            return dict(reply.errors)
        if reply.view is not None:
            self.world.views.fill(view, reply.view)
            if reply.then is not None:
                await reply.then()
            return view
        view.is_open = False
        await self.world.receive(reply.message)
        return await self.world.delivered()

    async def types(self, view, field, text):
        """What a field offers for a text, as labels."""
        block, element = next(each for each in elements(view.content["blocks"]) if each[0]["block_id"] == field)
        asked = {"action_id": element["action_id"], "block_id": block["block_id"], "value": text}
        found = await self.world.forms.options(incoming_forms.options(self.event(view, **asked), self.world.now))
        return [each["text"]["text"] for each in found]

    def event(self, view, at="", **more):
        """A payload about a view."""
        shown = {
            **view.content,
            "id": view.id,
            "hash": at or view.hash,
            "state": {"values": view.values},
        }
        whose = {"user": {"id": self.person.user}, "team": {"id": self.person.team}}
        return {**whose, "view": shown, "trigger_id": f"trigger{self.world.new_ts()}", **more}
