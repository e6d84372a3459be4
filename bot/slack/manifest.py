"""The app's manifest for Slack, with the fewest scopes that do, each with its reason.

Format: github.com/slackapi/manifest-schema, version 2 (July 2026). The app-level token of Socket Mode is not
part of a manifest; it is made by hand after the installation.
"""

from collections.abc import Collection
from typing import Any

from bot.core.errors import Refusal
from bot.core.text.message import msg

SCOPES: tuple[tuple[str, str], ...] = (
    ("commands", "the slash command"),
    ("chat:write", "posts, edits, answers only visible to one person"),
    ("app_mentions:read", "mentions of flowbot, also inside threads"),
    ("im:history", "direct messages to flowbot, and looking up its own after a lost answer"),
    ("im:write", "direct messages from flowbot"),
    ("channels:history", "looking up flowbot's message after a lost answer, so that none appears twice"),
    ("groups:history", "the same in private channels"),
    ("channels:read", "whether a channel is archived or shared, and who is in it"),
    ("groups:read", "the same for private channels"),
    ("users:read", "a person's time zone and language, and whether they are deactivated, a guest or from elsewhere"),
    ("usergroups:read", "who is on call"),
    ("files:write", "long logs and pictures as files"),
    ("files:read", "whether a file was shown after a lost answer"),
)
EVENTS: dict[str, str] = {  # with the scope that each needs
    "app_mention": "app_mentions:read",
    "message.im": "im:history",
    "app_home_opened": "chat:write",
}
EVENT_REASONS: dict[str, str] = {
    "app_mention": "commands in channels and threads",
    "message.im": "commands in direct messages",
    "app_home_opened": "drawing the home tab for whoever opens it",
}
SHORTCUTS: tuple[tuple[str, str, str, str, str], ...] = (  # callback id, type, name, description, reason
    ("trigger", "global", "Trigger a flow", "Choose a flow and start a run", "starting a run without a command"),
    (
        "ack",
        "message",
        "Acknowledge",
        "Acknowledge this incident",
        "acting in threads, where Slack takes no slash commands",
    ),
    ("rerun", "message", "Rerun", "Rerun the failed run of this incident", "the same for its run"),
)
EVENTS_PATH = "/slack/events"


def manifest(command: str, usage_hint: str, mode: str, public_url: str = "") -> dict[str, Any]:
    """The manifest for ``mode`` ``socket`` or ``http``; the latter needs the address Slack calls.

    Raises ``Refusal`` where that address is missing.
    """
    by_http = mode == "http"
    if by_http and not public_url:
        raise Refusal(
            "no_public_url",
            msg("In HTTP mode, the manifest needs the address that Slack calls."),
            msg("Set FLOWBOT_PUBLIC_URL, for example https://flowbot.example.com."),
        )
    address = {"request_url": public_url.rstrip("/") + EVENTS_PATH} if by_http else {}
    slash = {
        "command": command,
        "description": "Run EnOS batch flows, and see what failed",
        "usage_hint": usage_hint,
        "should_escape": True,  # people and channels arrive as ids, not as names
    }
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "flowbot",
            "description": "Runs EnOS batch flows and tells the right people when one breaks.",
            "background_color": "#1f2937",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "shortcuts": [
                {"callback_id": id_, "type": kind, "name": name, "description": description}
                for id_, kind, name, description, _ in SHORTCUTS
            ],
            "bot_user": {"display_name": "flowbot", "always_online": True},
            "slash_commands": [slash | ({"url": address["request_url"]} if by_http else {})],
        },
        "oauth_config": {"scopes": {"bot": [scope for scope, _ in SCOPES]}},
        "settings": {
            "event_subscriptions": address | {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True} | address,
            "org_deploy_enabled": False,
            "socket_mode_enabled": not by_http,
            "token_rotation_enabled": False,
        },
    }


def missing_scopes(granted: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The scopes that were not granted, each with what will not work."""
    return tuple((scope, reason) for scope, reason in SCOPES if scope not in granted)
