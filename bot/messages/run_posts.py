"""What the other threads of an incident are told of its rerun: one line, which the result replaces.

The progress itself is shown where the rerun was asked for: an edit of each thread's message at each step would be many.
"""

from datetime import datetime, timedelta

from bot.core.flow.run import Run
from bot.core.incident.model import Incident, IncidentCard
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import NewPost, PostId, PostKind, is_direct
from bot.messages.cards import runs as cards
from bot.messages.incident_posts import GOOD_NEWS


def started_elsewhere(
    run: Run, incident: Incident | None, task_name: str, now: datetime, zone: timedelta | None
) -> tuple[NewPost, ...]:
    """The line in each thread of the incident that does not show the progress: who started the run, and where it is."""
    if incident is None or not run.post:
        return ()
    main = incident.card_in(run.channel) or incident.home
    where = "" if is_direct(main.channel) else main.channel
    return tuple(
        NewPost(
            id=line_in(run, card),
            kind=PostKind.MESSAGE,
            lane=GOOD_NEWS,
            channel=card.channel,
            body=cards.started_elsewhere(run, task_name, where, zone=zone),
            due=now,
            thread_of=card.post,
            incident=incident.id,
        )
        for card in incident.threads
        if card != main
    )


def line_in(run: Run, card: IncidentCard) -> PostId:
    """The id of the line in a card's thread."""
    return PostId(f"{run.post}-{card.channel}")


def ended_elsewhere(line: NewPost, body: Card, id_: PostId, now: datetime) -> NewPost:
    """The edit that puts the result into a line."""
    return NewPost(
        id=id_,
        kind=PostKind.EDIT,
        lane=GOOD_NEWS,
        channel=line.channel,
        body=body,
        due=now,
        target=line.id,
        incident=line.incident,
    )
