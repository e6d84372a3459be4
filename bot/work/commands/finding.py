"""Finding flows, as EnOS shows them to the asker: by name, owner or task; and the asker's own flows."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from bot.core.command.requests import Find, Mine
from bot.core.errors import Offer
from bot.core.flow.ids import milliseconds
from bot.core.flow.known import KnownFlow, known_flow, search, with_task
from bot.core.flow.model import KINDS, FlowId, FlowName, Search
from bot.core.history import around
from bot.core.home import last_state, own_flows
from bot.core.incident.model import Incident
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Element
from bot.core.people.model import Person
from bot.core.shell import rows as data
from bot.core.text.likeness import likeness, nearest_names
from bot.core.text.message import Text, layout, msg, sentences
from bot.core.values import dataclass
from bot.messages.cards import answers, flows
from bot.messages.cards import flow_lists as cards
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.flow_list import last_runs
from bot.work.commands.incidents import MOST_INCIDENTS
from bot.work.commands.listing import left_out, listed, on_page
from bot.work.monitor.background import RUNS

PATIENCE = 5.0  # seconds in which EnOS may list the asker's flows for the first time
MOST_FOUND = 200  # flows by name
OWNER_LOOKBACK, AHEAD = timedelta(days=7), timedelta(days=1)
_OWNERS, _ROWS = 3, 200  # owners whose runs are searched, and rows of each that are read
_SHORTEST = 3  # letters that may be the beginning of an owner's name


@dataclass(frozen=True, slots=True)
class _Hit:
    """A flow that was found, and why where that is not its name."""

    flow: FlowId
    name: str
    why: Text | None = None


async def find(services: Services, context: CommandContext, request: Find) -> Answer:
    """List flows by a part of their name or ID, by an owner, or by a task that failed."""
    text, person = request.text, request.text.startswith("<@") and request.text.removeprefix("<@").removesuffix(">")
    if person:
        link = await services.store.link(Person(context.incoming.by.team, person))
        if link is None:
            return _nothing(context, msg("This person is not linked to an EnOS user."))
        text = link.user_name
    own = services.flow_lists.search(services, context.link, text, MOST_FOUND).flows
    hits = {each.id: _Hit(each.id, each.name) for each in own}
    if not person:
        for each in await _named(services, context, text):
            hits.setdefault(each.id, _Hit(each.id, each.name))
    for hit in await _owned(services, context, text, anybody=not hits):
        hits.setdefault(hit.flow, hit)
    by_task, unchecked = await _with_task(services, context, text)
    for hit in by_task:
        hits.setdefault(hit.flow, hit)
    if not hits and not unchecked:
        everything = await services.enos.all_flows(as_user=context.link.user_id)
        # EnOS compares names letter by letter: capitals and full-width letters are found here.
        again = await asyncio.to_thread(_searched, everything, text)
        if not again:
            return await _nearest(context, text, everything)
        hits = {each.id: _Hit(each.id, each.name) for each in again}
    found = list(hits.values())
    places = on_page(request, len(found))
    shown = found[places.start : places.stop]
    runs = await services.store.last_runs([each.flow for each in shown], context.now)
    live = await live_incidents(services)
    rows: list[Text] = [layout("")] * len(found)
    for place, hit in zip(places, shown, strict=True):
        state = last_state(runs.get(hit.flow), live.get(hit.flow))
        rows[place] = cards.row(hit.flow, hit.name, *state, (hit.why,))
    menus = [_menu(hit.flow, context, index, editable=True) for index, hit in enumerate(shown)]
    title, nothing = msg("Flows found: {n}", n=len(found)), msg("I found no flow that I could check.")
    notes = [cards.searched(OWNER_LOOKBACK.days), *left_out(unchecked)]
    card = listed(context, request, rows, title, nothing, notes=notes, accessories=menus)
    of_shell = [data.of_flow(hit.flow, hit.name, *last_state(runs.get(hit.flow), live.get(hit.flow))) for hit in found]
    return Answer(card, rows=of_shell)


async def mine(services: Services, context: CommandContext, request: Mine) -> Answer:
    """List the asker's flows with their last run and the next one, those that are broken first."""
    known = await services.flow_lists.read(services, context.link, PATIENCE)
    if known.trouble is not None and not known.flows:
        return Answer(answers.told(context.words, known.trouble.message, post=context.post))
    if known.age is None:
        text = msg("I'm still reading your flows from EnOS. Try again in a moment.")
        return Answer(answers.told(context.words, text, post=context.post, offers=[(msg("My flows"), "mine")]))
    live = await live_incidents(services)
    runs = await last_runs(services.store, [each.id for each in known.flows], context.now)
    ordered = own_flows(known.flows, runs, live, services.answer_settings.alert_statuses)
    places = on_page(request, len(ordered))
    shown = ordered[places.start : places.stop]
    past = await services.store.past_runs_of([each.flow.id for each in shown], RUNS)
    zone = services.platform_zone()
    rows: list[Text] = [layout("")] * len(ordered)
    for place, each in zip(places, shown, strict=True):
        again = around.next_run(past.get(each.flow.id, ()), zone, context.now)
        rows[place] = cards.own_row(each, cards.next_run(again))
    menus = [_menu(each.flow.id, context, index, editable=each.flow.editable) for index, each in enumerate(shown)]
    title, nothing = msg("Your flows: {n}", n=len(ordered)), msg("EnOS lists no flows for you.")
    notes = [cards.age(known.age, failed=known.trouble is not None, left_out=known.left_out)]
    card = listed(context, request, rows, title, nothing, notes=notes, accessories=menus)
    return Answer(card, rows=[data.of_flow(each.flow.id, each.flow.name, each.status, each.at) for each in ordered])


