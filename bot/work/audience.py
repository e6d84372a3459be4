"""Audience: who sees an answer. Pure: an answer and its place become posts.

Questions and refusals go to the asker alone; a mention's question is answered in its thread. A change is
one message in the channel, or in the incident's thread. Where the bot is no member, a change goes to the asker's
direct messages and a private line says so.
"""

from datetime import datetime

from bot.core.cards import answers
from bot.core.incidents import Incident
from bot.core.people import Surface
from bot.core.posts import Body, Kind, Lane, NewPost, PostId
from bot.work.asking import Answer, Ask


def posts_of(answer: Answer, ask: Ask, *, member: bool, spare: PostId) -> tuple[NewPost, ...]:
    """Return what is to be queued. ``member``: whether the bot may post here; ``spare``: an id for a second post."""
    where = ask.said.where
    posts: list[NewPost] = []
    if answer.file is not None:
        posts.append(_post(spare, Kind.FILE, ask.person.user, answer.file, ask.now))
    if answer.body is None:
        return tuple(posts)
    if answer.in_incident is not None:
        posts.append(in_thread(answer.in_incident, ask.post, answer.body, ask.now))
    elif where.surface is Surface.DIRECT or (answer.public and member):
        posts.append(_post(ask.post, Kind.MESSAGE, where.channel, answer.body, ask.now, thread=where.thread))
    elif answer.public:
        posts.append(_post(ask.post, Kind.MESSAGE, ask.person.user, answer.body, ask.now))
        posts.append(whisper(ask, spare, answers.see_direct_messages(ask.words)))
    elif where.surface is Surface.MENTION and not answer.private:
        thread = where.thread or where.message
        posts.append(_post(ask.post, Kind.MESSAGE, where.channel, answer.body, ask.now, thread=thread))
    else:
        posts.append(whisper(ask, ask.post, answer.body))
    return tuple(posts)


def in_thread(incident: Incident, post: PostId, body: Body, now: datetime) -> NewPost:
    """Return a reply in the incident's thread."""
    return NewPost(
        id=post,
        kind=Kind.MESSAGE,
        lane=Lane.ANSWER,
        channel=incident.channel,
        body=body,
        due=now,
        thread_of=incident.post,
        incident=incident.id,
    )


def whisper(ask: Ask, post: PostId, body: Body) -> NewPost:
    """Return a post that the asker alone sees, where they spoke."""
    where = ask.said.where
    if where.surface is Surface.DIRECT:
        return _post(post, Kind.MESSAGE, where.channel, body, ask.now, thread=where.thread)
    return NewPost(
        id=post,
        kind=Kind.WHISPER,
        lane=Lane.ANSWER,
        channel=where.channel,
        body=body,
        due=ask.now,
        thread=where.thread,
        user=ask.person.user,
        response_url=where.response_url,
    )


def _post(post: PostId, kind: Kind, channel: str, body: Body, now: datetime, *, thread: str = "") -> NewPost:
    return NewPost(id=post, kind=kind, lane=Lane.ANSWER, channel=channel, body=body, due=now, thread=thread)
