"""Reading and changing flow definitions and directories: what no verb does yet, and the API offers."""

from collections.abc import Callable, Mapping

from bot.core.flow.model import Flow, FlowId, UserId
from bot.enos import calls_edit
from bot.enos.calls import Actor
from bot.enos.errors import AnswerLost, BadResponse, MismatchedResponse
from bot.enos.reading_flows import Directory, created_of, directories_of, exported_of, flow_of, saved_of
from bot.enos.server import Ask


class Definitions:
    """The actions on definitions. Each names the user it is made as; EnOS decides on rights (62103)."""

    def __init__(self, ask: Ask, actor: Callable[[UserId | None], Actor]) -> None:
        self._ask, self._actor = ask, actor

    async def load_for_edit(self, flow: FlowId, *, as_user: UserId) -> Flow:
        """Return the flow from a temporary copy that EnOS makes of it."""
        found = flow_of((await self._ask(calls_edit.load_for_edit(flow, self._actor(as_user)))).data)
        if found is None:
            raise BadResponse("it holds no flow")
        if found.id != flow:
            raise MismatchedResponse(f"flow {found.id}", f"flow {flow}")
        return found

    async def save(self, definition: Mapping[str, object], *, as_user: UserId) -> FlowId:
        """Save a definition; return the id that EnOS answers, which may differ from the one sent."""
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
        """Return the definition as JSON, as Import Flow takes it."""
        found = exported_of((await self._ask(calls_edit.export(flow, self._actor(as_user)))).data)
        if found is None:
            raise BadResponse("it holds no definition")
        return found

    async def directories(self, *, as_user: UserId | None = None) -> tuple[Directory, ...]:
        """Return the organization's tree of directories and flows."""
        return directories_of((await self._ask(calls_edit.list_directories(self._actor(as_user)))).data)

    async def create_directory(self, parent: str, name: str, *, as_user: UserId) -> str:
        """Create a directory and return its id."""
        created = created_of((await self._ask(calls_edit.create_directory(parent, name, self._actor(as_user)))).data)
        if not created:
            raise AnswerLost("EnOS accepted it but named no directory")
        return created


def _saved(data: bytes) -> FlowId:
    found = saved_of(data)
    if found is None:
        raise AnswerLost("EnOS accepted it but named no flow")
    return found
