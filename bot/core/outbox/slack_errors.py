"""What Slack's error codes mean for a post, and one code of our own.

Sources: the error lists of chat.postMessage, chat.update, chat.postEphemeral, files.completeUploadExternal,
conversations.history and conversations.replies (docs.slack.dev, 2026). A code that is in no row is a bug
of ours: it would not help to send the same again.
"""

from dataclasses import dataclass
from enum import Enum


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
    """An error code with its verdict and, where a person reads it, what happened and what to do next."""

    error: str
    verdict: Verdict
    sentence: str = ""
    way_out: str = ""


SHARED_CHANNEL = "shared_channel"  # ours, not Slack's: found before any call

_INVITE = "Invite flowbot there with `/invite @flowbot`."
_UNARCHIVE = "Unarchive it, or set another channel."
_SHARED = "Choose another channel for FLOWBOT_CHANNEL, end the sharing, or name this one in FLOWBOT_SHARED_CHANNELS."
_RIGHTS = "Let flowbot post there in the channel's settings."
_INSTALL = "Install the app again and give flowbot its new token."
_SCOPES = "Add what is missing on the app's page under OAuth & Permissions, then install it again."
_ADMIN = "Ask an admin of the workspace to allow the app."

_TOLD: dict[Verdict, dict[str, tuple[str, str]]] = {
    Verdict.ELSEWHERE: {
        "channel_not_found": ("there is no such channel, or it is private and flowbot is not in it", _INVITE),
        "not_in_channel": ("flowbot is not in it", _INVITE),
        "is_archived": ("it is archived", _UNARCHIVE),
        "channel_is_archived": ("it is archived", _UNARCHIVE),
        SHARED_CHANNEL: ("it is shared with another organization, and strangers would read of failures", _SHARED),
        "restricted_action": ("its settings do not let flowbot post", _RIGHTS),
        "restricted_action_read_only_channel": ("it is read-only", _RIGHTS),
        "restricted_action_thread_only_channel": ("only replies may be posted there", _RIGHTS),
        "restricted_action_non_threadable_channel": ("it takes no replies", _RIGHTS),
        "posting_to_channel_denied": ("its settings do not let flowbot post", _RIGHTS),
        "channel_is_limited_access": ("only some people have access to it", _RIGHTS),
        "invalid_channel": ("there is no such channel", "Set another channel."),
        "method_not_supported_for_channel_type": ("apps cannot post in it", "Set another channel."),
        "messages_tab_disabled": (
            "flowbot's direct messages are turned off",
            "Turn on the Messages tab under App Home on the app's page.",
        ),
        "user_not_found": ("there is no such person", "Check the link with `people`."),
        "users_not_found": ("there is no such person", "Check the link with `people`."),
        "user_not_in_channel": ("that person is not in it", "Invite them there."),
        "user_disabled": ("that person has left the workspace", "Check the link with `people`."),
        "cannot_dm_bot": ("it belongs to an app", "Check the link with `people`."),
        "user_not_visible": ("flowbot may not see that person", _ADMIN),
    },
    Verdict.STOP: {
        "invalid_auth": ("its token is not valid", _INSTALL),
        "not_authed": ("no token was sent", _INSTALL),
        "account_inactive": ("its token belongs to a removed app or a closed workspace", _INSTALL),
        "token_revoked": ("its token was revoked", _INSTALL),
        "token_expired": ("its token has expired", _INSTALL),
        "org_login_required": ("the workspace is being moved into an organization", "Wait for the move to end."),
        "two_factor_setup_required": ("its account needs a second factor", _ADMIN),
        "team_added_to_org": ("the workspace is being moved into an organization", "Wait for the move to end."),
        "ekm_access_denied": ("the organization has suspended its access", _ADMIN),
        "accesslimited": ("its access is limited", _ADMIN),
        "access_denied": ("its access was denied", _ADMIN),
        "team_access_not_granted": ("the app is not installed in this workspace", _INSTALL),
        "app_access_restricted": ("the organization restricts the app", _ADMIN),
    },
    Verdict.BARRED: {
        "missing_scope": ("its token lacks a scope", _SCOPES),
        "not_allowed_token_type": ("its token is of the wrong kind", _INSTALL),
        "no_permission": ("its token lacks a permission", _SCOPES),
        "message_limit_exceeded": (
            "the workspace has reached its plan's limit of messages",
            "Ask an admin of the workspace.",
        ),
        "storage_limit_reached": ("the workspace has no room for files", "Ask an admin of the workspace."),
        "file_uploads_except_images_disabled": ("the workspace takes images only", "Ask an admin of the workspace."),
        "file_uploads_disabled": ("the workspace takes no files", "Ask an admin of the workspace."),
    },
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
    """Whether the place does not accept a private answer, whatever its content: a direct message does.

    chat.postEphemeral says ``no_permission`` where flowbot is not a member.
    """
    return error == "no_permission" or verdict(error) in {Verdict.ELSEWHERE, Verdict.OUTSIDE}


def verdict(error: str) -> Verdict:
    """What to do after a refusal."""
    return meaning(error).verdict
