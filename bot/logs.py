"""Logs: text on a terminal, JSON in a pipe; one place where secrets become stars."""

import logging
import sys
from collections.abc import Callable, Collection, Mapping, MutableMapping
from typing import Any

import structlog

_QUIET = ("httpx", "httpcore", "slack_bolt", "slack_sdk", "aiohttp.access")


def configure(level: str, form: str, *, secrets: Collection[str], mask: Callable[[str], str]) -> None:
    """Send every library's records through one form and one redaction. ``form`` is auto, text or json."""
    hidden = sorted((secret for secret in secrets if len(secret) >= 6), key=len, reverse=True)

    def redact(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
        return {key: _clean(value, hidden, mask) for key, value in event.items()}

    json = form == "json" or (form == "auto" and not sys.stderr.isatty())
    shared: list[Any] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    last = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            redact,
            last,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.setLevel(level.upper())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        # At INFO and below these write whole addresses and bodies, response_url among them.
        logging.getLogger(name).setLevel(logging.WARNING)
    # Warns at each tick while a job takes longer than its interval: while EnOS hangs, for hours.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _clean(value: Any, hidden: Collection[str], mask: Callable[[str], str]) -> Any:
    if not isinstance(value, str):
        return value
    for secret in hidden:
        value = value.replace(secret, "•••")
    return mask(value)
