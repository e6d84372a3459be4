"""The batch API as the ``Enos`` protocol of ``bot.work`` wants it: values in, values out, failures as sentences."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from datetime import datetime

import httpx

from bot.core.errors import Failure, Refusal
from bot.core.flow.ids import expected_instance, is_instance
from bot.core.flow.model import (
    KINDS,
    Flow,
    FlowId,
    FlowName,
    Instance,
    InstanceId,
    Page,
    Parameter,
    Search,
    TaskId,
    TaskInstance,
    UserId,
)
from bot.core.flow.status import is_finished, name_of
from bot.core.text.message import msg
from bot.enos import calls, reading, subject_check
from bot.enos.calls import Actor, Call
from bot.enos.definitions import Definitions
from bot.enos.errors import AnswerLost, BadResponse, EnosRefused, MismatchedResponse, ServerError, the_flow
from bot.enos.flow_lists import all_flows
from bot.enos.paging import pages
from bot.enos.reading_flows import flow_names_of, flow_of, started_of
from bot.enos.server import OnListEnd, PageBase, Server
from bot.enos.session import OnCall, OnCapability, Pause, ServerCapabilities, Session, TokenManager
from bot.enos.transport import Transport

MINUTE = 60_000  # ms
UNKNOWN = frozenset({"unknown_instance", "invalid", "not_found"})  # how an unknown id is answered
_NO_RUN = msg("it accepted the request but named no run of this flow")
FROM_TASK, TASKS = "flows.triggerFromTask", "taskInstances.get"  # actions that older versions lack


class EnosClient:
    """One application at one gateway, reading as ``user_id`` where no other user is named.

    ``clock`` is UTC; ``steady`` is UTC by a clock that never goes back, for lifetimes and pauses. ``total_seconds``
    limits one call. ``on_call(action, outcome, seconds)`` is called after each attempt, ``on_capability(name, value)``
    when something was found out about the server; ``remembered`` is what an earlier run found out.
    ``on_list_end(listed, why)`` is called when a list was given up because it does not end, and with an empty ``why``
    when one ended. ``http`` and ``pause`` are for tests.
    """

    def __init__(  # noqa: PLR0913  the five facts of a sign-in, and named options
        self,
        url: str,
        access_key: str,
        secret_key: str,
        org_id: str,
        user_id: str,
        *,
        clock: Callable[[], datetime],
        steady: Callable[[], datetime] | None = None,
        page_base: PageBase = "auto",
        total_seconds: float = 20.0,
        remembered: Mapping[str, str] | None = None,
        on_call: OnCall | None = None,
        on_capability: OnCapability | None = None,
        on_list_end: OnListEnd | None = None,
        http: httpx.AsyncBaseTransport | None = None,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._org, self._user = org_id, user_id
        self._transport = Transport(url, total=total_seconds, http=http)
        self._tokens = TokenManager(self._transport.send, access_key, secret_key, clock, steady=steady, pause=pause)
        self._session = Session(self._transport, self._tokens, secret_key, clock, on_call=on_call, pause=pause)
        self._capabilities = ServerCapabilities(steady or clock, remembered, on_capability)
        self._server = Server(self._session.ask, self._capabilities, page_base)
        if on_list_end is not None:
            self._server.on_list_end = on_list_end
        self.definitions = Definitions(self._session.ask, self._actor)

    @property
    def capabilities(self) -> dict[str, str]:
        """What was found out about this server: page base, sort names, missing actions."""
        return self._capabilities.all()

    @property
    def last_date(self) -> str:
        """The Date header of the newest answer, whatever it said; empty before the first."""
        return self._transport.last_date

    @property
    def is_busy(self) -> bool:
        """Whether a request is under way, or waits for its turn."""
        return self._transport.is_busy

    async def close(self) -> None:
        """Wait for what is on its way, then close the connections."""
        await self._transport.close()

    def fence(self, may_change: Callable[[], bool]) -> None:
        """Ask this before each change is sent: another replica may have taken over."""
        self._transport.may_change = may_change

    def report_calls(self, on_call: OnCall) -> None:
        """Call this after each attempt from now on, as ``on_call`` above."""
        self._session.on_call = on_call

    async def sign_in(self) -> None:
        """Try the keys by getting a token. Raises Refusal (wrong keys) or a TemporaryFailure."""
        await self._tokens.token()

    # flow instances

    def search(
        self, terms: Search, *, newest: str = "update_time", as_user: UserId | None = None
    ) -> AsyncGenerator[Page, None]:
        """Yield pages, sorted by ``newest`` descending where the server allows, until nothing is new."""
        return pages(self._server, terms, newest, self._actor(as_user))

    async def instance(self, instance: InstanceId, *, as_user: UserId | None = None) -> Instance | None:
        """One instance with its graph, or None where EnOS does not have it.

        Raises MismatchedResponse where the answer is about another one.
        """
        try:
            envelope = await self._session.ask(calls.get_instance(instance, self._actor(as_user)))
        except EnosRefused as refusal:
            if refusal.reason in UNKNOWN:
                return None
            raise
        except ServerError:
            # how an unknown id is answered is not documented: an inner error may be all there is
            if await self._listed(instance, as_user):
                raise
            return None
        return subject_check.require_instance(reading.instance_of(envelope.data), instance)

    async def cancel(self, instance: InstanceId, *, as_user: UserId) -> None:
        """Ask for the instance to stop; the effect is asynchronous.

        Raises Refusal("already_ended") where EnOS refuses and the instance has ended: the answer to that is not
        documented, so the instance is read back.
        """
        try:
            envelope = await self._session.ask(calls.cancel(instance, self._actor(as_user)))
        except EnosRefused as refusal:
            found = None
            if refusal.reason != "no_right":
                with contextlib.suppress(MismatchedResponse):  # then only the refusal is known
                    found = await self.instance(instance, as_user=as_user)
            if found is None or not is_finished(found.status):
                raise
            raise Refusal(
                "already_ended",
                msg("Run {run} has already ended ({status}).", run=instance, status=name_of(found.status)),
                msg("There is nothing left to cancel."),
            ) from refusal
        subject_check.require_same(envelope.data, instance=instance)

    # flows

    async def flow(self, flow: FlowId, *, as_user: UserId | None = None) -> Flow:
        """The flow as this user sees it; raises ``Refusal("unknown_flow")`` where there is none.

        Raises MismatchedResponse where the answer is about another one.
        """
        try:
            envelope = await self._session.ask(calls.get_flow(flow, self._actor(as_user)))
        except EnosRefused as refusal:
            if refusal.reason in UNKNOWN:
                raise _unknown(flow) from refusal
            raise
        found = flow_of(envelope.data)
        if found is None:
            raise _unknown(flow)
        if found.id != flow:
            raise MismatchedResponse(the_flow(found.id), the_flow(flow))
        return found

    async def my_flows(self, expression: str = "", *, as_user: UserId | None = None) -> tuple[FlowName, ...]:
        """The flows related to the user."""
        envelope = await self._session.ask(calls.get_my_flows(expression, self._actor(as_user)))
        found, _ = flow_names_of(envelope.data)
        return tuple({name.id: name for name in found}.values())

    async def all_flows(self, expression: str = "", *, as_user: UserId | None = None) -> tuple[FlowName, ...]:
        """The flows of the whole organization, all pages."""
        return await all_flows(self._server, expression, self._actor(as_user))

    async def trigger(self, flow: FlowId, at_ms: int, *, as_user: UserId) -> InstanceId:
        """Trigger Flow: run all tasks, for the trigger time ``at_ms`` (epoch ms)."""
        return await self._start(calls.trigger(flow, at_ms, self._actor(as_user)), flow, at_ms, as_user)

    async def trigger_from_task(self, flow: FlowId, task: TaskId, at_ms: int, *, as_user: UserId) -> InstanceId:
        """Trigger Flow From Task: run the task and all that is downstream of it."""
        if self._capabilities.get(FROM_TASK) == "missing":
            raise _no_start_from_task()
        try:
            call = calls.trigger_from_task(flow, task, at_ms, self._actor(as_user))
            return await self._start(call, flow, at_ms, as_user)
        except EnosRefused as refusal:
            if refusal.reason != "not_offered":
                raise
            self._capabilities.put(FROM_TASK, "missing")
            raise _no_start_from_task() from refusal

    async def trigger_with(
        self, flow: FlowId, at_ms: int, parameters: Sequence[Parameter], *, as_user: UserId
    ) -> InstanceId:
        """Update And Trigger Flow: run all tasks once with these parameters."""
        if any(not parameter.key for parameter in parameters):
            raise Refusal(
                "unreadable_parameters",
                msg("EnOS shows the parameters of flow {flow} in a form that flowbot can't send back.", flow=str(flow)),
                msg("Trigger it with changed parameters in the EnOS console."),
            )
        call = calls.update_and_trigger(flow, at_ms, parameters, self._actor(as_user))
        return await self._start(call, flow, at_ms, as_user)

    async def enable(self, flow: FlowId, *, as_user: UserId) -> None:
        """Turn scheduling on."""
        subject_check.require_same((await self._session.ask(calls.enable(flow, self._actor(as_user)))).data, flow=flow)

    async def disable(self, flow: FlowId, *, as_user: UserId) -> None:
        """Turn scheduling off."""
        subject_check.require_same((await self._session.ask(calls.disable(flow, self._actor(as_user)))).data, flow=flow)

    # task instances

    async def task_instance(self, task_instance: str, *, as_user: UserId | None = None) -> TaskInstance | None:
        """One task instance; None where there is none, or where this EnOS has no such action."""
        if self._capabilities.get(TASKS) == "missing":
            return None
        try:
            envelope = await self._session.ask(calls.get_task_instance(task_instance, self._actor(as_user)))
        except EnosRefused as refusal:
            if refusal.reason == "not_offered":
                self._capabilities.put(TASKS, "missing")
            elif refusal.reason not in UNKNOWN:
                raise
            return None
        return subject_check.require_task_instance(reading.task_instance_of(envelope.data), task_instance)

    async def log(self, task_instance: str, *, as_user: UserId | None = None) -> str | None:
        """The task's log; None where it has none. Raises ``Refusal("unknown_instance")`` for an unknown task instance.

        Only one language's pages tell the two apart, so after a refusal the task instance is read.
        """
        try:
            envelope = await self._session.ask(calls.get_log(task_instance, self._actor(as_user)))
        except EnosRefused as refusal:
            if refusal.reason not in {"no_log", "unknown_instance"}:
                raise
            known = await self.task_instance(task_instance, as_user=as_user)
            if known is not None or (refusal.reason == "no_log" and self._capabilities.get(TASKS) == "missing"):
                return None
            raise Refusal(
                "unknown_instance",
                msg("EnOS has no task run {task_run}.", task_run=task_instance),
                msg("Check the ID."),
            ) from refusal
        return subject_check.require_log(envelope.data, task_instance)

    # time

    async def now_ms(self) -> int:
        """The platform's clock, epoch milliseconds."""
        found = reading.epoch_ms_of((await self._session.ask(calls.get_current_time())).data)
        if found is None:
            raise BadResponse(msg("it named no time"))
        return found

    async def time_zone(self) -> str:
        """The platform's zone as printed, e.g. ``GMT+8``."""
        return reading.zone_of((await self._session.ask(calls.get_time_zone())).data)

    # shared by these

    def _actor(self, as_user: UserId | None) -> Actor:
        return Actor(as_user or self._user, self._org)

    async def _listed(self, instance: InstanceId, as_user: UserId | None) -> bool:
        """Whether a search over all time finds the instance."""
        for kind in KINDS:
            terms = Search(kind, 0, 4_102_444_800_000, calls.ALL_STATUSES, expression=instance)
            async for page in self.search(terms, as_user=as_user):
                if any(row.id == instance for row in page.rows):
                    return True
        return False

    async def _start(self, call: Call, flow: FlowId, at_ms: int, as_user: UserId) -> InstanceId:
        """Send a trigger: the new instance's ID.

        EnOS's own sample answers another flow's ID: an ID is believed if it is this flow's, else searched for.
        """
        answered = started_of((await self._session.ask(call)).data)
        if is_instance(answered) and answered.startswith(f"{flow}-"):
            return InstanceId(answered)
        try:
            found = await self._started(flow, at_ms, as_user)
        except Failure as failure:
            raise AnswerLost(_NO_RUN) from failure
        if found is None:
            raise AnswerLost(_NO_RUN)
        return found

    async def _started(self, flow: FlowId, at_ms: int, as_user: UserId) -> InstanceId | None:
        expected = expected_instance(flow, at_ms)
        if await self.instance(expected, as_user=as_user) is not None:
            return expected
        since = at_ms - at_ms % MINUTE
        rows = []
        for kind in KINDS:
            terms = Search(kind, since, since + MINUTE, calls.ALL_STATUSES, expression=str(flow))
            async for page in self.search(terms, as_user=as_user):
                rows += [row.id for row in page.rows if row.flow_id == flow]
        return rows[0] if len(rows) == 1 else None


def _unknown(flow: FlowId) -> Refusal:
    return Refusal(
        "unknown_flow",
        msg("EnOS has no flow {id}.", id=str(flow)),
        msg("Check the ID, or find the flow by its name with `show NAME`."),
    )


def _no_start_from_task() -> Refusal:
    return Refusal(
        "not_offered",
        msg("This EnOS can't start a flow from a task: that came with version 2.2.0."),
        msg("Trigger the whole flow instead."),
    )
