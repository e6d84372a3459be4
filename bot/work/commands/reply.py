"""Replies: an answer becomes posts, and who sees them.

Questions and refusals go to the asker only; a mention's question is answered in its thread. A change is
one message in the channel, or in the incident's thread. Where the asker would not see it there, a private line says
where it is.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.core.command import buttons
from bot.core.errors import Offer
from bot.core.incident.model import Incident
from bot.core.outbox.card import Body, Card
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.pointers import PostPresence, post_presence
from bot.core.outbox.posts import Lane, NewPost, Post, PostId, PostKind
from bot.core.people.model import Surface
from bot.core.text.mask import without_secrets
from bot.messages.cards import answers, flows
from bot.work.commands.context import Answer, CommandContext, Services


async def posts(services: Services, context: CommandContext, answer: Answer) -> tuple[NewPost, ...]:
    """The posts that show this answer."""
    member, first = True, PostPresence.POSTED
    if answer.in_incident is not None:
        first = post_presence(await services.store.post(PostId(answer.in_incident.post)))
    elif answer.public:
        member = await _may_post(services, context)
    return posts_of(answer, context, member=member, spare=PostId(services.new_id()), first=first)


async def _may_post(services: Services, context: CommandContext) -> bool:
    """Whether the bot is a member here; where Slack does not say, the person's direct messages are safe."""
    if context.incoming.origin.surface in {Surface.MENTION, Surface.DIRECT}:
        return True  # Slack delivers mentions to members only
    try:
        channel = await services.slack.channel(context.incoming.origin.channel)
    except SLACK_FAILURES:
        return False
    return channel.member and not channel.archived


def posts_of(
    answer: Answer, context: CommandContext, *, member: bool, spare: PostId, first: PostPresence = PostPresence.POSTED
) -> tuple[NewPost, ...]:
    """What is to be queued. ``member``: whether the bot may post here; ``spare``: an id for a second post.

    ``first``: whether the message of the incident in whose thread it is shown is in Slack. Pure.
    """
    origin, asker = context.incoming.origin, context.incoming.by.user
    if answer.body is None:
        return ()
    if answer.in_incident is not None:
        incident = answer.in_incident
        reply = in_thread(incident, context.post, answer.body, context.now, asker)
        if sees_thread(context, incident):
            return (reply,)
        named = flows.flow_name(incident.flow_id, incident.flow_name)
        return reply, ephemeral(context, spare, answers.see_thread(context.words, named, first, incident.channel))
    if origin.surface is Surface.DIRECT or (answer.public and member):
        post = _message(context, context.post, origin.channel, answer.body, thread=origin.thread)
    elif answer.public:
        post = _message(context, context.post, asker, answer.body)
        return post, ephemeral(context, spare, answers.see_direct_messages(context.words))
    elif origin.surface is Surface.MENTION and not answer.private:
        post = _message(context, context.post, origin.channel, answer.body, thread=origin.thread or origin.message)
    else:
        post = ephemeral(context, context.post, answer.body)
    if answer.file is None:
        return (post,)
    return post, _message(context, spare, asker, answer.file, kind=PostKind.FILE)


def sees_thread(context: CommandContext, incident: Incident) -> bool:
    """Whether the asker sees a reply in this incident's thread: they wrote in it, or pressed its card."""
    same = context.incident is not None and context.incident.id == incident.id and context.replacement is None
    return same and context.incoming.origin.channel == incident.channel


def in_thread(incident: Incident, post: PostId, body: Card, now: datetime, user: str) -> NewPost:
    """A reply in the incident's thread; should its channel take none, it goes to the user's direct messages."""
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


def ephemeral(context: CommandContext, post: PostId, body: Card) -> NewPost:
    """A post that only the asker sees, where they asked."""
    origin = context.incoming.origin
    kind = PostKind.MESSAGE if origin.surface is Surface.DIRECT else PostKind.EPHEMERAL
    return _message(context, post, origin.channel, body, kind=kind, thread=origin.thread)


def _message(
    context: CommandContext,
    post: PostId,
    channel: str,
    body: Card | Body,
    *,
    kind: PostKind = PostKind.MESSAGE,
    thread: str = "",
) -> NewPost:
    """A post; should its channel not take a message, that goes to the asker's direct messages."""
    return NewPost(
        id=post,
        kind=kind,
        lane=Lane.ANSWER,
        channel=channel,
        body=body,
        due=context.now,
        thread=thread,
        user=context.incoming.by.user,
        response_url=context.incoming.origin.response_url if kind is PostKind.EPHEMERAL else "",
        incident=context.incident.id if context.incident is not None else "",
    )


async def link_to(services: Services, message: Post | None) -> str:
    """A link to a message that is in Slack, else ""."""
    if message is None or post_presence(message) is not PostPresence.POSTED:
        return ""
    try:
        return await services.slack.permalink(message.channel, message.ts)
    except SLACK_FAILURES:
        return ""


async def fit_into_buttons(services: Services, context: CommandContext, offers: Sequence[Offer]) -> list[Offer]:
    """Offers whose commands fit into buttons: what is too long is kept in the store."""
    return [(label, await _button_value(services, context, command)) for label, command in offers]


async def _button_value(services: Services, context: CommandContext, command: str) -> str:
    """The words of a button. A secret is kept in memory only: the store keeps the words without it."""
    without_secret = without_secrets(command, services.answer_settings.mask)
    if without_secret != command:
        stashed = await services.store.stash(without_secret, context.now)
        return buttons.reference(stashed, services.secret_commands.keep(command, services.new_id))
    if len(buttons.value(command, context.post)) <= buttons.VALUE_LIMIT:
        return command
    return buttons.reference(await services.store.stash(command, context.now))
