"""Messages about imported links: to each person about theirs, to an admin about all."""

from collections.abc import Sequence

from bot.core.people.model import Link
from bot.core.text.escape import code, mention

NAMED = 30  # people in one message; more are counted


def imported(link: Link) -> str:
    """To a person, about their link that an import added or changed; as mrkdwn."""
    return (
        f"{mention(link.person.user)} was linked to EnOS user {code(link.user_name)} ({code(link.user_id)}) "
        "by an import. If that is wrong, tell an admin of the bot."
    )


def imported_many(added: Sequence[Link], changed: Sequence[Link]) -> str:
    """To an admin, about an import: how many links, and whose; as mrkdwn."""
    every = [*added, *changed]
    lines = [f"{mention(link.person.user)} → {code(link.user_name)} ({code(link.user_id)})" for link in every[:NAMED]]
    if len(every) > NAMED:
        lines.append(f"and {len(every) - NAMED} more")
    return "\n".join(
        [
            f"*Links were imported.* Added: {len(added)}. Changed: {len(changed)}.",
            *lines,
            f"{code('people')} lists all links. If one is wrong, run {code('unlink @person')}.",
        ]
    )
