"""Settings: what the environment says, checked all at once.

A ``.env`` file is read too; the environment wins over it. ``NAME_FILE`` names a file that holds the value. Every
problem is one line; no line shows a secret. The README's table is computed from ``SETTINGS``.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.core.errors import Refusal
from bot.core.postgres_address import PostgresAddress
from bot.core.text.language import EN, LANGUAGES
from bot.core.text.mask import MASK_DEFAULT
from bot.core.text.message import layout
from bot.core.values import dataclass
from bot.settings import network as settings_network
from bot.settings.database import read_database
from bot.settings.readers import (
    Address,
    Problem,
    Secret,
    read_address,
    read_api_url,
    read_channel,
    read_choice,
    read_command,
    read_ids,
    read_mask,
    read_number,
    read_offset,
    read_prefixed,
    read_routing_key,
    read_secret_url,
    read_statuses,
    read_text,
    read_url,
    read_webhook_secret,
    read_whole,
    read_zone,
)

_UNSIGNED = "flowbot sends no unsigned events: anybody could forge them. Set it, or unset FLOWBOT_WEBHOOK_URL."


class BadSettings(Refusal):
    """All problems of the settings, a line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("bad_settings", layout("{problems}", problems="\n".join(problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Settings:
    """One field for each setting, in its own type."""

    slack_bot_token: Secret
    slack_app_token: Secret
    slack_signing_secret: Secret
    slack_api_url: str
    enos_api_url: str
    enos_access_key: Secret
    enos_secret_key: Secret
    enos_org_id: str
    enos_user_id: str
    enos_console_url: str
    channel: str
    shared_channels: tuple[str, ...]
    admins: tuple[str, ...]
    oncall: tuple[str, ...]
    database: Path | PostgresAddress
    mode: str
    listen: Address
    events_listen: Address
    public_url: str
    command: str
    timezone: ZoneInfo
    language: str
    poll_seconds: float
    lookback_hours: float
    sweep_minutes: float
    heartbeat_url: Secret
    webhook_url: Secret
    webhook_secret: Secret
    pagerduty_key: Secret
    pagerduty_url: str
    alert_statuses: tuple[int, ...]
    group_by: str
    remind_minutes: float
    storm: int
    late: str
    page_base: str
    enos_timezone: str
    mask: tuple[re.Pattern[str], ...]
    log_level: str
    log_format: str
    warnings: tuple[str, ...] = field(default=())
    network: Mapping[str, str] = field(default_factory=dict, repr=False)  # what the libraries read; see README

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be logged."""
        own = tuple(getattr(self, row.field) for row in SETTINGS if row.secret)
        database = self.database.secrets if isinstance(self.database, PostgresAddress) else ()
        return own + database + settings_network.secrets(self.network)


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table."""

    name: str
    field: str
    read: Callable[[str], Any]
    default: str | None  # None: required
    meaning: str
    secret: bool = False
    mode: str = ""  # required in this mode only


SETTINGS: tuple[Setting, ...] = (
    Setting("SLACK_BOT_TOKEN", "slack_bot_token", read_prefixed("xoxb-", "a bot token"), None, "The bot token, from *OAuth & Permissions*.", secret=True),
    Setting("SLACK_APP_TOKEN", "slack_app_token", read_prefixed("xapp-", "an app-level token"), None, "The app-level token with `connections:write`, from *Basic Information*. Required in Socket Mode.", secret=True, mode="socket"),
    Setting("SLACK_SIGNING_SECRET", "slack_signing_secret", Secret, None, "The signing secret, from *Basic Information*. Required in HTTP mode.", secret=True, mode="http"),
    Setting("SLACK_API_URL", "slack_api_url", read_api_url, "https://slack.com/api/", "Base address of Slack's Web API. It ends in `/api/`."),
    Setting("ENOS_API_URL", "enos_api_url", read_url, None, "The EnOS API gateway (console: *Help*, *Environment Information*)."),
    Setting("ENOS_ACCESS_KEY", "enos_access_key", Secret, None, "The access key (*AccessKey*) of the EnOS application.", secret=True),
    Setting("ENOS_SECRET_KEY", "enos_secret_key", Secret, None, "The secret key (*SecretKey*) of the EnOS application.", secret=True),
    Setting("ENOS_ORG_ID", "enos_org_id", read_text, None, "ID of the EnOS organization (console: *IAM*, *Organization Profile*)."),
    Setting("ENOS_USER_ID", "enos_user_id", read_text, None, "ID of the EnOS user that flowbot reads as. flowbot sees what this user sees."),
    Setting("ENOS_CONSOLE_URL", "enos_console_url", read_url, "", "Address of the EnOS console, for links to it."),
    Setting("FLOWBOT_CHANNEL", "channel", read_channel, None, "ID of the alert channel. Invite flowbot there."),
    Setting("FLOWBOT_SHARED_CHANNELS", "shared_channels", read_ids(r"[CG][A-Z0-9]+", "channel IDs such as C0123456789"), "", "IDs of channels, shared with another organization, in which flowbot may post alerts."),
    Setting("FLOWBOT_ADMINS", "admins", read_ids(r"[UW][A-Z0-9]+", "Slack user IDs such as U0123456789"), "", "Slack user IDs of the flowbot admins. They link people and read the audit."),
    Setting("FLOWBOT_ONCALL", "oncall", read_ids(r"S[A-Z0-9]+", "Slack user group IDs such as S0123456789"), "", "IDs of the on-call groups (Slack user groups), in order of escalation. Their members may acknowledge."),
    Setting("FLOWBOT_DATABASE", "database", read_database, "flowbot.db", "The database. A path is an SQLite file, for one running flowbot. `postgresql://USER:PASSWORD@HOST/NAME` is a PostgreSQL database, which several replicas can share."),
    Setting("FLOWBOT_MODE", "mode", read_choice("socket", "http"), "socket", "`socket` needs no inbound port. `http` receives Slack's requests at `FLOWBOT_EVENTS_LISTEN`."),
    Setting("FLOWBOT_LISTEN", "listen", read_address, "127.0.0.1:8080", "The address that serves `/healthz`, `/readyz` and `/metrics`."),
    Setting("FLOWBOT_EVENTS_LISTEN", "events_listen", read_address, "127.0.0.1:3000", "HTTP mode: the address that flowbot listens on for Slack's requests, at `/slack/events`."),
    Setting("FLOWBOT_PUBLIC_URL", "public_url", read_url, "", "HTTP mode: the public address that Slack calls, for the manifest."),
    Setting("FLOWBOT_COMMAND", "command", read_command, "/flow", "The slash command."),
    Setting("FLOWBOT_TIMEZONE", "timezone", read_zone, "UTC", "Time zone for people whose Slack time zone is not known."),
    Setting("FLOWBOT_LANGUAGE", "language", read_choice(*LANGUAGES), EN, "Language of channels, and of people whose Slack language is not known: `en`, or `zh` for Simplified Chinese."),
    Setting("FLOWBOT_POLL_SECONDS", "poll_seconds", read_number(0.2, 3600), "30", "Seconds between two polls of EnOS."),
    Setting("FLOWBOT_LOOKBACK_HOURS", "lookback_hours", read_number(0.1, 2160), "72", "How far back flowbot looks for failures, in hours, by trigger time."),
    Setting("FLOWBOT_SWEEP_MINUTES", "sweep_minutes", read_number(0.05, 1440), "10", "Minutes between two full polls of these hours. Polls in between read only what changed."),
    Setting("FLOWBOT_HEARTBEAT_URL", "heartbeat_url", lambda text: Secret(read_url(text)), "", "Address that gets a GET request after each complete poll while flowbot is healthy. An outside monitor can then alert you when flowbot stops.", secret=True),
    Setting("FLOWBOT_WEBHOOK_URL", "webhook_url", read_secret_url, "", "Address that gets each step of an incident as a signed CloudEvent (see `docs/bridges.md`).", secret=True),
    Setting("FLOWBOT_WEBHOOK_SECRET", "webhook_secret", read_webhook_secret, "", "The key that signs these events: `whsec_` and base64 of 24 to 64 bytes. Required with `FLOWBOT_WEBHOOK_URL`.", secret=True),
    Setting("FLOWBOT_PAGERDUTY_KEY", "pagerduty_key", read_routing_key, "", "Integration key of PagerDuty's Events API v2. Escalation then ends with a page there.", secret=True),
    Setting("FLOWBOT_PAGERDUTY_URL", "pagerduty_url", read_url, "https://events.pagerduty.com/v2/enqueue", "Address of PagerDuty's Events API v2."),
    Setting("FLOWBOT_ALERT_STATUSES", "alert_statuses", read_statuses, "FAIL,TIMEOUT", "Run statuses that raise an alert, as names or numbers."),
    Setting("FLOWBOT_GROUP_BY", "group_by", read_choice("flow", "instance"), "flow", "One thread for each failed `flow`, or for each failed run (`instance`)."),
    Setting("FLOWBOT_REMIND_MINUTES", "remind_minutes", read_number(0.1, 10080), "30", "Minutes until the first reminder about an unacknowledged incident, and between two steps of its escalation."),
    Setting("FLOWBOT_STORM", "storm", read_whole(0, 1000), "10", "An alert storm: more incidents than this within ten minutes become one message. With `0`, each incident always gets its own thread."),
    Setting("FLOWBOT_LATE", "late", read_choice("auto", "expected", "off"), "auto", "Runs that are missing, late or far longer than ever become incidents. `auto`: by what flowbot learned, and by `expect`. `expected`: only what `expect` names. `off`: none."),
    Setting("FLOWBOT_PAGE_BASE", "page_base", read_choice("auto", "0", "1"), "auto", "Number of EnOS's first page. With `auto`, flowbot finds out."),
    Setting("FLOWBOT_ENOS_TIMEZONE", "enos_timezone", read_offset, "auto", "Time zone of the times EnOS prints, for example `GMT+8`. With `auto`, flowbot asks EnOS and compares."),
    Setting("FLOWBOT_MASK", "mask", read_mask, "", "Regular expressions, separated by commas. flowbot masks what they match in logs and parameters (the group, or the whole match). If empty, flowbot masks common shapes of secrets. Write a comma inside an expression as `\\x2c` (not in `{1,9}`). flowbot refuses an expression that could run for minutes on some texts."),
    Setting("FLOWBOT_LOG_LEVEL", "log_level", read_choice("debug", "info", "warning", "error"), "info", "The lowest level of log lines that flowbot writes."),
    Setting("FLOWBOT_LOG_FORMAT", "log_format", read_choice("auto", "text", "json"), "auto", "`auto`: text on a terminal, JSON in a pipe."),
)  # fmt: skip


def load(environ: Mapping[str, str], *, env_file: Path | None = None) -> Settings:
    """The settings. Raises ``BadSettings`` with every problem at once."""
    environment = _with_env_file(environ, env_file)
    problems: list[str] = []
    values: dict[str, Any] = {}
    mode = environment.get("FLOWBOT_MODE", "").lower() or "socket"
    for row in SETTINGS:
        try:
            values[row.field] = _value(row, environment, mode)
        except Problem as problem:
            problems.append(problem.about(row.name))
    if values.get("webhook_url") and values.get("webhook_secret") == "":
        problems.append(f"FLOWBOT_WEBHOOK_SECRET is missing. {_UNSIGNED}")
    network = settings_network.named(environment)
    problems += settings_network.problems(network)
    if problems:  # a misspelled name may be why another one is missing
        raise BadSettings([*problems, *_unknown(environment)])
    if not values["mask"]:
        values["mask"] = tuple(re.compile(pattern) for pattern in MASK_DEFAULT)
    return Settings(
        **values, warnings=(*_unknown(environment), *settings_network.warnings(network, environment)), network=network
    )


def _with_env_file(environ: Mapping[str, str], env_file: Path | None) -> dict[str, str]:
    if env_file is None or not env_file.is_file():
        return dict(environ)
    from dotenv import dotenv_values

    return {name: value or "" for name, value in dotenv_values(env_file).items()} | dict(environ)


def _value(row: Setting, environment: Mapping[str, str], mode: str) -> Any:
    text = environment.get(row.name, "").strip()
    file = environment.get(f"{row.name}_FILE", "").strip()
    if text and file:
        raise Problem("{setting} and {setting}_FILE are both set. Keep one of them.")
    if file:
        try:
            text = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not a text file"
            raise Problem("{setting}_FILE names a file that cannot be read ({reason}).", reason=reason) from None
    if not text:
        if row.default is None and (not row.mode or row.mode == mode):
            raise Problem("{setting} is missing. {meaning}", meaning=row.meaning)
        text = row.default or ""
        if not text:
            return _empty(row)
    return row.read(text)


def _empty(row: Setting) -> Any:
    kind = next(f.type for f in fields(Settings) if f.name == row.field)
    return Secret("") if row.secret else () if str(kind).startswith("tuple") else ""


def _unknown(environment: Mapping[str, str]) -> list[str]:
    known = {row.name for row in SETTINGS} | {f"{row.name}_FILE" for row in SETTINGS}
    lines = []
    for name in sorted(environment):
        if name.startswith("FLOWBOT_") and name not in known:
            near = difflib.get_close_matches(name, known, 1, cutoff=0.75)
            did_you_mean = f" Did you mean {near[0]}?" if near else ""
            lines.append(f"{name} is not a setting of flowbot.{did_you_mean}")
    return lines


def markdown_table() -> str:
    """The README's table of settings."""
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    for row in SETTINGS:
        default = "required" if row.default is None and not row.mode else f"`{row.default}`" if row.default else ""
        lines.append(f"| `{row.name}` | {default} | {row.meaning} |")
    return "\n".join(lines)
