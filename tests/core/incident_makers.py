"""Incidents and rows to decide about."""

from datetime import UTC, datetime, timedelta

from incident_cards import changed, on_one_card

from bot.core.flow.ids import instance_moment
from bot.core.flow.model import (
    FlowId,
    Graph,
    Instance,
    InstanceId,
    Task,
    TaskId,
    UserName,
)
from bot.core.flow.status import Status
from bot.core.incident.facts import Seen
from bot.core.incident.model import IncidentId, Occurrence, Phase
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
MAYA, JONAS = Person("T0DEMO0001", "U0MAYA00001"), Person("T0DEMO0001", "U0JONAS0001")
ZONE = timedelta(hours=8)  # in which the platform prints trigger times
OWNER, OTHER = UserName("maya.chen"), UserName("jonas.weber")


def row(id_="3377-2026112100", status=Status.FAIL, end="2026-11-21 02:00:00", **more):
    return Instance(
        id=InstanceId(id_),
        flow_id=FlowId(int(id_.split("-")[0])),
        flow_name=more.pop("name", "daily-energy-report"),
        status=status,
        trigger_time=more.pop("trigger", "2026-11-21 08:00:00"),
        end_time=end,
        cycle=more.pop("cycle", "D"),
        owners=more.pop("owners", (OWNER,)),
        **more,
    )


def seen(status=Status.FAIL, end="2026-11-21 02:00:00", id_="3377-2026112100"):
    return Seen(InstanceId(id_), FlowId(3377), 1, int(status), end, None, NOW)


def ran(*tasks, status=Status.SUCCESS):
    return Graph(tuple(Task(TaskId(task), f"task {task}", status=status) for task in tasks))


def failure(id_="3377-2026112100", status=Status.FAIL, end="2026-11-21 02:00:00", at=NOW, **more):
    moment = instance_moment(id_)
    printed = f"{moment + ZONE:%Y-%m-%d %H:%M:%S}" if moment else "2026-11-21 08:00:00"
    return Occurrence(InstanceId(id_), int(status), more.pop("trigger", printed), end, at, **more)


KNOWN = {
    "failed_tasks": (TaskId(108580),),
    "failed_task_name": "transform",
    "error_line": "ERROR column kwh not found",
}


def incident(*failures, **more):
    base = on_one_card(
        id=IncidentId("i1"),
        flow_id=FlowId(3377),
        flow_name="daily-energy-report",
        channel="C0DATAOPS1",
        phase=Phase.OPEN,
        opened_at=NOW,
        post=PostId("p1"),
        occurrences=failures or (failure(**KNOWN),),
        owners=(OWNER, OTHER),
    )
    return changed(base, **more)
