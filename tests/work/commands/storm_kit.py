"""Incidents that a storm's message lists."""

from datetime import timedelta

from answer_world import OPS, START
from incident_cards import on_one_card

from bot.core.flow.model import FlowId, InstanceId, UserName
from bot.core.incident.model import IncidentId, Occurrence, Phase
from bot.core.outbox.posts import PostId

STORM = PostId("storm1")


def listed(number, owner="maya.chen", **more):
    instance = InstanceId(f"{number}-2026112102")
    failure = Occurrence(instance, -1, "2026-11-21 10:00:00", "2026-11-21 10:05:00", START)
    return on_one_card(
        id=IncidentId(f"s{number}"),
        flow_id=FlowId(number),
        flow_name=f"flow-{number}",
        channel=OPS,
        phase=Phase.OPEN,
        opened_at=START - timedelta(seconds=number - 3000),
        post=STORM,
        occurrences=(failure,),
        owners=(UserName(owner),),
        grouped=True,
        listed_in=STORM,
        told_at=START,
        **more,
    )
