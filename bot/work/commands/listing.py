"""One page of a list, with buttons to the next and the previous page."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.command.parse import say
from bot.core.command.requests import Audit, Failed, Find, Incidents, Mine, People, Runs, Snoozes, Watches
from bot.core.errors import Offer
from bot.core.flow.model import FlowId
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card, Element
from bot.core.people.model import Surface
from bot.core.text.escape import code
from bot.core.text.message import Text, dots, lines, msg, plural, rendered
from bot.messages.cards import answers
from bot.work.commands.context import CommandContext

PAGE = 10  # rows
_PARAGRAPH = 2800  # characters in English: ten long rows need more than one paragraph
Listing = Failed | Runs | Incidents | People | Audit | Snoozes | Watches | Find | Mine


def listed(
    context: CommandContext,
    request: Listing,
    rows: Sequence[Text],
    title: Text,
    nothing: Text,
    *,
    filters: Text | None = None,
    notes: Sequence[Text] = (),
    accessories: Sequence[Element] = (),
) -> Card:
    """The page that was asked for, or the last one; ``nothing`` where there are no rows.

    ``title`` says how many rows there are, ``filters`` what they are restricted to. ``accessories`` are beside
    the rows of the page, one for each.
    """
    if not rows:
        extra = [] if filters is None else [blocks.context(filters)]
        return answers.told(context.words, nothing, post=context.post, extra=extra, notes=notes)
    if context.incoming.origin.surface is Surface.SHELL:  # it has them all, as ``Answer.rows``
        shown, page, offers = rows[:PAGE], None, list[Offer]()
    else:
        places = on_page(request, len(rows))
        shown = rows[places.start : places.stop]
        page, offers = pages(request, len(rows))
    if accessories:
        extra = [blocks.section(row, accessory=each) for row, each in zip(shown, accessories, strict=True)]
    else:
        extra = [blocks.section(paragraph) for paragraph in paragraphs(shown)]
    if about := [each for each in (filters, page) if each is not None]:
        extra.insert(0, blocks.context(lines(*about)))
    return answers.told(context.words, title, post=context.post, offers=offers, extra=extra, notes=notes)


def pages(request: Listing, count: int) -> tuple[Text | None, list[Offer]]:
    """Which page of a list of so many rows is shown, None where there is only one; and the buttons to the others."""
    last = max(1, -(-count // PAGE))
    page = min(request.page, last)
    offers: list[Offer] = []
    if page > 1:
        offers.append((msg("Previous"), say(replace(request, page=page - 1))))
    if page < last:
        offers.append((msg("Next"), say(replace(request, page=page + 1))))
    return (msg("Page {page} of {pages}", page=page, pages=last) if last > 1 else None), offers


def filter_line(flow: FlowId | None, owner: str, *more: Text | None) -> Text | None:
    """What a list is restricted to; None where it is not."""
    labels = dots(
        *more,
        msg("flow {flow}", flow=code(str(flow))) if flow is not None else None,
        msg("owner {owner}", owner=code(owner)) if owner else None,
    )
    return msg("Filter: {labels}", labels=labels) if any(labels.parts) else None


def left_out(unchecked: int) -> list[Text]:
    """A note that some records could not be checked; an empty list where all could be."""
    if not unchecked:
        return []
    return [
        plural(
            "{n} more is left out: I could not check with EnOS whether you may see it. Try again in a minute.",
            "{n} more are left out: I could not check with EnOS whether you may see them. Try again in a minute.",
            unchecked,
        )
    ]


def on_page(request: Listing, count: int) -> range:
    """The indexes, out of ``count`` rows, that are on the page that was asked for, or on the last one."""
    first = (min(request.page, max(1, -(-count // PAGE))) - 1) * PAGE
    return range(first, min(first + PAGE, count))


def paragraphs(rows: Sequence[Text]) -> list[Text]:
    """The rows in as few paragraphs as hold them; no row is split."""
    filled: list[list[Text]] = []
    length = 0
    for row in rows:
        own = len(rendered(row)) + 1
        if not filled or length + own > _PARAGRAPH:
            filled.append([])
            length = 0
        filled[-1].append(row)
        length += own
    return [lines(*paragraph) for paragraph in filled]
