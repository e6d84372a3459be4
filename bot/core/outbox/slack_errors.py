"""What Slack's error codes mean for a post, and one code of our own.

Sources: the error lists of chat.postMessage, chat.update, chat.postEphemeral, files.completeUploadExternal,
conversations.history and conversations.replies (docs.slack.dev, 2026). A code that is in no row is a bug
of ours: it would not help to send the same again.
"""

from enum import Enum

from bot.core.text.escape import EMPTY
from bot.core.text.message import Text, msg, sentences
from bot.core.values import dataclass


class Verdict(Enum):
    """What to do after a refusal."""

    WAIT = "nothing happened: try again later"
    UNCLEAR = "it may have happened: look"
    ELSEWHERE = "this place takes nothing from us: use another and tell"
    OUTSIDE = "the thread takes no replies: say it in the channel"
    STOP = "Slack takes nothing from us at all, once another place says so too: wait for an operator, alarm"
    BARRED = "Slack takes no such call from us, once another place says so too: wait for an operator, alarm"
    GONE = "the message is gone or cannot be changed any more"
    PLAIN = "the content was refused: send its words alone"
    BUG = "our bug: send its words alone, log"


@dataclass(frozen=True, slots=True)
class Meaning:
    """An error code with its verdict and, where a person reads it, what happened and what to do next.

    Both are sentences without "I" and "flowbot": flowbot admins read them, and operators on a terminal. ``told_all`` is
    for a channel, where most people can't change flowbot's settings.
    """

    error: str
    verdict: Verdict
    sentence: Text = EMPTY
    way_out: Text = EMPTY

    @property
    def told(self) -> Text:
        """All of it; empty where no person reads it."""
        return sentences(self.sentence, self.way_out)

    @property
    def told_all(self) -> Text:
        """All of it, with whom to ask where the way out is a setting."""
        return sentences(self.sentence, _FOR_ALL.get(self.error, self.way_out))


SHARED_CHANNEL = "shared_channel"  # ours, not Slack's: found before any call

_INVITE = msg("Run `/invite @flowbot` there.")
_UNARCHIVE = msg("Unarchive it, or set another channel.")
_OTHER = msg("Set another channel.")
_RIGHTS = msg("In the channel's settings, allow the app to post.")
_LINK = msg("Check the link with `people`.")
_INSTALL = msg("Reinstall the app and set its new token.")
_SCOPES = msg("Add what is missing on the app's page under OAuth & Permissions, then reinstall the app.")
_ADMIN = msg("Ask a workspace admin to allow the app.")
_ASK = msg("Ask a workspace admin.")
_WAIT = msg("Wait for the move to end.")

_NO_CHANNEL = msg("The channel does not exist.")
_ARCHIVED = msg("The channel is archived.")
_NOT_ALLOWED = msg("The channel's settings don't let the app post.")
_NO_PERSON = msg("Slack has no such person.")
_MOVING = msg("The workspace is being moved into an organization.")

