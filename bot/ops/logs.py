"""Logs: text on a terminal, JSON in a pipe; the one place that masks secrets."""

import json
import logging
import sys
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime

from bot.core.text.escape import clean as without_orders
from bot.core.text.escape import legible
from bot.ops.rare_log import RareLogFilter

_QUIET = ("httpx", "httpcore", "slack_bolt", "slack_sdk", "aiohttp.access")
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

# Bugs with one incident, flow or retry, which every tick of a few seconds meets again: the first, then one an hour.
_AT_EACH_TICK: Mapping[str, tuple[str, ...]] = {
    "bot.work.monitor.guarded": (),
    "bot.work.monitor.lateness": ("Whether flow",),
    "bot.work.runs.retrier": ("A retry hit a bug",),
}
_AN_HOUR = 3600.0

Clean = Callable[[str], str]


def configure(level: str, form: str, *, secrets: Collection[str], mask: Clean) -> None:
    """Send every library's records through one form and one redaction. ``form`` is auto, text or json."""
    hidden = sorted((secret for secret in secrets if len(secret) >= 6), key=len, reverse=True)

    def clean(text: str) -> str:
        text = without_orders(text)  # first: an invisible character would hide a secret
        for secret in hidden:
            text = text.replace(secret, "•••")
        return mask(legible(text))

    as_json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json(clean) if as_json else _Text(clean))
    handler.setLevel(level.upper())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        # At INFO and below these write whole addresses and bodies, response_url among them.
        logging.getLogger(name).setLevel(logging.WARNING)
    asyncio_log = logging.getLogger("asyncio")
    if not any(isinstance(each, RareLogFilter) for each in asyncio_log.filters):
        # Logged dozens of times a second, with a traceback, while no file descriptors are left (CPython 3.11).
        asyncio_log.addFilter(RareLogFilter("socket.accept() out of system resource"))
    for name, begins in _AT_EACH_TICK.items():
        log = logging.getLogger(name)
        if not any(isinstance(each, RareLogFilter) for each in log.filters):
            log.addFilter(RareLogFilter(*begins, seconds=_AN_HOUR))
    # Warns at each tick while a job takes longer than its interval: while EnOS hangs, for hours.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


class _Form(logging.Formatter):
    """What both forms hold: when, how bad, who, what, and the traceback where there is one."""

    def __init__(self, clean: Clean) -> None:
        super().__init__()
        self._clean = clean

    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        """The record as named values, without secrets."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        more = {name: value for name, value in vars(record).items() if name not in _USUAL}
        found = {
            "event": record.getMessage(),
            **more,
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": at,
        }
        if record.exc_info and record.exc_info[0] is not None:
            found["exception"] = self.formatException(record.exc_info)
        return {name: self._clean(value) if isinstance(value, str) else value for name, value in found.items()}


class _Json(_Form):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        return json.dumps(self.fields(record), ensure_ascii=False, default=lambda value: self._clean(str(value)))


class _Text(_Form):
    """One line for a person, and the traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """The lines."""
        found = self.fields(record)
        event = str(found.pop("event")).replace("\n", "\\n")  # text from outside must not begin a new line
        line = f"{found.pop('timestamp')} {found.pop('level'):<8} {event}  [{found.pop('logger')}]"
        trace = found.pop("exception", "")
        more = "".join(f" {name}={self._clean(str(value))}".replace("\n", "\\n") for name, value in found.items())
        return f"{line}{more}\n{trace}" if trace else line + more
