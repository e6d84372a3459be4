"""The program's other commands: they ask the running bot, or take the database's lock where none runs.

A database on PostgreSQL has no lock: people are imported and listed directly, also while replicas run.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.core.errors import Refusal, TemporaryFailure
from bot.core.people import csv_file
from bot.core.postgres_address import PostgresAddress
from bot.core.text.message import verbatim
from bot.ops import control_socket, people_file, workspace_keys
from bot.settings.table import Settings
from bot.slack import preflight
from bot.slack.calls import TIMEOUT, web_client
from bot.slack.directory import Identity
from bot.store.store import Store


async def import_people(settings: Settings, text: str) -> str:
    """Add or change links, all or nothing: a sentence that says what was done."""
    try:
        with _opened(settings) as store:
            me = await _bot_identity(settings, text, await workspace_keys.NotedWorkspace.of(store))
            return await people_file.import_links(store, settings.admins, {"text": text}, me)
    except _BotIsRunning:
        return await control_socket.ask(settings.database, "import", {"text": text})


async def list_people(settings: Settings) -> str:
    """All links, as a file that import reads."""
    try:
        with _opened(settings) as store:
            return await people_file.links_csv(store)
    except _BotIsRunning:
        return await control_socket.ask(settings.database, "list", {})


async def backup(settings: Settings, file: str) -> str:
    """Copy the database: a sentence that says so. Raises Refusal where there is none to copy."""
    if isinstance(settings.database, PostgresAddress):
        raise Refusal(
            "no_file",
            verbatim("flowbot backup copies an SQLite file. This database is on PostgreSQL. Nothing was copied."),
            verbatim("Use pg_dump, or `flowbot database copy` for a copy in an SQLite file."),
        )
    if not _is_there(settings.database):  # opening would make one, and its empty copy would replace a good backup
        raise Refusal(
            "no_database",
            verbatim(f"There is no database at {settings.database}. Nothing was copied."),
            verbatim("Check FLOWBOT_DATABASE, and the folder in which you start flowbot."),
        )
    try:
        with _opened(settings) as store:
            return await back_up(store, {"file": file})
    except _BotIsRunning:
        return await control_socket.ask(settings.database, "backup", {"file": file})


async def drill(settings: Settings) -> Mapping[str, Any]:
    """What a drill along the routes of the alert channel did, by way of the running bot (``ops/drill.py``).

    Raises Refusal where none runs.
    """
    if _may_run(settings):
        said = await control_socket.ask(settings.database, "drill", {}, answered=control_socket.say_which)
        done: Mapping[str, Any] = json.loads(said)
        return done
    raise Refusal(
        "not_running",
        verbatim("flowbot is not running. Nothing was posted."),
        verbatim("Start it with `flowbot run`, then try again."),
    )


def _may_run(settings: Settings) -> bool:
    """Whether a running flowbot holds the database; of replicas that share one, those here are asked."""
    if isinstance(settings.database, PostgresAddress):
        return True
    if not _is_there(settings.database):
        return False
    try:
        with _opened(settings):
            return False
    except _BotIsRunning:
        return True


def _is_there(path: Path) -> bool:
    return os.path.exists(path)  # noqa: PTH110  false also where it may not be looked at


async def back_up(store: Store, what: Mapping[str, Any]) -> str:
    """Copy the database to ``file``, also while the bot runs: a sentence that says where to."""
    path = Path(str(what["file"]))
    await store.backup(path)
    shown = os.fsencode(path).decode(errors="replace")  # a name need not be text
    return f"The database was copied to {shown}.\n"


async def _bot_identity(settings: Settings, text: str, noted: workspace_keys.NotedWorkspace) -> Identity | None:
    """Who the bot is, asked only where the file leaves teams out or names one that was never this workspace's.

    Raises Refusal for a bad token where the file leaves teams out; where it names them all, the file is believed.
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
        except Refusal:
            if not named:
                raise
            return None


class _BotIsRunning(Exception):  # noqa: N818  named for what is known
    """Another process holds the database."""


@contextmanager
def _opened(settings: Settings) -> Iterator[Store]:
    """The database; raises _BotIsRunning where another process holds it."""
    try:
        store = Store.open(settings.database, language=settings.language)
    except Refusal as refused:
        if refused.reason == "locked":
            raise _BotIsRunning from refused
        raise
    try:
        yield store
    finally:
        store.close()
