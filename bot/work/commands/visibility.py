"""Audience: who sees an answer. Pure: an answer and its place become posts.

Questions and refusals go to the asker alone; a mention's question is answered in its thread. A change is
one message in the channel, or in the incident's thread. Where the asker would not see it there, a private line says
where it stands.
"""

from datetime import datetime

from bot.core.incident.model import Incident
from bot.core.outbox.pointers import PostPresence
from bot.core.outbox.posts import Body, Lane, NewPost, PostId, PostKind
from bot.core.people.model import Surface
from bot.messages.cards import answers, flows
from bot.work.commands.context import Answer, CommandContext


def posts_of(
    answer: Answer, context: CommandContext, *, member: bool, spare: PostId, first: PostPresence = PostPresence.POSTED
) -> tuple[NewPost, ...]:
    """Return what is to be queued. ``member``: whether the bot may post here; ``spare``: an id for a second post.

    ``first``: how the message of the incident stands in whose thread it is told.
    """
    origin = context.incoming.origin
    if answer.body is None:
        return ()
    if answer.in_incident is not None:
        incident = answer.in_incident
        reply = in_thread(incident, context.post, answer.body, context.now, context.person.user)
        if sees_thread(context, incident):
            return (reply,)
        named = flows.flow_name(incident.flow_id, incident.flow_name)
        return reply, ephemeral(context, spare, answers.see_thread(context.words, named, first, incident.channel))
    if origin.surface is Surface.DIRECT or (answer.public and member):
        post = message(context, context.post, origin.channel, answer.body, thread=origin.thread)
    elif answer.public:
        post = message(context, context.post, context.person.user, answer.body)
        return post, ephemeral(context, spare, answers.see_direct_messages(context.words))
    elif origin.surface is Surface.MENTION and not answer.private:
        post = message(context, context.post, origin.channel, answer.body, thread=origin.thread or origin.message)
    else:
        post = ephemeral(context, context.post, answer.body)
    if answer.file is None:
        return (post,)
    return post, _post(context, spare, PostKind.FILE, context.person.user, answer.file)


def sees_thread(context: CommandContext, incident: Incident) -> bool:
    """Whether the asker sees a reply in this incident's thread: they spoke in it, or pressed its card."""
    same = context.incident is not None and context.incident.id == incident.id and context.replacement is None
    return same and context.incoming.origin.channel == incident.channel


def in_thread(incident: Incident, post: PostId, body: Body, now: datetime, user: str) -> NewPost:
    """Return a reply in the incident's thread; should its channel take none, it goes to the user's direct messages."""
    return NewPost(
        id=post,
        kind=PostKind.MESSAGE,
        lane=Lane.ANSWER,
        channel=incident.channel,
        body=body,
        due=now,
        thread_of=incident.post,
        user=user,
        incident=incident.id,
    )


def ephemeral(context: CommandContext, post: PostId, body: Body) -> NewPost:
    """Return a post that the asker alone sees, where they spoke."""
    origin = context.incoming.origin
    if origin.surface is Surface.DIRECT:
        return message(context, post, origin.channel, body, thread=origin.thread)
    return _post(
        context, post, PostKind.EPHEMERAL, origin.channel, body, thread=origin.thread, response_url=origin.response_url
    )


def message(context: CommandContext, post: PostId, channel: str, body: Body, *, thread: str = "") -> NewPost:
    """Return a message; should its place take none, it goes to the asker's direct messages."""
    return _post(context, post, PostKind.MESSAGE, channel, body, thread=thread)


def _post(
    context: CommandContext,
    post: PostId,
    kind: PostKind,
    channel: str,
    body: Body,
    *,
    thread: str = "",
    response_url: str = "",
) -> NewPost:
    return NewPost(
        id=post,
        kind=kind,
        lane=Lane.ANSWER,
        channel=channel,
        body=body,
        due=context.now,
        thread=thread,
        user=context.person.user,
        response_url=response_url,
        incident=context.incident.id if context.incident is not None else "",
    )
