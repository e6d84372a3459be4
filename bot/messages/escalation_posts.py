"""What is posted about a step of an escalation: a reply in each thread, and a direct message to whom no reply reaches.

Their ids are made from the step, so that nothing posts it twice.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.core.flow.model import UserName
from bot.core.incident.escalation import CallReason, Decision, EscalationStep
from bot.core.incident.groups import IncidentGroup
from bot.core.incident.model import Incident
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind, call_about
from bot.core.people.model import Person
from bot.core.values import dataclass
from bot.messages.cards import escalation as cards
from bot.messages.cards import incident_groups as group_cards
from bot.messages.incident_posts import HOLD


@dataclass(frozen=True, slots=True)
class Call:
    """A step that is taken, and what its posts need to know."""

    decision: Decision
    step: EscalationStep
    place: int  # how many steps were taken before it in all
    directly: Sequence[str]  # who hears of it by direct message
    people: Mapping[UserName, Person]
    due: datetime
    groups: Mapping[str, str]  # the names of groups that are known, by id

    @property
    def about(self) -> str:
        """What its posts remind of: an owners' reminder is replaced by the next, a call is not."""
        alone = self.step.reason is CallReason.OWNERS and self.step.number > 1
        return self.step.of if alone else call_about(self.step.of, self.place)

    def id_for(self, reader: str) -> PostId:
        """The id of its post in a channel or for a person."""
        return PostId(f"call{self.place + 1}-{self.step.of}-{reader}")


def of_incident(incident: Incident, call: Call) -> tuple[NewPost, ...]:
    """The posts about a step of an incident's escalation."""
    posts = list[NewPost]()
    for card in call.decision.shown_in:
        id_ = call.id_for(card.channel)
        mentions = card == call.decision.mentions_in
        body = cards.step_taken(incident, call.step, call.people, id_, call.groups, mentions=mentions)
        posts.append(_post(call, id_, card.channel, body, incident.id, thread_of=card.post))
    for user in call.directly:
        id_ = call.id_for(f"dm-{user}")
        posts.append(_post(call, id_, user, cards.call(incident, call.step, user, id_), incident.id))
    return tuple(posts)


def of_storm(storm: IncidentGroup, waiting: Sequence[Incident], call: Call, command: str) -> tuple[NewPost, ...]:
    """The posts about a step of a storm's escalation."""
    step = call.step
    whom = (
        cards.asked(step, len(waiting)) if call.decision.mentions_in else cards.called(step, call.people, call.groups)
    )
    id_ = PostId(f"call{call.place + 1}-{storm.post}")
    body = group_cards.storm_reminder(waiting, id_, (whom, *cards.notes(step, call.groups)), command=command)
    posts = [_post(call, id_, storm.channel, body, thread_of=storm.post)]
    for user in call.directly:
        id_ = call.id_for(f"dm-{user}")
        body = group_cards.storm_reminder(waiting, id_, (cards.why_called_about_storm(step, user),), command=command)
        posts.append(_post(call, id_, user, body))
    return tuple(posts)


def _post(
    call: Call, id_: PostId, channel: str, body: Card, incident: str = "", *, thread_of: PostId | None = None
) -> NewPost:
    return NewPost(
        id=id_,
        kind=PostKind.MESSAGE,
        lane=Lane.ALERT,
        channel=channel,
        body=body,
        due=call.due + HOLD,
        thread_of=thread_of,
        incident=incident,
        reminds_of=call.about,
    )
