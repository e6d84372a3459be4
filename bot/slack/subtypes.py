"""Which messages are words to the bot: every subtype of a message that Slack documents, each decided.

Source: docs.slack.dev, "message event" (its list of subtypes, those that are no longer sent included). A subtype that
is not in the table is new: it says nothing until somebody has looked at it.
"""

from enum import Enum


class Take(Enum):
    """What becomes of a message."""

    WORDS = "words"  # a person speaks: it is answered
    EDIT = "edit"  # a person changed what they had said: nothing is done again, and one hint says so
    NOTHING = "nothing"  # nobody speaks, or not to the bot


SUBTYPES: dict[str, Take] = {
    "": Take.WORDS,  # a plain message
    "file_share": Take.WORDS,  # words with a file
    "me_message": Take.WORDS,  # /me
    "thread_broadcast": Take.WORDS,  # a reply that stands in the channel too
    "message_changed": Take.EDIT,  # also when Slack adds a preview: then the words are the same
    # other programs: answering them could go round in a circle
    **dict.fromkeys(("bot_message", "bot_add", "bot_remove", "bot_enable", "bot_disable"), Take.NOTHING),
    **dict.fromkeys(("slackbot_response", "reminder_add", "assistant_app_thread"), Take.NOTHING),
    # bookkeeping about messages
    **dict.fromkeys(("message_deleted", "message_replied", "reply_broadcast", "tombstone"), Take.NOTHING),
    **dict.fromkeys(("pinned_item", "unpinned_item", "document_mention"), Take.NOTHING),
    **dict.fromkeys(("file_comment", "file_mention", "ekm_access_denied"), Take.NOTHING),
    # what happens to a conversation
    **dict.fromkeys(("channel_join", "channel_leave", "channel_name", "channel_topic"), Take.NOTHING),
    **dict.fromkeys(("channel_purpose", "channel_archive", "channel_unarchive"), Take.NOTHING),
    **dict.fromkeys(("channel_convert_to_private", "channel_posting_permissions"), Take.NOTHING),
    **dict.fromkeys(("group_join", "group_leave", "group_name", "group_topic"), Take.NOTHING),
    **dict.fromkeys(("group_purpose", "group_archive", "group_unarchive"), Take.NOTHING),
    **dict.fromkeys(("huddle_thread", "sh_room_created", "app_conversation_join"), Take.NOTHING),
}


def take(subtype: object) -> Take:
    """Return what becomes of a message of this subtype; a plain message has none."""
    return SUBTYPES.get(subtype or "", Take.NOTHING) if isinstance(subtype, str | None) else Take.NOTHING
