"""The program's other commands: they ask the running bot, or take the database's lock where none runs."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import control
from bot.core import people_file
from bot.core.cards import answers
from bot.core.errors import Refused
from bot.core.escape import code, mention
from bot.core.people import Link
from bot.core.posts import Kind, Lane, NewPost, PostId
from bot.ids import new_id
from bot.settings import Settings
from bot.store.store import Store


async def import_people(settings: Settings, text: str) -> str:
    """Add or change links, all or nothing; return what was done."""
    try:
        with _opened(settings) as store:
            return await imported(store, settings.admins, {"text": text, "team": ""})
    except _Running:
        return await control.ask(settings.database, "import", {"text": text})


async def list_people(settings: Settings) -> str:
    """Return all links as a file that import reads."""
    try:
        with _opened(settings) as store:
            return await listed(store)
    except _Running:
        return await control.ask(settings.database, "list", {})


async def backup(settings: Settings, file: str) -> str:
    """Copy the database; return what was done."""
    try:
        with _opened(settings) as store:
            return await backed_up(store, {"file": file})
    except _Running:
        return await control.ask(settings.database, "backup", {"file": file})


async def imported(store: Store, admins: tuple[str, ...], what: Mapping[str, Any]) -> str:
    """Import a file's links and queue what the people and the admins are told."""
    new = people_file.read(str(what["text"]), str(what["team"]))
    before = {link.person: link for link in await store.links()}
    changed = [link for link in new if not _same(before.get(link.person), link)]
    posts = [_notice(link, user) for link in changed for user in sorted({link.person.user, *admins})]
    await store.put_links(changed, posts=posts)
    added = sum(1 for link in changed if link.person not in before)
    kept = len(new) - len(changed)
    return (
        f"{added} added, {len(changed) - added} changed, {kept} as they were. A link is proven when it is first used.\n"
    )


async def listed(store: Store) -> str:
    """Return all links as a file that import reads."""
    return people_file.write(await store.links())


async def backed_up(store: Store, what: Mapping[str, Any]) -> str:
    """Copy the database and say where to."""
    path = Path(str(what["file"]))
    await store.backup(path)
    return f"The database was copied to {path}.\n"


class _Running(Exception):  # noqa: N818
    """Another process holds the database."""


def _opened(settings: Settings) -> "_Opened":
    return _Opened(settings.database)


class _Opened:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Store:
        try:
            self._store = Store.open(self._path)
        except Refused as refused:
            if refused.reason == "locked":
                raise _Running from refused
            raise
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()


def _same(old: Link | None, new: Link) -> bool:
    return old is not None and (old.user_id, old.user_name) == (new.user_id, new.user_name)


def _notice(link: Link, user: str) -> NewPost:
    text = (
        f"{mention(link.person.user)} was linked to EnOS user {code(link.user_name)} ({code(link.user_id)}) "
        "by an import. If that is wrong, tell an admin of the bot."
    )
    return NewPost(
        id=PostId(new_id()),
        kind=Kind.MESSAGE,
        lane=Lane.HOUSEKEEPING,
        channel=user,
        body=answers.told("", text),
        due=datetime.now(UTC),
    )
