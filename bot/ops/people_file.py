"""Importing and listing the links of people as a file; in the running bot, or where none runs (``offline.py``)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people import csv_file
from bot.core.people.model import Link, Person
from bot.core.text.message import Text, lines, msg
from bot.messages.cards import answers, imported_links
from bot.ops import workspace_keys
from bot.ops.new_ids import new_id
from bot.slack.directory import Identity
from bot.store.store import Store
from bot.work.delivery.reachability import reachable


async def import_links(
    store: Store, admins: tuple[str, ...], what: Mapping[str, Any], me: Identity | None = None
) -> str:
    """Import a file's links; queue one message to each person about their own, and one to each admin about all.

    ``what`` holds the file's ``text``. The file may name the workspace by any of its keys, also by earlier ones: a
    person's key is the enterprise where there is one. ``me`` is the bot; None where Slack was not asked.
    """
    noted = await workspace_keys.migrate(store, me, datetime.now(UTC))
    own = {noted.team, *noted.former} - {""}
    new = tuple(
        replace(link, person=Person(noted.home, link.person.user)) if link.person.team in own else link
        for link in csv_file.read(str(what["text"]), noted.home)
    )
    before = {link.person: link for link in await store.links()}
    changed = [
        link
        for link in new
        if (old := before.get(link.person)) is None or (old.user_id, old.user_name) != (link.user_id, link.user_name)
    ]
    added = [link for link in changed if link.person not in before]
    others = [link for link in changed if link.person in before]
    notices = _notices(added, others, admins)
    now = datetime.now(UTC)
    reached = reachable(notices, await store.notes(), now)
    await store.put_links(changed, posts=[_notice(user, notices[user], now) for user in reached])
    kept = len(new) - len(changed)
    counts = f"Added: {len(added)}. Changed: {len(others)}. Unchanged: {kept}."
    return f"{counts} flowbot verifies each link when it is first used.\n"


async def links_csv(store: Store) -> str:
    """All links, as a file that import reads."""
    return csv_file.write(await store.links())


def _notices(added: Sequence[Link], changed: Sequence[Link], admins: Sequence[str]) -> Mapping[str, Text]:
    """The text for each person: about their own links, and for an admin about all."""
    texts: dict[str, list[Text]] = {}
    for link in (*added, *changed):
        texts.setdefault(link.person.user, []).append(imported_links.imported(link))
    for admin in admins if added or changed else ():
        texts.setdefault(admin, []).append(imported_links.imported_many(added, changed))
    return {user: lines(*parts) for user, parts in sorted(texts.items())}


def _notice(user: str, text: Text, now: datetime) -> NewPost:
    return NewPost(
        id=PostId(new_id()),
        kind=PostKind.MESSAGE,
        lane=Lane.HOUSEKEEPING,
        channel=user,
        body=answers.told("", text, headline=msg("Links imported from a file")),
        due=now,
    )
