"""What a form is: how it is filled, what follows from a change, and which command a submission says."""

from collections.abc import Awaitable, Callable, Sequence

from bot.core.forms.model import FormAsked, FormChanged, FormSubmitted, Option, OptionsAsked, Submission, View
from bot.core.text.message import Text
from bot.core.values import dataclass
from bot.work.commands.context import CommandContext, Services


async def _nothing_follows(_services: Services, _context: CommandContext, _changed: FormChanged) -> View | None:
    return None


async def _no_options(_services: Services, _asked: OptionsAsked) -> Sequence[Option]:
    return ()


@dataclass(frozen=True, slots=True)
class Form:
    """One form. What its functions return needs no name and no origin: those are filled in.

    ``open`` and ``refresh`` may take as long as they must, and raise ``Refusal``: the person reads it in the form.
    ``submit`` and ``options`` are waited for: they may ask the database, and never EnOS or Slack.
    """

    name: str
    title: Text  # 24 characters in each language
    open: Callable[[Services, CommandContext, FormAsked], Awaitable[View]]
    submit: Callable[[Services, FormSubmitted], Awaitable[Submission]]
    refresh: Callable[[Services, CommandContext, FormChanged], Awaitable[View | None]] = _nothing_follows
    options: Callable[[Services, OptionsAsked], Awaitable[Sequence[Option]]] = _no_options
