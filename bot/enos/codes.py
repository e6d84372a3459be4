"""The error codes of EnOS as a table: what each means, and what people are told.

Source: batch API v2.1 overview and the action pages; token service, "Invoking API with Access Token"; platform-wide
codes, "About EnOS API". Wordings vary by version, so codes decide; a wording decides only where one code covers
several causes.
"""

from bot.core.text.message import Message, msg
from bot.core.values import dataclass

STARTS = frozenset({"trigger", "triggerFromTask", "updateAndTrigger"})


@dataclass(frozen=True, slots=True)
class CodeMeaning:
    """One meaning of a code: for which actions and wordings, and what people are told."""

    code: int
    reason: str
    sentence: Message
    way_out: Message
    actions: frozenset[str] = frozenset()  # empty: all
    wording: str = ""  # a pattern that the message must contain, in any case


# The first row that fits is the meaning.
MEANINGS = (
    CodeMeaning(
        62101,
        "wrong_user",
        msg("EnOS does not know the user of this call, or the user is not in the organization."),
        msg(
            "Ask a flowbot admin to check the EnOS user ID of your link. If flowbot's own polls fail, an operator "
            "should check ENOS_USER_ID and ENOS_ORG_ID."
        ),
    ),
    CodeMeaning(
        62102,
        "not_created",
        msg(
            "EnOS did not create the run. It has no such flow or task, or the flow was already triggered within this "
            "minute."
        ),
        msg("Look at the flow's latest run, wait a minute, then try again."),
        STARTS,
        "cannot create|repeatedly",
    ),
    CodeMeaning(
        62102,
        "invalid_request",
        msg("EnOS did not accept the request."),
        msg("Check the flow ID, the task ID and the time."),
        STARTS,
        "request body",
    ),
    CodeMeaning(
        62102,
        "bad_sort",
        msg("EnOS does not have this sort field."),
        msg("flowbot tries the other spellings by itself. If you read this, tell a flowbot admin."),
        frozenset({"search"}),
        "sort|field|排序|字段",
    ),
    CodeMeaning(
        62102,
        "unknown_instance",
        msg("EnOS has no such run."),
        msg("Check the ID. EnOS shows the runs of about 90 days."),
        frozenset(),
        "instance not found",
    ),
    CodeMeaning(
        62102,
        "no_log",
        msg("EnOS has no log for this task, or no such task."),
        msg("A task that has not started has no log. Check the ID."),
        frozenset({"getLog"}),
    ),
    CodeMeaning(
        62102,
        "not_offered",
        msg("This EnOS does not have the action."),
        msg("Starting from a task needs EnOS 2.2.0 or later. Showing the tasks of a run needs 2.3.0 or later."),
        frozenset(),
        r"\baction\b",
    ),
    CodeMeaning(
        62102,
        "invalid",
        msg("EnOS did not accept the input."),
        msg("Correct what EnOS names, then try again."),
    ),
    CodeMeaning(
        62103,
        "no_right",
        msg("EnOS does not allow this user to do that."),
        msg("Only owners may, and only while flow and user are not locked. Ask one of the flow's owners."),
    ),
    CodeMeaning(
        62104,
        "no_task",
        msg("The flow has no tasks, so there is nothing to run."),
        msg("Add a task to the flow in EnOS, then try again."),
        STARTS,
    ),
    CodeMeaning(
        62104,
        "in_use",
        msg("EnOS refused because other flows depend on this one."),
        msg("Remove it from those flows first."),
    ),
    CodeMeaning(
        62105,
        "user_locked",
        msg("The EnOS user of this call is locked."),
        msg("Ask an EnOS administrator to unlock the user."),
    ),
    CodeMeaning(
        62109,
        "no_log",
        msg("EnOS has no log for this task."),
        msg("A task that has not started has no log."),
        frozenset({"getLog"}),
        "no log found",
    ),
    CodeMeaning(
        62109,
        "not_imported",
        msg("EnOS could not create a flow from the import."),
        msg("Correct what EnOS names, then import again."),
        frozenset({"import"}),
        "creating failed",
    ),
    CodeMeaning(
        99400,
        "not_offered",
        msg("This EnOS does not know the action or one of its parameters."),
        msg("It may be an older version. Ask an EnOS administrator."),
    ),
    CodeMeaning(
        99403,
        "no_right",
        msg("EnOS does not allow this user or application to do that."),
        msg("Ask an EnOS administrator to authorize the user and the application's service account."),
    ),
    CodeMeaning(99404, "not_found", msg("EnOS does not have that."), msg("Check the ID.")),
    CodeMeaning(
        1002,
        "unknown_key",
        msg("EnOS does not know flowbot's access key."),
        msg("An operator should check ENOS_ACCESS_KEY, and that the application is registered at this gateway."),
    ),
    CodeMeaning(
        1003,
        "wrong_secret",
        msg("EnOS did not accept flowbot's sign-in."),
        msg("An operator should check ENOS_SECRET_KEY and the clock of flowbot's machine."),
    ),
    CodeMeaning(
        1004,
        "bad_sign_in",
        msg("EnOS did not accept the form of flowbot's sign-in."),
        msg("An operator should check ENOS_ACCESS_KEY, ENOS_SECRET_KEY and the clock of flowbot's machine."),
    ),
    CodeMeaning(
        1202,
        "bad_sign_in",
        msg("EnOS did not accept flowbot's sign-in: a part of it is missing."),
        msg("An operator should check ENOS_ACCESS_KEY and ENOS_SECRET_KEY."),
    ),
)
