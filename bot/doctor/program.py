"""``flowbot doctor``: checks everything that flowbot needs, while the bot runs or while it does not.

    settings ─► database, running bot ─► Slack │ EnOS ─► connections, button ─► bridges, watches ─► people

The only change is one message in the alert channel, which is deleted at once; with ``--press`` there is one more,
which stays and says whether somebody pressed.
"""

import asyncio
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from bot import __version__
from bot.core.checks import check, on_bot, on_enos, on_replicas, on_slack
from bot.core.checks.check import Check, failed, ok, warning
from bot.core.checks.on_bot import BotReport
from bot.core.checks.on_lateness import LateFacts, lateness
from bot.core.checks.on_watches import WatchFact, facts
from bot.core.errors import Refusal
from bot.core.outbox.conversations import Channel
from bot.core.people.model import Link
from bot.core.pictures.model import Node, NoPicture, TaskGraph
from bot.core.postgres_address import PostgresAddress
from bot.core.text.mask import Mask
from bot.core.text.message import plain
from bot.core.values import dataclass
from bot.doctor.address import address
from bot.doctor.bridges import bridges
from bot.doctor.enos import EnosExam
from bot.doctor.probe_client import ProbeClient
from bot.doctor.running_bot import late_facts
from bot.doctor.safe_check import safe_check
from bot.doctor.slack import SlackExam
from bot.doctor.watches import watches
from bot.ops import control_socket, logs
from bot.render.process import Pictures
from bot.settings.table import Settings
from bot.store.lock import holder, unwritable
from bot.store.store import Store

DRAW_SECONDS = 20.0  # the doctor asks whether it can be done, not how fast
ANSWER_SECONDS = 15.0  # for the running bot to report


def run(settings: Settings, *, as_json: bool, press: float) -> int:
    """Examine and print: the exit code. ``press``: seconds to wait for a press of a button; 0 for none."""
    logs.configure("error", settings.log_format, secrets=settings.secrets, mask=Mask(settings.mask))
    found = asyncio.run(examine(settings, press=press))
    sys.stdout.write(f"{json.dumps(check.report(found), indent=2)}\n" if as_json else check.lines(found))
    return check.exit_code(found)


async def examine(settings: Settings, *, press: float = 0.0) -> list[Check]:
    """The checks, causes before their effects."""
    found = [warning("settings", each, "Correct or remove it.") for each in settings.warnings]
    found = found or [ok("settings", "The settings are complete.")]
    state = await _bot(settings, found)
    slack, enos = SlackExam(settings), EnosExam(settings)
    try:
        of_slack, of_enos = await asyncio.gather(slack.examine(), enos.examine())
        found += of_slack
        await safe_check("slack socket", found, _connections(settings, state, slack, found, press), 60 + 2 * press)
        found += of_enos
        await safe_check("bridges", found, bridges(settings, found))
        found.append(lateness(settings.late, state.late))
        await watches(state.watches, slack, enos, settings.command, found)
        await safe_check("links", found, _people(settings, state, slack, enos, found))
    finally:
        await slack.close()
        await enos.close()
    return found


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of the bot itself."""

    runs: bool = False
    bot_report: BotReport | None = None  # of the running bot
    links: Sequence[Link] | None = None  # None: not known
    watches: Sequence[WatchFact] = ()
    late: LateFacts | None = None


async def _bot(settings: Settings, found: list[Check]) -> _State:
    """Check the database, and ask the bot that holds it."""
    if isinstance(settings.database, PostgresAddress):
        state = await safe_check("database", found, _on_a_server(settings, settings.database, found))
    else:
        state = await safe_check("database", found, _in_a_file(settings, settings.database.absolute(), found))
    await safe_check("pictures", found, _pictures(found))
    return state or _State()


async def _pictures(found: list[Check]) -> None:
    """Draw one, with both languages in it."""
    drawn = await Pictures(patience=DRAW_SECONDS).draw(TaskGraph("3377", "", (Node("1", "load 加载"),), ()))
    found.append(on_bot.pictures(drawn if isinstance(drawn, NoPicture) else None))


async def _in_a_file(settings: Settings, path: Path, found: list[Check]) -> _State:
    """Check a database that one bot holds, and the disk under it."""
    if path.parent.exists():
        full = on_bot.disk(str(path), shutil.disk_usage(path.parent).free)
        found += [full] if full else []
    if _is_to_be_made(path):
        _try_to_write(path)
        found.append(ok("database", f"There is no database at {path} yet. The first start creates it."))
        return _State()
    try:
        store = Store.open(path)
    except Refusal as refused:
        if refused.reason != "locked":
            raise
        who = str(holder(path))
        found.append(ok("database", f"{path} is in use by {who}."))
        return await _running(settings, who, found)
    state = await _read(store)
    found.append(ok("database", f"{path} can be read and written."))
    found.append(ok("bot", "flowbot is not running."))
    return state


async def _on_a_server(settings: Settings, database: PostgresAddress, found: list[Check]) -> _State:
    """Check a database that replicas share: ask one of those on this machine, or look into it where there is none."""
    from bot.store.postgres.examination import examine

    server = await safe_check("postgresql", found, asyncio.to_thread(examine, database.url))
    found += on_replicas.checks(server) if server else []
    who: list[str] = []
    try:
        told = await _asked(settings, lambda process, replicas: who.append(on_bot.replica(process, replicas)))
    except Refusal as refused:
        if refused.reason != "no_answer":
            return _unanswered(refused, found)
        state = await _read(Store.open(database))
        found.append(ok("database", f"{database} can be read and written."))
        _unanswered(refused, found)
        return replace(state, runs=True)  # elsewhere, perhaps: its connections to Slack are not fought for
    found.append(ok("database", f"{database} is in use by {who[0]}."))
    return _reported(told, who[0], found)


async def _read(store: Store) -> _State:
    """What the database says, where no bot does; closes it."""
    async with store:
        await store.probe()
        links, routing = await store.links(), facts(await store.watches())
        return _State(links=links, watches=routing, late=await late_facts(store))


def _is_to_be_made(path: Path) -> bool:
    return path.parent.is_dir() and not path.exists()


def _try_to_write(database: Path) -> None:
    """Raise Refusal where a new database could not be created."""
    try:
        with tempfile.TemporaryFile(dir=database.parent):
            return
    except OSError as error:
        raise unwritable(database, error) from error


async def _running(settings: Settings, who: str, found: list[Check]) -> _State:
    """Ask the bot that holds the database."""
    try:
        return _reported(await _asked(settings), who, found)
    except Refusal as refused:
        return _unanswered(refused, found)


async def _asked(settings: Settings, answered: Callable[[int, int], None] = lambda _process, _all: None) -> BotReport:
    """A running bot's report."""
    said = await control_socket.ask(settings.database, "doctor", {}, seconds=ANSWER_SECONDS, answered=answered)
    return on_bot.read(json.loads(said))


