"""One page of a list, with buttons to the next and the previous page."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core.command.parse import say
from bot.core.command.requests import Audit, Failed, Incidents, People, Runs
from bot.core.errors import Offer
from bot.core.outbox.card import Card
from bot.messages import blocks
from bot.messages.cards import answers
from bot.work.commands.context import CommandContext

PAGE = 10  # rows
_PARAGRAPH = 2900  # characters: ten long rows need more than one paragraph
Listing = Failed | Runs | Incidents | People | Audit


def listed(
    context: CommandContext,
    request: Listing,
    lines: Sequence[str],
    title: str,
    nothing: str,
    *,
    notes: Sequence[str] = (),
) -> Card:
    """The page that was asked for, or the last one; ``nothing`` where there are no lines."""
    if not lines:
        return answers.told(context.words, nothing, post=context.post, notes=notes)
    pages = -(-len(lines) // PAGE)
    page = min(request.page, pages)
    places = on_page(request, len(lines))
    shown = lines[places.start : places.stop]
    head = f"{title}: {len(lines)}" + (f", page {page} of {pages}" if pages > 1 else "")
    offers: list[Offer] = []
    if page > 1:
        offers.append(("← Previous", say(replace(request, page=page - 1))))
    if page < pages:
        offers.append(("Next →", say(replace(request, page=page + 1))))
    extra = [blocks.section(paragraph) for paragraph in paragraphs(shown)]
    return answers.told(context.words, head, post=context.post, offers=offers, extra=extra, notes=notes)


def left_out(unchecked: int) -> list[str]:
    """A note that some records could not be checked; an empty list where all could be."""
    if not unchecked:
        return []
    if unchecked == 1:
        return ["One more is left out: I could not check with EnOS whether you may see it. Try again in a minute."]
    why = "I could not check with EnOS whether you may see them"
    return [f"{unchecked:,} more are left out: {why}. Try again in a minute."]


def on_page(request: Listing, count: int) -> range:
    """The indexes, out of ``count`` rows, that are on the page that was asked for, or on the last one."""
    first = (min(request.page, max(1, -(-count // PAGE))) - 1) * PAGE
    return range(first, min(first + PAGE, count))


def paragraphs(lines: Sequence[str]) -> list[str]:
    """The lines in as few paragraphs as hold them; no line is split."""
    filled = [""]
    for line in lines:
        longer = f"{filled[-1]}\n{line}" if filled[-1] else line
        if len(longer) <= _PARAGRAPH or not filled[-1]:
            filled[-1] = longer
        else:
            filled.append(line)
    return filled