_TOLD: dict[Verdict, dict[str, tuple[Text, Text]]] = {
    Verdict.ELSEWHERE: {
        "channel_not_found": (msg("The channel does not exist, or it is private and the app is not in it."), _INVITE),
        "not_in_channel": (msg("The app is not in the channel."), _INVITE),
        "is_archived": (_ARCHIVED, _UNARCHIVE),
        "channel_is_archived": (_ARCHIVED, _UNARCHIVE),
        SHARED_CHANNEL: (
            msg("The channel is shared with another organization, and its people would read the alerts."),
            msg("Set another channel in FLOWBOT_CHANNEL, stop sharing this one, or add it to FLOWBOT_SHARED_CHANNELS."),
        ),
        "restricted_action": (_NOT_ALLOWED, _RIGHTS),
        "restricted_action_read_only_channel": (msg("The channel is read-only."), _RIGHTS),
        "restricted_action_thread_only_channel": (msg("The channel accepts only replies."), _RIGHTS),
        "restricted_action_non_threadable_channel": (msg("The channel accepts no replies."), _RIGHTS),
        "posting_to_channel_denied": (_NOT_ALLOWED, _RIGHTS),
        "channel_is_limited_access": (msg("Only some people have access to the channel."), _RIGHTS),
        "invalid_channel": (_NO_CHANNEL, _OTHER),
        "method_not_supported_for_channel_type": (msg("Apps can't post in this type of channel."), _OTHER),
        "messages_tab_disabled": (
            msg("Direct messages to the app are off."),
            msg("Turn on the Messages tab under App Home on the app's page."),
        ),
        "user_not_found": (_NO_PERSON, _LINK),
        "users_not_found": (_NO_PERSON, _LINK),
        "user_not_in_channel": (msg("That person is not in the channel."), msg("Invite them there.")),
        "user_disabled": (msg("That person has left the workspace."), _LINK),
        "cannot_dm_bot": (msg("That person is an app."), _LINK),
        "user_not_visible": (msg("The app is not allowed to see that person."), _ADMIN),
    },
    Verdict.STOP: {
        "invalid_auth": (msg("The token is not valid."), _INSTALL),
        "not_authed": (msg("No token was sent."), _INSTALL),
        "account_inactive": (msg("The token belongs to a removed app or a closed workspace."), _INSTALL),
        "token_revoked": (msg("The token was revoked."), _INSTALL),
        "token_expired": (msg("The token has expired."), _INSTALL),
        "org_login_required": (_MOVING, _WAIT),
        "two_factor_setup_required": (msg("The token's account needs two-factor authentication."), _ADMIN),
        "team_added_to_org": (_MOVING, _WAIT),
        "ekm_access_denied": (msg("The organization has suspended the app's access."), _ADMIN),
        "accesslimited": (msg("The app's access is limited."), _ADMIN),
        "access_denied": (msg("The app's access was denied."), _ADMIN),
        "team_access_not_granted": (msg("The app is not installed in this workspace."), _INSTALL),
        "app_access_restricted": (msg("The organization restricts the app."), _ADMIN),
    },
    Verdict.BARRED: {
        "missing_scope": (msg("The token lacks a scope."), _SCOPES),
        "not_allowed_token_type": (msg("The token is of the wrong type."), _INSTALL),
        "no_permission": (msg("The token lacks a permission."), _SCOPES),
        "message_limit_exceeded": (msg("The workspace has reached the message limit of its plan."), _ASK),
        "storage_limit_reached": (msg("The workspace has no space left for files."), _ASK),
        "file_uploads_except_images_disabled": (msg("The workspace accepts no files but images."), _ASK),
        "file_uploads_disabled": (msg("The workspace accepts no files."), _ASK),
    },
}
_ASK_FOR_OTHER = msg("Ask a flowbot admin to set another channel.")
_UNARCHIVE_OR_ASK = msg("Unarchive it, or ask a flowbot admin to set another channel.")
_FOR_ALL: dict[str, Text] = {
    SHARED_CHANNEL: msg("Ask a flowbot admin to set another channel, or to allow alerts in this one."),
    "is_archived": _UNARCHIVE_OR_ASK,
    "channel_is_archived": _UNARCHIVE_OR_ASK,
    "invalid_channel": _ASK_FOR_OTHER,
    "method_not_supported_for_channel_type": _ASK_FOR_OTHER,
}
# Of a direct message. ``account_inactive`` is about a token, too: then every channel is refused with it.
_OF_PERSON = frozenset(
    {
        "user_disabled",
        "account_inactive",
        "user_not_found",
        "users_not_found",
        "user_not_visible",
        "cannot_dm_bot",
        "messages_tab_disabled",
    }
)
_SILENT: dict[Verdict, tuple[str, ...]] = {
    Verdict.WAIT: ("ratelimited", "rate_limited", "external_channel_migrating"),
    Verdict.UNCLEAR: (
        "internal_error",
        "fatal_error",
        "service_unavailable",
        "request_timeout",
        "update_failed",
        "file_update_failed",
    ),
    Verdict.OUTSIDE: ("thread_not_found", "cannot_reply_to_message", "restricted_action_thread_locked"),
    Verdict.GONE: (
        "message_not_found",
        "cant_update_message",
        "edit_window_closed",
        "is_inactive",
        "cant_delete_message",
        "streaming_state_conflict",
    ),
    Verdict.PLAIN: (
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_attachments",
        "block_mismatch",
        "msg_blocks_too_long",
        "msg_too_long",
        "too_many_attachments",
        "only_one_table_allowed",
        "attachment_payload_limit_exceeded",
        "file_type_not_allowed",
    ),
    Verdict.BUG: (
        "no_text",
        "invalid_arguments",
        "invalid_arg_name",
        "invalid_array_arg",
        "invalid_charset",
        "invalid_form_data",
        "invalid_post_type",
        "missing_post_type",
        "invalid_json",
        "json_not_object",
        "missing_argument",
        "team_not_found",
        "metadata_too_large",
        "invalid_metadata_format",
        "invalid_metadata_schema",
        "metadata_must_be_sent_from_app",
        "markdown_text_conflict",
        "method_deprecated",
        "deprecated_endpoint",
    ),
}

TABLE: dict[str, Meaning] = {
    **{error: Meaning(error, verdict, *words) for verdict, rows in _TOLD.items() for error, words in rows.items()},
    **{error: Meaning(error, verdict) for verdict, errors in _SILENT.items() for error in errors},
}


def meaning(error: str) -> Meaning:
    """What an error code means; one that is not known is a bug of ours."""
    return TABLE.get(error) or Meaning(error, Verdict.BUG)


def is_of_person(error: str) -> bool:
    """Whether a direct message cannot reach this person: they have left, or accept none from flowbot."""
    return error in _OF_PERSON


def is_not_there(error: str) -> bool:
    """Whether the place does not accept an ephemeral answer, whatever its content: a direct message does.

    chat.postEphemeral says ``no_permission`` where flowbot is not a member.
    """
    return error == "no_permission" or verdict(error) in {Verdict.ELSEWHERE, Verdict.OUTSIDE}


def verdict(error: str) -> Verdict:
    """What to do after a refusal."""
    return meaning(error).verdict
