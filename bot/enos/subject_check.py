"""Whether an answer is about what was asked for: a proxy that mixes up two answers must not show one flow as another.

Reading raises ``MismatchedResponse``. Where the answer to a change names something else, either may have changed, so
the answer counts as lost (``AnswerLost``). An answer that names nothing, as documented, is accepted.
"""

import re

from bot.core.flow.ids import flow_of, is_instance
from bot.core.flow.model import FlowId, Instance, InstanceId, TaskInstance
from bot.core.text.message import Message
from bot.enos.errors import AnswerLost, MismatchedResponse, instead, the_flow, the_run, the_task_run
from bot.enos.reading import log_of
from bot.enos.values import ID, identity, single_object, text, value_of

_INSTANCES = ("flowInstId", "flowInstanceId", "instanceId", "instId")
_TASK_INSTANCES = ("taskInstId", "taskInstanceId", "instanceId", "instId")
_HEAD = 5000  # characters of a log in which its head may name its task instance
# Get Task Instance Log, samples: after ``instance:`` comes the node (``t_`` or ``t``) and the digits of the run.
_NAMED = re.compile(r"={5,}[ \t]*\r?\n(?:[^=\n][^\n]*\n){0,9}?instance:[ \t]*t?_?([0-9]{1,19})-([0-9]{8,20})[ \t\r]*\n")


def require_instance(found: Instance | None, asked: InstanceId) -> Instance | None:
    """The instance if it is the one asked for, of the flow that its id names; else raises MismatchedResponse."""
    if found is None:
        return None
    if found.id != asked:
        raise MismatchedResponse(the_run(found.id), the_run(asked))
    named = flow_of(asked)
    if named is not None and found.flow_id != named:
        raise MismatchedResponse(the_flow(found.flow_id), the_run(asked))
    return found


def require_task_instance(found: TaskInstance | None, asked: str) -> TaskInstance | None:
    """The task instance if it is the one asked for; else raises MismatchedResponse.

    IDs of an undocumented form are not compared: elsewhere they may be printed in another way.
    """
    if found is not None and found.id != asked and is_instance(asked):
        raise MismatchedResponse(the_task_run(found.id), the_task_run(asked))
    return found


def require_log(data: bytes, asked: str) -> str | None:
    """The log in an answer, None where there is none.

    Raises MismatchedResponse where it is another task instance's: the answer may name it next to the log, and the
    log does in its first lines.
    """
    named = _named(data, _TASK_INSTANCES)
    if named and named != asked:
        raise MismatchedResponse(the_task_run(named), the_task_run(asked))
    log = log_of(data)
    head = _NAMED.match(log[:_HEAD]) if log else None
    if head is not None and is_instance(asked):
        task, _, digits = asked.partition("-")
        if head[1] != task or not (digits.startswith(head[2]) or head[2].startswith(digits)):
            raise MismatchedResponse(the_task_run(f"{head[1]}-{head[2]}"), the_task_run(asked))
    return log


def require_same(data: bytes, *, flow: FlowId | None = None, instance: InstanceId | None = None) -> None:
    """Check the answer to a change; raises AnswerLost where it names another flow or instance."""
    run = _named(data, _INSTANCES)
    if run and run != instance and (instance is not None or flow_of(InstanceId(run)) != flow):
        raise AnswerLost(instead(the_run(run), _asked(flow, instance)))
    wanted = flow if instance is None else flow_of(instance)
    found = single_object(value_of(data)) or {}
    other = identity(found.get("flowId"))
    if other is not None and wanted is not None and other != wanted:
        raise AnswerLost(instead(the_flow(other), _asked(flow, instance)))


def _asked(flow: FlowId | None, instance: InstanceId | None) -> Message:
    return the_run(instance) if instance is not None else the_flow(flow or 0)


def _named(data: bytes, names: tuple[str, ...]) -> str:
    """The instance that an answer names under one of these keys, or as all it says; empty where none."""
    value = value_of(data)
    found = single_object(value) or {}
    named_id = next((text(found[name], ID).strip() for name in names if found.get(name)), "")
    bare = value.strip() if isinstance(value, str) else ""
    return named_id or (bare if is_instance(bare) else "")
