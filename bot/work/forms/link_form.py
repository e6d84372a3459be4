"""The form with which somebody asks to be linked to an EnOS user. It says ``link me USERID NAME``."""

from bot.core.command.lacking import said
from bot.core.command.parse import parse, say
from bot.core.command.requests import ME, LinkPerson
from bot.core.flow.model import UserId, UserName
from bot.core.forms.model import Act, FormAsked, FormSubmitted, Submission, View
from bot.messages.cards import link_form as cards
from bot.work.commands.context import CommandContext, Services
from bot.work.forms.form import Form


async def _open(services: Services, context: CommandContext, asked: FormAsked) -> View:
    known = said(asked.words)
    person = known.values.get("person", "") if known is not None else ""
    if known is None or person not in {"", ME} or (not person and context.caller.admin):
        parse(asked.words)  # says what is missing: an admin links others by a command
    admins = sorted(services.answer_settings.admins - {context.incoming.by.user})
    return cards.view(known.part("user_id") if known is not None else "", admins)


async def _submit(_services: Services, submitted: FormSubmitted) -> Submission:
    values = {name: text.strip() for name, text in submitted.values.items()}
    if errors := cards.errors(values):
        return errors
    return Act(say(LinkPerson(ME, UserId(values[cards.USER_ID]), UserName(values[cards.USER_NAME]))))


FORM = Form("link", cards.TITLE, _open, _submit)
