"""Views (forms and the home) before a language is chosen, and what people do with them.

A form says a command: what is submitted becomes the words of one, and these go the way of all commands. Nothing in a
form decides who may do it, and nothing that a view carries is trusted: it holds ids only.

    asked for ──► loading view ──► filled view ──► submitted ──► Act       the words of a command; the form closes
                                    ▲      │                     Errors    sentences at its fields
                                    └─changed                    Show      another view in its place
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any

from bot.core.outbox.blocks import Block, Body
from bot.core.people.model import IncomingMessage, Origin, Person
from bot.core.text.message import Text
from bot.core.values import dataclass

Option = tuple[Text, str]  # a choice of a field: its label, and its value (150 characters at most)


@dataclass(frozen=True, slots=True)
class View:
    """A modal, or somebody's home. ``state`` holds ids for whoever reads what is submitted."""

    name: str  # of the form, see ``names.py``
    title: Text  # 24 characters; a home shows none
    blocks: Sequence[Block]  # of ``core/outbox/blocks.py`` and ``fields.py``; at most 100
    submit: Text | None = None  # the button's label, 24 characters; needed where there are fields
    close: Text | None = None
    state: Mapping[str, str] = field(default_factory=dict)
    origin: Origin | None = None  # where the form was asked for; ``work/forms/forms.py`` fills it in
    is_home: bool = False
    notify_on_close: bool = False  # whether ``FormClosed`` comes


@dataclass(frozen=True, slots=True)
class OpenView:
    """A view that is open. Without a hash, an update replaces whatever is shown."""

    id: str
    hash: str = ""


# ── what people do ──


@dataclass(frozen=True, slots=True)
class FormAsked:
    """Somebody asked for a form, and Slack gave three seconds to open it."""

    key: str  # identifies the delivery
    name: str  # of the form
    words: str  # what was said of the command so far, its verb included; or a reference to stored words
    trigger: str  # what a view is opened with, once
    by: Person
    origin: Origin
    at: datetime
    post: str = ""  # for buttons: their post


@dataclass(frozen=True, slots=True)
class FormEvent:
    """Something that a person did in a form. ``values`` are what its fields hold, by their names."""

    view: OpenView
    name: str
    by: Person
    at: datetime
    origin: Origin  # where the form was asked for
    state: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)  # several choices are on lines of their own
    fields: Mapping[str, str] = field(default_factory=dict)  # the block id of each field that can show an error
    trigger: str = ""  # to push a view on this one

    @property
    def key(self) -> str:
        """Identifies the submission: what is shown has another hash after each change."""
        return f"form:{self.view.id}:{self.view.hash}"


@dataclass(frozen=True, slots=True)
class FormSubmitted(FormEvent):
    """The form was submitted."""


@dataclass(frozen=True, slots=True)
class FormClosed(FormEvent):
    """The form was closed without submitting; only of views with ``notify_on_close``."""


@dataclass(frozen=True, slots=True)
class FormChanged(FormEvent):
    """A field was changed that reports it, or a button of the form was pressed."""

    field: str = ""  # its name
    chosen: str = ""  # its value now


@dataclass(frozen=True, slots=True)
class OptionsAsked(FormEvent):
    """The choices of a field are wanted that fit what was typed."""

    field: str = ""
    typed: str = ""


@dataclass(frozen=True, slots=True)
class HomeOpened:
    """Somebody looks at the app's home; ``view`` is what they see, None before the first."""

    by: Person
    at: datetime
    view: OpenView | None = None


# ── what a submission leads to ──


@dataclass(frozen=True, slots=True)
class Act:
    """The words of a command are said, and the form closes."""

    words: str


@dataclass(frozen=True, slots=True)
class Errors:
    """The form stays open, with sentences at its fields, by their names."""

    at: Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class Show:
    """Another view takes the place of this one. ``then`` makes the one that follows it, as slowly as it must.

    It is given the context of whoever submitted (``work/commands/context.py``).
    """

    view: View
    then: Callable[[Any], Awaitable[View | None]] | None = None


Submission = Act | Errors | Show


@dataclass(frozen=True, slots=True)
class Reply:
    """A ``Submission`` as Slack is answered: in a language, and by block ids."""

    message: IncomingMessage | None = None  # what was said; the form closes
    errors: Mapping[str, str] = field(default_factory=dict)
    view: Body | None = None
    then: Callable[[], Awaitable[None]] | None = None  # what is done about the view once it is shown
