"""Messages about imported links: to each person about theirs, to an admin about all."""

from collections.abc import Sequence

from bot.core.people.model import Link
from bot.core.text.escape import code, mention
from bot.core.text.message import Text, layout, lines, msg, plural

NAMED = 30  # people in one message; more are counted


def imported(link: Link) -> Text:
    """To a person, about their link that an import added or changed."""
    return msg(
        "An import linked you to the EnOS user {name} ({user}). If that is wrong, tell a flowbot admin.",
        name=code(link.user_name),
        user=code(link.user_id),
    )


def imported_many(added: Sequence[Link], changed: Sequence[Link]) -> Text:
    """To an admin, about an import: how many links, and whose."""
    every = [*added, *changed]
    more = len(every) - NAMED
    return lines(
        msg("*Links were imported.* Added: {added}. Changed: {changed}.", added=len(added), changed=len(changed)),
        *map(_named, every[:NAMED]),
        plural("… and {n} more", "… and {n} more", more) if more > 0 else None,
        msg("`people` lists all links. If one is wrong, run `unlink @person`."),
    )


def _named(link: Link) -> Text:
    return layout(
        "{person} → {name} ({user})",
        person=mention(link.person.user),
        name=code(link.user_name),
        user=code(link.user_id),
    )
