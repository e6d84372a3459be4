"""Reading and changing flow definitions and directories: the API offers it, and no verb uses it yet.

Source: Load Flow For Edit, Save, Import and Export Flow, List Workflow Directories, Create Directory (v2.1).
"""

from collections.abc import Callable, Mapping

from bot.core.flow.model import Flow, FlowId, UserId
from bot.core.text.message import msg
from bot.core.values import dataclass
from bot.enos import calls_edit
from bot.enos.calls import Actor
from bot.enos.errors import AnswerLost, BadResponse, MismatchedResponse, the_flow
from bot.enos.reading_flows import flow_of
from bot.enos.server import Ask
from bot.enos.values import ID, NAME, flag, identity, number, rows, single_object, text, value_of


@dataclass(frozen=True, slots=True)
class Leaf:
    """A flow in the directory tree."""

    flow: FlowId
    title: str
    editable: bool


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory; its id is 32 hex digits.

    ``kind``: 0 data integration, 1 workflow, 2 data resource, 3 Hql, 4 common resource.
    """

    id: str
    title: str
    kind: int | None
    directories: tuple["Directory", ...] = ()
    flows: tuple[Leaf, ...] = ()


class Definitions:
    """The actions on definitions. Each is made as a named user; EnOS decides on rights (62103)."""

    def __init__(self, ask: Ask, actor: Callable[[UserId | None], Actor]) -> None:
        self._ask, self._actor = ask, actor

    async def load_for_edit(self, flow: FlowId, *, as_user: UserId) -> Flow:
        """The flow, from a temporary copy that EnOS makes of it."""
        found = flow_of((await self._ask(calls_edit.load_for_edit(flow, self._actor(as_user)))).data)
        if found is None:
            raise BadResponse(msg("it sent no flow"))
        if found.id != flow:
            raise MismatchedResponse(the_flow(found.id), the_flow(flow))
        return found

    async def save(self, definition: Mapping[str, object], *, as_user: UserId) -> FlowId:
        """Save a definition: the ID that EnOS answers, which may differ from the one sent."""
        return _saved((await self._ask(calls_edit.save(definition, self._actor(as_user)))).data)

    async def import_flow(
        self,
        *,
        name: str,
        description: str,
        directory: str,
        exported: Mapping[str, object],
        as_user: UserId,
        flow: FlowId | None = None,
    ) -> FlowId:
        """Create a flow from an exported definition; ``flow`` is used as its id if it is free."""
        call = calls_edit.import_flow(name, description, directory, exported, self._actor(as_user), flow=flow)
        return _saved((await self._ask(call)).data)

    async def export(self, flow: FlowId, *, as_user: UserId | None = None) -> Mapping[str, object]:
        """The definition as JSON, as Import Flow takes it."""
        found = exported_of((await self._ask(calls_edit.export(flow, self._actor(as_user)))).data)
        if found is None:
            raise BadResponse(msg("it sent no definition"))
        return found

    async def directories(self, *, as_user: UserId | None = None) -> tuple[Directory, ...]:
        """The organization's tree of directories and flows."""
        return directories_of((await self._ask(calls_edit.list_directories(self._actor(as_user)))).data)

    async def create_directory(self, parent: str, name: str, *, as_user: UserId) -> str:
        """Create a directory: its ID."""
        created = created_of((await self._ask(calls_edit.create_directory(parent, name, self._actor(as_user)))).data)
        if not created:
            raise AnswerLost(msg("it accepted the request but named no directory"))
        return created


def _saved(data: bytes) -> FlowId:
    found = saved_of(data)
    if found is None:
        raise AnswerLost(msg("it accepted the request but named no flow"))
    return found


def saved_of(data: bytes) -> FlowId | None:
    """The flow ID that Save Flow or Import Flow answered."""
    value = value_of(data)
    found = single_object(value)
    id_ = identity(found.get("flowId") if found else value)
    return None if id_ is None else FlowId(id_)


def exported_of(data: bytes) -> Mapping[str, object] | None:
    """An exported definition as it is, unread: Import Flow takes it back."""
    value = value_of(data)
    if isinstance(value, list):
        value = value[0] if value else None
    return value if isinstance(value, dict) and value else None


def directories_of(data: bytes) -> tuple[Directory, ...]:
    """The tree of directories."""
    return tuple(_directory(row) for row in rows(value_of(data)) if _is_directory(row))


def created_of(data: bytes) -> str:
    """The ID of a directory that was created, empty where none was answered."""
    found = single_object(value_of(data))
    return text(found.get("dirId"), ID) if found else ""


def _is_directory(row: Mapping[str, object]) -> bool:
    told = row.get("isDirectory")
    return flag(told) if told is not None else "children" in row


def _directory(row: Mapping[str, object]) -> Directory:
    children = rows(row.get("children"))
    leaves = (_leaf(child) for child in children if not _is_directory(child))
    return Directory(
        id=text(row.get("key"), ID),
        title=text(row.get("title"), NAME),
        kind=number(row.get("type")),
        directories=tuple(_directory(child) for child in children if _is_directory(child)),
        flows=tuple(leaf for leaf in leaves if leaf is not None),
    )


def _leaf(row: Mapping[str, object]) -> Leaf | None:
    id_ = identity(row.get("key"))
    return None if id_ is None else Leaf(FlowId(id_), text(row.get("title"), NAME), flag(row.get("editable")))
