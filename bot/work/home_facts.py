"""What somebody's home shows now: read from the database and from what is known of EnOS, never from EnOS itself."""

import logging
from collections.abc import Callable

from bot.core.errors import Failure, Refusal, internal_error
from bot.core.forms.model import View
from bot.core.home import (
    FLOWS,
    GROUPS,
    INCIDENTS,
    SNOOZES,
    WATCHES,
    FlowsRead,
    Home,
    own_flows,
    own_incidents,
    some,
)
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.people.model import IncomingMessage, Origin, Person, Surface
from bot.core.text.message import Text
from bot.messages import home as cards
from bot.work.commands.context import CommandContext, Services, link_to
from bot.work.commands.dispatcher import Dispatcher
from bot.work.commands.flow_list import FlowList, last_runs
from bot.work.commands.incidents import MOST_INCIDENTS
from bot.work.commands.refusing import SlackSilent

log = logging.getLogger(__name__)

Drawn = tuple[Home | Text, Callable[[], View], str]  # what is shown, what makes a view of it, and the language


async def of(services: Services, dispatcher: Dispatcher, person: Person, *, may_read: bool) -> Drawn:
    """Somebody's home, or the sentence that is shown instead. Never raises.

    ``may_read``: EnOS may be asked for their flows, behind the answer.
    """
    language = services.slack.known_language(person.user)
    sentence: Text
    try:
        said = IncomingMessage("", "", person, Origin(Surface.HOME, person.user), services.clock())
        context = await dispatcher.introduce(said)
        language = context.caller.profile.language
        home = await _home(services, context, may_read=may_read)
        settings = services.answer_settings
        return (
            home,
            lambda: cards.view(home, services.new_id(), command=settings.command, admins=sorted(settings.admins)),
            language,
        )
    except Failure as failure:
        sentence = failure.message
    except SLACK_FAILURES as error:
        log.warning("Slack did not answer what a home asked: %s", error)
        sentence = SlackSilent().message
    except Exception:
        reference = services.new_id()[:8]
        log.exception("A home hit a bug, reference %s", reference)
        sentence = internal_error(reference)
    return sentence, lambda: cards.told(sentence), language


async def _home(services: Services, context: CommandContext, *, may_read: bool) -> Home:
    store, person, link = services.store, context.incoming.by, context.caller.link
    lists = services.flow_lists
    known = FlowList() if link is None else (lists.flows if may_read else lists.known)(services, link)
    live = await store.incidents(live=True, limit=MOST_INCIDENTS)
    ids = [each.id for each in known.flows]
    runs = await last_runs(store, ids, context.now)
    incidents = some(own_incidents(live, person, link, frozenset(ids)), INCIDENTS)
    by_flow = {each.flow_id: each for each in reversed(live)}
    flows = own_flows(known.flows, runs, by_flow, services.answer_settings.alert_statuses)
    return Home(
        person=person,
        link=link,
        incidents=incidents,
        links={each.id: await link_to(services, await store.post(each.home.post)) for each in incidents.shown},
        flows=some(flows, FLOWS),
        read=_read(known),
        snoozes=some([each for each in await store.snoozes() if each.by == person], SNOOZES),
        watches=some(
            [each for each in await store.watches() if each.by == person or each.channel == person.user], WATCHES
        ),
        groups=some(await services.on_call.read(), GROUPS),
    )


def _read(known: FlowList) -> FlowsRead:
    """When the flows were read, and why not."""
    trouble = known.trouble.message if known.trouble is not None else None
    refused = isinstance(known.trouble, Refusal)
    return FlowsRead(None if refused else known.at, trouble)
