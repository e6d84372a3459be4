"""The error codes of EnOS as a table: what each means, and what people are told.

Source: batch API v2.1 overview and the action pages; token service, "Invoking API with Access Token"; platform-wide
codes, "About EnOS API". Wordings vary by version, so codes decide; a wording decides only where one code covers
several causes.
"""

from dataclasses import dataclass

STARTS = frozenset({"trigger", "triggerFromTask", "updateAndTrigger"})


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """One meaning of a code: for which actions and wordings, and what people are told."""

    code: int
    reason: str
    sentence: str
    way_out: str
    actions: frozenset[str] = frozenset()  # empty: all
    wording: str = ""  # a pattern that the message must contain, in any case


# The first row that fits is the meaning.
MEANINGS = (
    CodeMeaning(
        62101,
        "wrong_user",
        "EnOS does not know the user this call was made as, or the user is not in the organization.",
        "Ask an admin to check the link's EnOS user id; for the bot's own reading, ENOS_USER_ID and ENOS_ORG_ID.",
    ),
    CodeMeaning(
        62102,
        "not_created",
        "EnOS did not create the run: no such flow or task, or the flow was already triggered within this minute.",
        "Look at the flow's latest run, wait a minute, and ask again.",
        STARTS,
        "cannot create|repeatedly",
    ),
    CodeMeaning(
        62102,
        "invalid_request",
        "EnOS could not use the request.",
        "Check the flow id, task id and time.",
        STARTS,
        "request body",
    ),
    CodeMeaning(
        62102,
        "bad_sort",
        "EnOS does not know the sort field.",
        "flowbot tries the other spellings by itself; if you read this, tell its admin.",
        frozenset({"search"}),
        "sort|field|排序|字段",
    ),
    CodeMeaning(
        62102,
        "unknown_instance",
        "EnOS knows no such instance.",
        "Check the id; EnOS shows about 90 days.",
        frozenset(),
        "instance not found",
    ),
    CodeMeaning(
        62102,
        "no_log",
        "EnOS has no log for this task instance, or does not know it.",
        "A task that has not started has no log; check the id.",
        frozenset({"getLog"}),
    ),
    CodeMeaning(
        62102,
        "not_offered",
        "This EnOS does not offer the action.",
        "It came with a later version (triggerFromTask with 2.2.0, task instances with 2.3.0).",
        frozenset(),
        r"\baction\b",
    ),
    CodeMeaning(62102, "invalid", "EnOS did not accept the input.", "Correct what it names, and ask again."),
    CodeMeaning(
        62103,
        "no_right",
        "EnOS says that this user may not do that: only owners may, and only while flow and user are unlocked.",
        "Ask one of the flow's owners.",
    ),
    CodeMeaning(
        62104,
        "no_task",
        "The flow has no task, so there is nothing to run.",
        "Add a task to the flow in EnOS, and ask again.",
        STARTS,
    ),
    CodeMeaning(62104, "in_use", "EnOS refused: other flows depend on it.", "Take it out of those flows first."),
    CodeMeaning(
        62105,
        "user_locked",
        "The EnOS account this call was made as is locked.",
        "Ask your EnOS administrator to unlock it.",
    ),
    CodeMeaning(
        62109,
        "no_log",
        "EnOS has no log for this task instance.",
        "A task that has not started has no log.",
        frozenset({"getLog"}),
        "no log found",
    ),
    CodeMeaning(
        62109,
        "not_imported",
        "EnOS could not create the flow from what was imported.",
        "Correct what it names, and import again.",
        frozenset({"import"}),
        "creating failed",
    ),
    CodeMeaning(
        99400,
        "not_offered",
        "This EnOS does not understand the action or one of its parameters.",
        "It may be an older version; ask its administrator.",
    ),
    CodeMeaning(
        99403,
        "no_right",
        "EnOS says that this user or application may not do that.",
        "Ask your EnOS administrator, who authorizes users and the application's service account.",
    ),
    CodeMeaning(99404, "not_found", "EnOS does not know that.", "Check the id."),
    CodeMeaning(
        1002,
        "unknown_key",
        "EnOS does not know the access key.",
        "Ask an admin of the bot to check ENOS_ACCESS_KEY, and that the application is registered at this gateway.",
    ),
    CodeMeaning(
        1003,
        "wrong_secret",
        "EnOS did not accept the sign-in.",
        "Ask an admin of the bot to check ENOS_SECRET_KEY, and the clock of the machine that flowbot runs on.",
    ),
    CodeMeaning(
        1004,
        "bad_sign_in",
        "EnOS did not accept the form of the sign-in.",
        "Ask an admin of the bot to check the clock of flowbot's machine, ENOS_ACCESS_KEY and ENOS_SECRET_KEY.",
    ),
    CodeMeaning(
        1202,
        "bad_sign_in",
        "EnOS missed a part of the sign-in.",
        "Ask an admin of the bot to check ENOS_ACCESS_KEY and ENOS_SECRET_KEY.",
    ),
)
