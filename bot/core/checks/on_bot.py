"""Checks of flowbot itself: its database, the process that holds it, and its test message. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, field
from typing import Any

from bot.core.checks.check import Check, failed, ok, warning
from bot.core.checks.on_lateness import LateFacts
from bot.core.checks.on_watches import WatchFact
from bot.core.flow.model import FlowId, UserId, UserName
from bot.core.people.model import Link, Person
from bot.core.pictures.model import NoPicture
from bot.core.values import dataclass

MIN_FREE_BYTES = 200_000_000  # bytes of disk that should be free
MAX_POST_AGE = 120.0  # seconds that a post may wait


@dataclass(frozen=True, slots=True)
class BotReport:
    """What a running bot reports about itself."""

    version: str
    why_not_ready: str = ""
    connected: int = 0
    wanted: int = 0
    oldest_seconds: float = 0.0  # how long the oldest post has been due
    links: tuple[Link, ...] = field(default=())
    watches: tuple[WatchFact, ...] = field(default=())
    late: LateFacts | None = None  # None: told by a version that does not


def written(bot_report: BotReport) -> Mapping[str, Any]:
    """The report as JSON."""
    links = [
        [each.person.team, each.person.user, each.user_id, each.user_name, each.verified] for each in bot_report.links
    ]
    watches = [[each.id, each.channel, each.flow, each.flow_name] for each in bot_report.watches]
    late = None if bot_report.late is None else asdict(bot_report.late)
    told = {name: getattr(bot_report, name) for name in BotReport.__slots__}
    return told | {"links": links, "watches": watches, "late": late}


def read(told: Mapping[str, Any]) -> BotReport:
    """The report that ``written`` wrote; fields that only another version has are left out."""
    known = {name: told[name] for name in BotReport.__slots__ if name in told}
    links = tuple(
        Link(Person(str(team), str(user)), UserId(str(id_)), UserName(str(name)), verified=bool(verified))
        for team, user, id_, name, verified in told.get("links", ())
    )
    watches = tuple(
        WatchFact(int(id_), str(channel), None if flow is None else FlowId(int(flow)), str(name))
        for id_, channel, flow, name in told.get("watches", ())
    )
    late = LateFacts(**told["late"]) if told.get("late") else None
    version = str(told.get("version", "unknown"))
    return BotReport(**(known | {"links": links, "watches": watches, "late": late, "version": version}))


def disk(path: str, free: int) -> Check | None:
    """A check where the disk under the database is nearly full."""
    if free >= MIN_FREE_BYTES:
        return None
    says = f"The disk of the database {path} has only {free // 1_000_000} MB free."
    return warning("disk", says, "Free some space there. flowbot posts only what it can store.")


def pictures(why: NoPicture | None) -> Check:
    """Whether pictures can be drawn, in Chinese too; without them, answers are in words."""
    match why:
        case None:
            return ok("pictures", "Task graphs and statistics can be drawn.")
        case NoPicture.NO_FONT:
            says = "No font for Chinese was found. Names in Chinese are shown in words only, without a picture."
            return warning("pictures", says, "Install a font, for example Debian's package fonts-wqy-microhei.")
        case NoPicture.NO_LIBRARY:
            says = "The library resvg-py cannot be loaded. Answers are in words only."
            return warning("pictures", says, "Install flowbot's requirements again.")
        case _:
            says = f"A picture could not be drawn: {why.value}. Answers are in words only."
            return warning("pictures", says, "Check that this machine has memory and time to spare.")


def replica(process: int, replicas: int) -> str:
    """Who answered, of so many replicas on this machine."""
    return f"process {process}" if replicas < 2 else f"process {process}, one of {replicas} replicas on this machine"


def running(bot_report: BotReport, holder: str, version: str) -> tuple[Check, ...]:
    """The checks about a running bot; ``version`` is this program's."""
    found = [ok("bot", f"flowbot is running: {holder}.")]
    if bot_report.why_not_ready:
        fix = "See the checks below and flowbot's log."
        found = [
            failed("bot", f"flowbot is running ({holder}), but it cannot do its work. {bot_report.why_not_ready}", fix)
        ]
    if bot_report.version != version:
        says = f"The running flowbot is version {bot_report.version}, but this program is version {version}."
        found.append(warning("bot version", says, "Restart flowbot with the version you want."))
    if bot_report.oldest_seconds > MAX_POST_AGE:
        says = f"A post has been waiting for Slack for {bot_report.oldest_seconds / 60:.0f} min."
        found.append(warning("outbox", says, "See the Slack checks below and flowbot's log."))
    return tuple(found)


def message(where: str, seconds: float) -> Check:
    """That the test message was posted, found, edited and deleted."""
    says = f"flowbot posted a test message in {where}, found it by its ID, edited it and deleted it ({seconds:.1f} s)."
    return ok("slack message", says)


def message_lost(where: str, fix: str) -> Check:
    """That the test message could not be found by its ID."""
    says = f"flowbot did not find its test message in {where} by its ID. It cannot prevent duplicate messages."
    return failed("slack message", says, fix)


def pressed(who: str, seconds: float) -> Check:
    """That a press of the button reached flowbot, and was answered."""
    return ok("slack button", f"{who} pressed the button after {seconds:.1f} s and got an answer.")


def not_pressed() -> Check:
    """That no button could be offered."""
    says = "No button was posted, because flowbot cannot post or cannot receive yet."
    return warning("slack button", says, "Fix what failed above, then run this again.")


def unpressed(where: str, seconds: float) -> Check:
    """That no press reached flowbot."""
    says = f"No press of the button in {where} reached flowbot within {seconds:g} s."
    fix = (
        "If somebody pressed it, turn on Interactivity for the app, and check its request URL in HTTP mode. "
        "If not, run this again and press the button."
    )
    return failed("slack button", says, fix)
