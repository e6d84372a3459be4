"""Which messages are words to the bot: every subtype of a message that Slack documents, each decided.

Source: docs.slack.dev, "message event" (its list of subtypes, those that are no longer sent included). A subtype that
is not in the table is new: it says nothing until somebody has looked at it.
"""

from enum import Enum


class Treatment(Enum):
    """What becomes of a message."""

    ANSWER = "words"  # a person speaks: it is answered
    HINT = "edit"  # a person changed what they had said: nothing is done again, and one hint says so
    IGNORE = "nothing"  # nobody speaks, or not to the bot


SUBTYPES: dict[str, Treatment] = {
    "": Treatment.ANSWER,  # a plain message
    "file_share": Treatment.ANSWER,  # words with a file
    "me_message": Treatment.ANSWER,  # /me
    "thread_broadcast": Treatment.ANSWER,  # a reply that stands in the channel too
    "message_changed": Treatment.HINT,  # also when Slack adds a preview: then the words are the same
    # other programs: answering them could go round in a circle
    **dict.fromkeys(("bot_message", "bot_add", "bot_remove", "bot_enable", "bot_disable"), Treatment.IGNORE),
    **dict.fromkeys(("slackbot_response", "reminder_add", "assistant_app_thread"), Treatment.IGNORE),
    # bookkeeping about messages
    **dict.fromkeys(("message_deleted", "message_replied", "reply_broadcast", "tombstone"), Treatment.IGNORE),
    **dict.fromkeys(("pinned_item", "unpinned_item", "document_mention"), Treatment.IGNORE),
    **dict.fromkeys(("file_comment", "file_mention", "ekm_access_denied"), Treatment.IGNORE),
    # what happens to a conversation
    **dict.fromkeys(("channel_join", "channel_leave", "channel_name", "channel_topic"), Treatment.IGNORE),
    **dict.fromkeys(("channel_purpose", "channel_archive", "channel_unarchive"), Treatment.IGNORE),
    **dict.fromkeys(("channel_convert_to_private", "channel_posting_permissions"), Treatment.IGNORE),
    **dict.fromkeys(("group_join", "group_leave", "group_name", "group_topic"), Treatment.IGNORE),
    **dict.fromkeys(("group_purpose", "group_archive", "group_unarchive"), Treatment.IGNORE),
    **dict.fromkeys(("huddle_thread", "sh_room_created", "app_conversation_join"), Treatment.IGNORE),
}


def treatment(subtype: object) -> Treatment:
    """Return what becomes of a message of this subtype; a plain message has none."""
    return SUBTYPES.get(subtype or "", Treatment.IGNORE) if isinstance(subtype, str | None) else Treatment.IGNORE