def _unanswered(refused: Refusal, found: list[Check]) -> _State:
    found.append(
        warning("bot", plain(refused.sentence), plain(refused.way_out) or "Restart flowbot with this version.")
    )
    return _State(runs=True)


def _reported(bot_report: BotReport, who: str, found: list[Check]) -> _State:
    found += on_bot.running(bot_report, who, __version__)
    return _State(
        runs=True,
        bot_report=bot_report,
        links=bot_report.links,
        watches=bot_report.watches,
        late=bot_report.late,
    )


async def _connections(settings: Settings, state: _State, slack: SlackExam, found: list[Check], press: float) -> None:
    """Check whether Slack's requests arrive: at the running bot, or here in its place."""
    me, channel = slack.findings.me, slack.findings.channel
    if me is None:
        return
    if press and channel is not None:
        sys.stderr.write(f"Press the button in {on_slack.named(channel)} within {press:g} seconds.\n")
    if state.bot_report is not None:
        found.append(on_slack.sockets(state.bot_report.connected, state.bot_report.wanted))
        found += [await address(settings)] if settings.mode == "http" else []
        if press:
            found.append(await _pressed(settings, press, channel) if channel else on_bot.not_pressed())
    elif not state.runs and (slack.findings.connects or settings.mode == "http"):
        await ProbeClient(settings, me).examine(found, channel, press)
    elif press:
        found.append(on_bot.not_pressed())


async def _pressed(settings: Settings, press: float, channel: Channel) -> Check:
    """Have the running bot ask for a press."""
    try:
        told = json.loads(await control_socket.ask(settings.database, "press", {"seconds": press}, seconds=press + 60))
    except Refusal as refused:
        return failed("slack button", str(refused))
    seconds = float(told["seconds"])
    return (
        on_bot.pressed(str(told["who"]), seconds) if told["who"] else on_bot.unpressed(on_slack.named(channel), seconds)
    )


async def _people(settings: Settings, state: _State, slack: SlackExam, enos: EnosExam, found: list[Check]) -> None:
    """Check who is linked, and who owns what."""
    if state.links is None:
        return
    found += on_enos.links(state.links, await enos.reasons_not_verified(state.links), settings.command)
    if state.links and slack.findings.me is not None:
        await safe_check("links in slack", found, slack.linked(state.links, found))
    if enos.unread:
        found.append(on_enos.unread(enos.unread))
    if not enos.owned:
        return
    users = slack.findings.on_call
    on_call = None if users is None else {link.user_name for link in state.links if link.person.user in users}
    linked = {link.user_name for link in state.links}
    found += on_enos.owners(enos.owned, linked, on_call, settings.command)
