"""The form that triggers a flow: choose it and what it runs with, then see what would start, then press."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bot.core.command.parse import in_words
from bot.core.flow.preview import Preview
from bot.core.forms import fields
from bot.core.forms.model import Option, View
from bot.core.forms.starting import CLOCK, DAY, FLOW, PARAMETER, TASK, WHOLE, Field, Opened
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block
from bot.core.text.escape import code
from bot.core.text.message import Text, layout, lines, listed, msg, plural
from bot.core.values import dataclass
from bot.messages.cards import flow_lists, flows, forms, previews

NAME = "trigger"
TITLE = msg("Trigger a flow")
CHOOSE = msg("Choose a flow.")
BACK = "back"  # the button of the preview
MOST_TASKS = 99  # in a list; more are searched
_LABEL = 75  # characters of a choice
_LEFT = 5  # parameters that are named


@dataclass(frozen=True, slots=True)
class Listed:
    """How old the list is that flows are chosen from."""

    age: timedelta | None = None  # None while nothing was read yet
    failed: bool = False
    left_out: int = 0


def option(id_: str, name: str) -> Option:
    """A flow or a task as a choice: its name is cut, its ID is not."""
    room = _LABEL - len(id_) - 3
    shown = flows.short(name)
    cut = shown if len(shown) <= room else shown[: room - 1] + "…"
    return layout("{name} ({id})", name=cut, id=id_) if cut else layout("{id}", id=id_), id_


def view(
    flow: Option | None,
    form: Opened | None,
    values: Mapping[str, str],
    listed_flows: Listed,
    state: Mapping[str, str],
    notice: Text | None = None,
) -> View:
    """The form. ``form`` is None until a flow was read; ``notice`` says what happened to it meanwhile.

    ``state`` has a ``version``: fields of another one are empty again.
    """
    version = state.get("version", "")
    body: list[Block] = [blocks.section(notice)] if notice is not None else []
    placeholder = msg("Type a part of its name or ID")
    body += [
        fields.search(FLOW, msg("Flow"), initial=flow, placeholder=placeholder, reports=True, version=version),
        blocks.context(_age(listed_flows)),
    ]
    if form is not None:
        body += _of_flow(form, values, f"{form.flow}-{version}")
    return View(NAME, TITLE, body, submit=msg("Preview"), state=state)


def _age(of: Listed) -> Text:
    if of.age is not None:
        return lines(
            msg("You can trigger the flows that you own."),
            flow_lists.age(of.age, failed=of.failed, left_out=of.left_out),
        )
    if of.failed:
        return msg("EnOS does not list your flows now. Type the ID of a flow.")
    return msg("I'm reading your flows from EnOS. Type the ID of a flow, or try again in a moment.")


def _of_flow(form: Opened, values: Mapping[str, str], version: str) -> list[Block]:
    body = [_task(form, values, version)] if form.tasks else []
    body += [
        fields.day(DAY, msg("Date of the trigger time"), initial=values.get(DAY, ""), optional=True, version=version),
        fields.clock(CLOCK, msg("Trigger time"), initial=values.get(CLOCK, ""), optional=True, version=version),
        blocks.context(
            msg("Leave both empty to start now. Your time zone: {zone}.", zone=form.zone)
            if not form.zone.startswith("offset:")
            else msg("Leave both empty to start now. The time is that of your Slack time zone.")
        ),
    ]
    body += [_parameter(f"{PARAMETER}{number}", each, values, version) for number, each in enumerate(form.fields)]
    if form.left:
        keys = listed([code(flows.short(each)) for each in form.left[:_LEFT]], len(form.left))
        example = in_words(f"trigger {form.flow} with KEY=VALUE")
        body.append(
            blocks.context(
                plural(
                    "Parameter {keys} stays as it is: it does not fit into a form. To change it, type {command}.",
                    "Parameters {keys} stay as they are: they do not fit into a form. To change one, type {command}.",
                    len(form.left),
                    keys=keys,
                    command=example,
                )
            )
        )
    return body


def _task(form: Opened, values: Mapping[str, str], version: str) -> Block:
    label, chosen = msg("Start from"), values.get(TASK, WHOLE)
    hint = msg("From a task: it and everything after it. EnOS then takes no changed parameters.")
    if len(form.tasks) > MOST_TASKS:
        initial = next((each for each in tasks(form, "") if each[1] == chosen), None)
        named = next((option(*each) for each in form.tasks if each[0] == chosen), initial)
        return fields.search(TASK, label, initial=named, hint=hint, version=version)
    return fields.choice(TASK, label, tasks(form, ""), initial=chosen, hint=hint, version=version)


def tasks(form: Opened, typed: str) -> Sequence[Option]:
    """The choices of a task that fit what was typed, the whole flow first."""
    wanted = typed.strip().casefold()
    found = [option(*each) for each in form.tasks if wanted in each[1].casefold() or each[0].startswith(wanted)]
    return [(msg("The whole flow"), WHOLE), *found][: MOST_TASKS + 1]


def _parameter(name: str, of: Field, values: Mapping[str, str], version: str) -> Block:
    initial = values.get(name, "")
    hint = None
    if of.is_secret and not initial:
        hint = msg("It looks like a secret, so I don't show it. It stays as it is unless you type a new value.")
    elif not of.held and not of.is_secret:
        hint = msg("The flow has no parameter of this name. I send it anyway.")
    return fields.text(
        name,
        layout("{key}", key=flows.short(of.key)),
        initial=initial,
        hint=hint,
        lines="\n" in initial or len(initial) > _LABEL,
        optional=True,
        version=version,
    )


def checking() -> View:
    """What is shown while EnOS is asked."""
    return View(NAME, TITLE, [blocks.section(msg("Checking with EnOS …"))])


def kept(what: Text) -> Text:
    """Why there is no preview, above the fields that hold what was entered."""
    return lines(layout("⚠️ {what}", what=what), msg("What you entered is still here."))


def no_answer(seconds: int) -> Text:
    """The sentence where EnOS does not answer in time."""
    return msg("EnOS did not answer within {n} s. Nothing was started. Try again in a minute.", n=seconds)


def preview(of: Preview, words: str, changed: Sequence[Text], state: Mapping[str, str], now: datetime) -> View:
    """The last view before the press that starts it; ``changed`` is what became of the flow since it was chosen."""
    body: list[Block] = []
    if changed:
        changes = lines(*(layout("• {change}", change=each) for each in changed))
        body.append(blocks.section(lines(msg("⚠️ *The flow changed while the form was open.*"), changes)))
    body += [
        blocks.section(previews.question(of)),
        *previews.paragraphs(of, now),
        forms.says(words),
        blocks.actions(fields.button(BACK, msg("Change"))),
    ]
    return View(NAME, msg("Check, then trigger"), body, submit=previews.TRIGGER, state=state)