async def live_incidents(services: Services) -> Mapping[FlowId, Incident]:
    """The open incidents, by flow."""
    live = await services.store.incidents(live=True, limit=MOST_INCIDENTS)
    return {each.flow_id: each for each in reversed(live)}


def _menu(flow: FlowId, context: CommandContext, index: int, *, editable: bool) -> Element:
    offers = cards.offers(flow, editable=editable)
    if len(offers) == 1:
        return blocks.button(*offers[0], context.post, index=index)
    return blocks.menu(offers, context.post, index)


async def _named(services: Services, context: CommandContext, text: str) -> Sequence[KnownFlow]:
    """The flows whose name or ID holds all words of a text: EnOS is asked for the longest of them."""
    longest = max(text.split(), key=len, default=text)
    return _searched(await services.enos.all_flows(longest, as_user=context.link.user_id), text)


def _searched(listed: Iterable[FlowName], text: str) -> Sequence[KnownFlow]:
    return search((known_flow(each.id, each.name) for each in listed), text, MOST_FOUND)


async def _owned(services: Services, context: CommandContext, text: str, *, anybody: bool) -> Sequence[_Hit]:
    """The flows of owners whose user name, or a part of it, begins with a text, by their runs of the last days.

    ``anybody``: where nobody who is linked has such a name, the text itself is tried as one.
    """
    wanted = likeness(text)
    links = await services.store.links()
    names = [str(each.user_name) for each in links if _begins(each.user_name, wanted)][:_OWNERS]
    if not names and anybody and len(text.split()) == 1:
        names = [text]
    hits: dict[FlowId, _Hit] = {}
    since, until = milliseconds(context.now - OWNER_LOOKBACK), milliseconds(context.now + AHEAD)
    for name in names:
        for kind in KINDS:
            count = 0
            terms = Search(kind, since, until, owner=name)
            async for page in services.enos.search(terms, newest="trigger_time", as_user=context.link.user_id):
                for row in page.rows:
                    hits.setdefault(row.flow_id, _Hit(row.flow_id, row.flow_name, cards.of_owner(name)))
                count += len(page.rows)
                if count >= _ROWS:
                    break
    return list(hits.values())


def _begins(user_name: str, wanted: str) -> bool:
    looks = likeness(user_name)
    return looks == wanted or (
        len(wanted) >= _SHORTEST and any(part.startswith(wanted) for part in (looks, *looks.split(".")))
    )


async def _with_task(services: Services, context: CommandContext, text: str) -> tuple[Sequence[_Hit], int]:
    """The flows in which such a task failed, of those that EnOS shows the asker; and how many were not checked."""
    found = with_task(await services.store.failed_tasks(), text)
    listed = {each.id for each in services.flow_lists.known(services, context.link).flows}
    seen, unchecked = await services.flow_access.visible_flows(
        services.enos, context.link.user_id, list(found), context.now, listed=listed
    )
    hits = [_Hit(id_, each.flow.name, cards.of_task(each.name)) for id_, each in found.items() if id_ in seen]
    return hits, unchecked


async def _nearest(context: CommandContext, text: str, everything: Sequence[FlowName]) -> Answer:
    """The answer that nothing was found, with the nearest names."""
    names = await asyncio.to_thread(nearest_names, text, [each.name for each in everything])
    near = sorted((each for each in everything if each.name in names), key=lambda each: names.index(each.name))
    offers = [
        (layout("{name} ({id})", name=flows.short(each.name), id=str(each.id)), f"show {each.id}") for each in near[:5]
    ]
    what = msg("I found no flow for {text}.", text=flows.bold(text))
    if offers:
        return _nothing(context, sentences(what, msg("Did you mean one of these?")), offers)
    return _nothing(context, sentences(what, cards.searched(OWNER_LOOKBACK.days)))


def _nothing(context: CommandContext, what: Text, offers: Sequence[Offer] = ()) -> Answer:
    return Answer(answers.told(context.words, what, post=context.post, offers=offers))
