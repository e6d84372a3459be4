"""docs/bridges.md names every type of event and every field, and nothing that there is not."""

import re
from pathlib import Path

from bot.core.bridges.cloud_events import PING, TYPE
from bot.core.bridges.facts import facts
from bot.core.bridges.pagerduty import Action
from bot.core.flow.model import FlowId, InstanceId
from bot.core.history.background import Background, Lateness
from bot.core.incident.events import IncidentStep
from bot.core.incident.model import Incident, IncidentCard, IncidentId, Occurrence, Phase
from bot.core.outbox.posts import PostId
from bot.core.people.model import Person
from bot.ops.clocks import wall

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "bridges.md").read_text(encoding="utf-8")


def test_every_type_is_on_the_page():
    types = set(re.findall(r"^\| `(io\.flowbot\.[a-z_.0-9]+)`", PAGE, re.MULTILINE))
    assert types == {TYPE.format(step.value) for step in IncidentStep} | {PING}


def test_every_field_is_on_the_page():
    failure = Occurrence(InstanceId("1-20261121"), -1, "", "", wall())
    card, maya = IncidentCard("C1", PostId("p1")), Person("T1", "U1")
    incident = Incident(
        *(IncidentId("i1"), FlowId(1), "report", Phase.OPEN, wall(), (card,)),
        occurrences=(failure,),
        acked_by=maya,
        background=Background(late=Lateness()),
    )
    data = facts(incident, incident, {})
    nested = {name for name in ("incident", "flow", "run", "late") if isinstance(data[name], dict)}
    fields = {f"{name}.{field}" for name in nested for field in data[name]} | data.keys() - {"incident", "flow"}
    table = PAGE.partition("### Fields of `data`")[2].partition("\n###")[0]
    shown = {
        name for row in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for name in re.findall("`([^`]+)`", row)
    }
    assert shown == fields
    assert all(f"`{name}`" in table for name in data["acknowledged"])


def test_every_action_is_on_the_page():
    assert all(f"`{action.value}`" in PAGE for action in Action)
