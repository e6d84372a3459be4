"""Audience: who sees an answer. Pure: an answer and its place become posts.

Questions and refusals go to the asker alone; a mention's question is answered in its thread. A change is
one message in the channel, or in the incident's thread. Where the asker would not see it there, a private line says
where it stands.
"""

from datetime import datetime

from bot.core.incident.model import Incident
from bot.core.outbox.pointers import Pointed
from bot.core.outbox.posts import Body, Kind, Lane, NewPost, PostId
from bot.core.people.model import Surface
from bot.messages.cards import answers, flows
from bot.work.commands.context import Answer, Ask


def posts_of(
    answer: Answer, ask: Ask, *, member: bool, spare: PostId, first: Pointed = Pointed.STANDS
) -> tuple[NewPost, ...]:
    """Return what is to be queued. ``member``: whether the bot may post here; ``spare``: an id for a second post.

    ``first``: how the message of the incident stands in whose thread it is told.
    """
    where = ask.said.where
    if answer.body is None:
        return ()
    if answer.in_incident is not None:
        incident = answer.in_incident
        reply = in_thread(incident, ask.post, answer.body, ask.now, ask.person.user)
        if sees(ask, incident):
            return (reply,)
        named = flows.flow_name(incident.flow_id, incident.flow_name)
        return reply, whisper(ask, spare, answers.see_thread(ask.words, named, first, incident.channel))
    if where.surface is Surface.DIRECT or (answer.public and member):
        post = message(ask, ask.post, where.channel, answer.body, thread=where.thread)
    elif answer.public:
        post = message(ask, ask.post, ask.person.user, answer.body)
        return post, whisper(ask, spare, answers.see_direct_messages(ask.words))
    elif where.surface is Surface.MENTION and not answer.private:
        post = message(ask, ask.post, where.channel, answer.body, thread=where.thread or where.message)
    else:
        post = whisper(ask, ask.post, answer.body)
    if answer.file is None:
        return (post,)
    return post, _post(ask, spare, Kind.FILE, ask.person.user, answer.file)


def sees(ask: Ask, incident: Incident) -> bool:
    """Whether the asker sees a reply in this incident's thread: they spoke in it, or pressed its card."""
    same = ask.incident is not None and ask.incident.id == incident.id and ask.moved is None
    return same and ask.said.where.channel == incident.channel


def in_thread(incident: Incident, post: PostId, body: Body, now: datetime, user: str) -> NewPost:
    """Return a reply in the incident's thread; should its channel take none, it goes to the user's direct messages."""
    return NewPost(
        id=post,
        kind=Kind.MESSAGE,
        lane=Lane.ANSWER,
        channel=incident.channel,
        body=body,
        due=now,
        thread_of=incident.post,
        user=user,
        incident=incident.id,
    )


def whisper(ask: Ask, post: PostId, body: Body) -> NewPost:
    """Return a post that the asker alone sees, where they spoke."""
    where = ask.said.where
    if where.surface is Surface.DIRECT:
        return message(ask, post, where.channel, body, thread=where.thread)
    return _post(ask, post, Kind.WHISPER, where.channel, body, thread=where.thread, response_url=where.response_url)


def message(ask: Ask, post: PostId, channel: str, body: Body, *, thread: str = "") -> NewPost:
    """Return a message; should its place take none, it goes to the asker's direct messages."""
    return _post(ask, post, Kind.MESSAGE, channel, body, thread=thread)


def _post(
    ask: Ask, post: PostId, kind: Kind, channel: str, body: Body, *, thread: str = "", response_url: str = ""
) -> NewPost:
    return NewPost(
        id=post,
        kind=kind,
        lane=Lane.ANSWER,
        channel=channel,
        body=body,
        due=ask.now,
        thread=thread,
        user=ask.person.user,
        response_url=response_url,
        incident=ask.incident.id if ask.incident is not None else "",
    )
