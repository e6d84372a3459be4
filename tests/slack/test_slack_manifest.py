"""The manifest: valid by Slack's own schema, and with the fewest scopes that do."""

import json
from pathlib import Path

import jsonschema
import pytest

from bot.core.errors import Refusal
from bot.slack.manifest import EVENTS, SCOPES, manifest, missing_scopes

SCHEMA = json.loads((Path(__file__).parent / "data" / "manifest.schema.2.0.0.json").read_text())
USED = {  # Web API methods that the gateway calls, and the bot scope each needs in a channel, private or direct
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "chat.delete": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "conversations.open": {"im:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history"},
    "conversations.replies": {"channels:history", "groups:history", "im:history"},
    "conversations.info": {"channels:read", "groups:read"},
    "conversations.members": {"channels:read", "groups:read"},
    "users.info": {"users:read"},
    "users.getPresence": {"users:read"},
    "usergroups.users.list": {"usergroups:read"},
    "usergroups.list": {"usergroups:read"},
    "files.getUploadURLExternal": {"files:write"},
    "files.completeUploadExternal": {"files:write"},
    "files.info": {"files:read"},
    "slash command": {"commands"},
    # views need no scope
    "views.open": set(),
    "views.push": set(),
    "views.update": set(),
    "views.publish": set(),
}


def made(mode="socket", url=""):
    return manifest("/flow", "trigger 3377 | failed today", mode, url)


@pytest.mark.parametrize(("mode", "url"), [("socket", ""), ("http", "https://flowbot.example.com/")])
def test_slacks_schema_accepts_it(mode, url):
    jsonschema.validate(made(mode, url), SCHEMA)


def test_every_scope_is_used_and_every_use_has_its_scope():
    needed = set().union(*USED.values(), EVENTS.values())
    assert {scope for scope, _ in SCOPES} == needed
    assert made()["oauth_config"]["scopes"]["bot"] == [scope for scope, _ in SCOPES]
    assert all(reason for _, reason in SCOPES)


def test_the_gateway_calls_no_other_method():
    source = "".join(path.read_text() for path in (Path(__file__).parents[2] / "bot" / "slack").glob("*.py"))
    methods = {
        word
        for word in source.replace("``", '"').split('"')
        if word.count(".") in (1, 2)
        and word.split(".")[0]
        in ("chat", "conversations", "users", "usergroups", "files", "reactions", "views", "pins", "bookmarks")
    }
    assert methods - {"chat.getPermalink", "files.upload"} == set(USED) - {"slash command"}


def test_in_socket_mode_nothing_is_called_from_outside():
    text = json.dumps(made())
    assert "url" not in text
    assert made()["settings"]["socket_mode_enabled"] is True


def test_in_http_mode_all_three_addresses_are_the_one_path():
    read = made("http", "https://flowbot.example.com/")
    address = "https://flowbot.example.com/slack/events"
    assert read["features"]["slash_commands"][0]["url"] == address
    assert read["settings"]["event_subscriptions"]["request_url"] == address
    assert read["settings"]["interactivity"]["request_url"] == address
    assert read["settings"]["socket_mode_enabled"] is False


def test_http_mode_without_an_address_is_refused():
    with pytest.raises(Refusal, match="FLOWBOT_PUBLIC_URL"):
        made("http")


def test_people_arrive_as_ids_and_can_write_to_the_bot():
    read = made()
    assert read["features"]["slash_commands"] == [
        {
            "command": "/flow",
            "description": "Run EnOS batch flows, and see what failed",
            "usage_hint": "trigger 3377 | failed today",
            "should_escape": True,
        }
    ]
    assert read["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }
    assert read["features"]["bot_user"]["display_name"] == "flowbot"
    assert read["settings"]["event_subscriptions"]["bot_events"] == list(EVENTS)


def test_what_was_not_granted_is_named():
    granted = [scope for scope, _ in SCOPES]
    assert missing_scopes(granted) == ()
    assert missing_scopes(granted[1:]) == SCOPES[:1]
