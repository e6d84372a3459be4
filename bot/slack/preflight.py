"""Whether the tokens work, before anything depends on them: each problem in a sentence, with what to do."""

import logging
from collections.abc import Awaitable
from dataclasses import replace

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.core.errors import Refusal, TemporaryFailure
from bot.core.network.certificates import EXPIRED, way_out
from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable, SlackUntrusted
from bot.core.text.message import msg, sentences
from bot.slack.calls import storable, translated
from bot.slack.directory import Identity
from bot.slack.manifest import missing_scopes

log = logging.getLogger(__name__)

BOT_TOKEN, APP_TOKEN = "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"

TOKEN_HELP = {
    BOT_TOKEN: msg("Copy the Bot User OAuth Token (xoxb-…) from the app's page OAuth & Permissions."),
    APP_TOKEN: msg(
        "Make an app-level token (xapp-…) with the scope connections:write on the app's page Basic Information."
    ),
}
TOKEN_ERRORS = {
    "invalid_auth": msg("Slack does not know the token in {setting}."),
    "not_authed": msg("{setting} is empty."),
    "account_inactive": msg("The token in {setting} belongs to an app that was removed from the workspace."),
    "token_revoked": msg("The token in {setting} was revoked."),
    "token_expired": msg("The token in {setting} has expired."),
    "not_allowed_token_type": msg("The token in {setting} is of another kind."),
    "missing_scope": msg("The token in {setting} lacks a scope."),
    "org_login_required": msg("The workspace is being moved into an organization."),
    "ekm_access_denied": msg("An administrator has suspended access for apps."),
    "access_denied": msg("An administrator has not allowed this app."),
    "team_access_not_granted": msg("The app was not granted this workspace."),
    "two_factor_setup_required": msg("The workspace requires two-factor sign-in to be set up."),
}
_REFUSED = msg("Slack refuses the token in {setting} ({error}).")


class SlackDown(TemporaryFailure):
    """Slack could not be asked at start."""

    def __init__(self, why: str) -> None:
        super().__init__(msg("Slack can't be reached ({why}). Check the network and any proxy.", why=why))


class SlackBusy(SlackDown):
    """Slack asked to wait: nothing is wrong with it, or with what it was asked."""

    def __init__(self, seconds: float) -> None:
        message = msg("Slack asks flowbot to wait {n} s. Nothing is wrong. Try again after that.", n=f"{seconds:g}")
        TemporaryFailure.__init__(self, message)
        self.seconds = seconds


async def identify(client: AsyncWebClient) -> Identity:
    """Who the bot token belongs to. Raises ``Refusal`` for a bad token, ``SlackDown`` otherwise."""
    answer = await _asked(client.auth_test(), BOT_TOKEN)
    found = storable(answer.data) if isinstance(answer.data, dict) else {}
    if not found.get("bot_id"):
        raise Refusal(
            "not_a_bot",
            msg("The token in {setting} belongs to a person, not to a bot.", setting=BOT_TOKEN),
            TOKEN_HELP[BOT_TOKEN],
        )
    scopes = frozenset(
        scope.strip() for scope in str(answer.headers.get("x-oauth-scopes") or "").split(",") if scope.strip()
    )
    for scope, reason in missing_scopes(scopes) if scopes else ():
        log.warning("The bot token lacks the scope %s: %s", scope, reason)
    return Identity(
        team=str(found.get("team_id") or ""),
        user=str(found.get("user_id") or ""),
        bot=str(found["bot_id"]),
        url=str(found.get("url") or ""),
        enterprise=str(found.get("enterprise_id") or ""),
        name=str(found.get("user") or "flowbot"),
        scopes=scopes,
    )


async def may_connect(client: AsyncWebClient, app_token: str) -> None:
    """Ask for a socket's address once. Raises ``Refusal`` for a bad app token, ``SlackDown`` otherwise."""
    await _asked(client.apps_connections_open(app_token=app_token), APP_TOKEN)


async def _asked(call: Awaitable[AsyncSlackResponse], setting: str) -> AsyncSlackResponse:
    try:
        with translated():
            return await call
    except SlackRefused as refusal:
        known = replace(TOKEN_ERRORS.get(refusal.error, _REFUSED), values={"setting": setting, "error": refusal.error})
        detail = msg("Slack says: “{detail}”.", detail=refusal.detail) if refusal.detail else None
        raise Refusal(refusal.error, sentences(known, detail), TOKEN_HELP[setting]) from None
    except SlackLimited as limited:
        raise SlackBusy(limited.seconds) from None
    except SlackUntrusted as untrusted:
        if untrusted.code in EXPIRED:  # Slack must renew it, or this machine's clock is wrong
            raise SlackDown(str(untrusted)) from None
        raise Refusal(
            "untrusted",
            msg("Slack's certificate is not trusted: {detail}.", detail=untrusted.told),
            way_out("SLACK_API_URL"),
        ) from None
    except (SlackUnclear, SlackUnreachable) as problem:
        raise SlackDown(str(problem)) from None
