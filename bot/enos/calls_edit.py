"""The actions that read and change flow definitions and directories, as values.

Source: EnOS Batch Processing API v2.1. Shapes of definitions are passed through as JSON: their task types are
free text, and the platform validates them.
"""

from collections.abc import Mapping

from bot.core.flow.model import FlowId
from bot.enos.calls import Actor, Call, Kind, build


def load_for_edit(flow: FlowId, actor: Actor) -> Call:
    """Load Flow For Edit: a Flow and its queue. A GET that makes a temporary copy: not for polling."""
    return build("flows", "loadForEdit", actor, kind=Kind.MUTATION, flowId=str(flow))


def save(definition: Mapping[str, object], actor: Actor) -> Call:
    """Save Flow: answers ``{"flowId"}``. For owners.

    ``definition``: id, type, name, freq, cycle, alertMode, doAs, owners, visitors, startTime, active, and if
    wanted parameters, desc, queue, tasks, flows (node ids ``f_<flow id>``), relations.
    Errors: 62102 ``graph not found``; 62105 the account is locked.
    """
    return build("flows", "save", actor, dict(definition))


def import_flow(
    name: str,
    description: str,
    directory: str,
    exported: Mapping[str, object],
    actor: Actor,
    *,
    flow: FlowId | None = None,
) -> Call:
    """Import Flow: answers ``{"flowId"}``. ``flow`` is used as the id if it is free.

    The description is always sent: one language's page calls it mandatory. Rights differ by page too (owner
    or member): 62103 tells. Errors: 62102 with what is wrong; 62109 ``Workflow creating failed``.
    """
    body: dict[str, object] = {
        "flowName": name,
        "desc": description,
        "dirId": directory,
        "flowJson": dict(exported),
    }
    if flow is not None:
        body["flowId"] = flow
    return build("flows", "import", actor, body)


def export(flow: FlowId, actor: Actor) -> Call:
    """Export Flow: the definition that Import Flow takes. Errors: 62102 ``Flow validation exception``."""
    return build("flows", "export", actor, flowId=str(flow))


def list_directories(actor: Actor) -> Call:
    """List Workflow Directories: the whole tree. The action's F is capital: ``listWorkFlowDirs``."""
    return build("directories", "listWorkFlowDirs", actor)


def create_directory(parent: str, name: str, actor: Actor) -> Call:
    """Create Directory: answers ``{"dirId"}``.

    Errors: 62102 for an empty name or parent, an unknown parent, or a name that is taken.
    """
    return build("directories", "create", actor, {"parentId": parent, "dirName": name})
