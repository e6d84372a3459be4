"""The program's other commands: they ask the running bot, or take the database's lock where none runs."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp

from bot.core.errors import Refused, TemporaryFailure
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people import csv_file
from bot.core.people.model import Link, Person
from bot.messages.cards import answers, links
from bot.ops import control_socket, workspace_keys
from bot.ops.new_ids import new_id
from bot.settings.table import Settings
from bot.slack import preflight
from bot.slack.calls import TIMEOUT, web_client
from bot.slack.directory import Identity
from bot.store.store import Store
from bot.work.delivery.reachability import reachable


async def import_people(settings: Settings, text: str) -> str:
    """Add or change links, all or nothing; return what was done."""
    try:
        with _opened(settings) as store:
            me = await _bot_identity(settings, text, await workspace_keys.NotedWorkspace.of(store))
            return await import_links(store, settings.admins, {"text": text}, me)
    except _BotIsRunning:
        return await control_socket.ask(settings.database, "import", {"text": text})


async def list_people(settings: Settings) -> str:
    """Return all links as a file that import reads."""
    try:
        with _opened(settings) as store:
            return await links_csv(store)
    except _BotIsRunning:
        return await control_socket.ask(settings.database, "list", {})


async def backup(settings: Settings, file: str) -> str:
    """Copy the database; return what was done. Raises Refused where there is none to copy."""
    if not _is_there(settings.database):  # opening would make one, and its empty copy would replace a good backup
        raise Refused(
            "no_database",
            f"There is no database at {settings.database}. Nothing was copied.",
            "Check FLOWBOT_DATABASE, and the folder that flowbot is started in.",
        )
    try:
        with _opened(settings) as store:
            return await back_up(store, {"file": file})
    except _BotIsRunning:
        return await control_socket.ask(settings.database, "backup", {"file": file})


def _is_there(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110  false also where it may not be looked at


async def import_links(
    store: Store, admins: tuple[str, ...], what: Mapping[str, Any], me: Identity | None = None
) -> str:
    """Import a file's links; queue one message to each person about their own, and one to each admin about all.

    A person is known by the enterprise where there is one, whichever of the workspace's names the file says, those
    of former times included. ``me`` is the bot; None where Slack was not asked.
    """
    noted = await workspace_keys.migrate(store, me, datetime.now(UTC))
    own = {noted.team, *noted.former} - {""}
    new = tuple(
        replace(link, person=Person(noted.home, link.person.user)) if link.person.team in own else link
        for link in csv_file.read(str(what["text"]), noted.home)
    )
    before = {link.person: link for link in await store.links()}
    changed = [link for link in new if not _same(before.get(link.person), link)]
    added = [link for link in changed if link.person not in before]
    others = [link for link in changed if link.person in before]
    notices = _notices(added, others, admins)
    now = datetime.now(UTC)
    reached = reachable(notices, await store.notes(), now)
    await store.put_links(changed, posts=[_notice(user, notices[user], now) for user in reached])
    kept = len(new) - len(changed)
    return f"{len(added)} added, {len(others)} changed, {kept} as they were. A link is proven when it is first used.\n"


async def links_csv(store: Store) -> str:
    """Return all links as a file that import reads."""
    return csv_file.write(await store.links())


async def back_up(store: Store, what: Mapping[str, Any]) -> str:
    """Copy the database and say where to."""
    path = Path(str(what["file"]))
    await store.backup(path)
    shown = os.fsencode(path).decode(errors="replace")  # a name need not be text
    return f"The database was copied to {shown}.\n"


async def _bot_identity(settings: Settings, text: str, noted: workspace_keys.NotedWorkspace) -> Identity | None:
    """Ask Slack who the bot is, where the file leaves teams out or names one that was never this workspace's.

    Raises Refused for a bad token where the file leaves them out; else the file is taken at its word.
    """
    named = csv_file.names_teams(text)
    unknown = csv_file.teams(text) - {noted.team, noted.home, *noted.former}
    if named and not (noted.team and unknown):
        return None
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        client = web_client(settings.slack_api_url, session, os.environ, settings.slack_bot_token)
        try:
            return await preflight.identify(client)
        except TemporaryFailure:
            return None  # the file's own problem says what to write
        except Refused:
            if not named:
                raise
            return None


class _BotIsRunning(Exception):  # noqa: N818  named for what is known
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
                raise _BotIsRunning from refused
            raise
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.close()


def _same(old: Link | None, new: Link) -> bool:
    return old is not None and (old.user_id, old.user_name) == (new.user_id, new.user_name)


def _notices(added: Sequence[Link], changed: Sequence[Link], admins: Sequence[str]) -> Mapping[str, str]:
    """Return the one text for each person: of their own links, and for an admin of all."""
    texts: dict[str, list[str]] = {}
    for link in (*added, *changed):
        texts.setdefault(link.person.user, []).append(links.imported(link))
    for admin in admins if added or changed else ():
        texts.setdefault(admin, []).append(links.imported_many(added, changed))
    return {user: "\n".join(parts) for user, parts in sorted(texts.items())}


def _notice(user: str, text: str, now: datetime) -> NewPost:
    return NewPost(
        id=PostId(new_id()),
        kind=PostKind.MESSAGE,
        lane=Lane.HOUSEKEEPING,
        channel=user,
        body=answers.told("", text),
        due=now,
    )
