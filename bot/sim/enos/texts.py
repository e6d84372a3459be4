"""The platform's error sentences, as its English and its Chinese pages print them."""

from bot.sim.enos.model import Denied

_NOT_CREATED = (
    "Cannot create workflow instance. Please check if the workflow or task exist, "
    "and do not trigger the same workflow repeatedly in 1 minute."
)

# By reason: the sentence of the English pages, and that of the Chinese ones where it differs.
_TEXTS: dict[str, tuple[str, ...]] = {
    "who": ("userId does not exist, or it does not match to orgId.",),
    "no_privilege": ("User has no privilege.", "User has no privilege"),
    "locked_user": ("Your account has been locked",),
    "internal": ("Internal server exception", "Server internal exception"),
    "body": ("Invalid request body.",),
    "sorter": ("The sorters field parameter is invalid", "illegal sorted by field"),
    "flow_sorter": ("Illegal field, should be one of [create_time, update_time, start_time].",),
    "not_created": (_NOT_CREATED,),
    "no_task": (
        "This workflow has no task. You cannot trigger it.",
        "This workflow has no task, you cannot trigger it!",
    ),
    "relied_on": (
        "This workflow is relied on by other workflows. You cannot delete this workflow.",
        "This workflow is relied on by other workflows and cannot be deleted.",
    ),
    "running": ("This workflow has a running instance. You cannot delete this workflow.",),
    "no_flow": ("graph not found",),
    "no_instance": ("Instance not found",),
    "no_log": ("No log found",),
    "neither": ("Invalid taskInstId or it has no log",),
    "ended": ("The instance has ended already",),
    "parameter": ("Incorrect parameter",),
    "flow_name": ("Invalid parameter: flowName",),
    "no_directory": ("Directory does not exist",),
    "validation": ("Workflow validation failed",),
    "name_taken": ("Workflow validation failed: Flow name must be unique", "Workflow validation failed"),
    "dir_name": ("param: dirName cannot be empty",),
    "parent_id": ("param: parentId cannot be empty",),
    "no_parent": ("parentId not found",),
    "dir_taken": ("A directory of the same name already exists",),
    "action": ("Invalid Argument action:{action}",),
    "no_action": ("Invalid Argument action:action is missing",),
}


def text_of(denied: Denied, pages: str) -> str:
    """Find the sentence for a refusal; ``pages`` is en or zh."""
    texts = _TEXTS[denied.reason]
    return texts[-1 if pages == "zh" else 0].format_map(denied.words)
