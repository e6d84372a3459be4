"""Rights: who may do what, as pure decisions that return a named reason.

Rights are checked when something is done, not when its button was drawn. EnOS checks again by the
``userId`` that the call carries; there is no override.
"""

from enum import Enum
from typing import assert_never

from bot.core.flow.model import Flow, UserName
from bot.core.people.model import Link, Profile
from bot.core.text.escape import EMPTY
from bot.core.text.message import Text
from bot.core.values import dataclass

VERIFY_FLOWS = 10  # editable flows that are checked to verify a link


class Who(Enum):
    """Who may use a verb, as the table of commands says."""

    ANYONE = "anyone"
    LINKED = "linked"
    OWNER = "owner"
    RESPONDER = "owner or on call"
    ADMIN = "flowbot admin"


class Denial(Enum):
    """Why somebody may not, or that they may."""

    NONE = "may"
    BOT = "bot"
    DEACTIVATED = "deactivated"
    STRANGER = "stranger"
    GUEST = "guest"
    NOT_LINKED = "not_linked"
    NOT_VERIFIED = "not_proven"
    NOT_ADMIN = "not_admin"
    NOT_OWNER = "not_owner"
    NOT_RESPONDER = "not_responder"
    ON_CALL_UNREAD = "on_call_unread"
    FLOW_LOCKED = "flow_locked"
    USER_LOCKED = "user_locked"


@dataclass(frozen=True, slots=True)
class Caller:
    """What is known about the person who asks."""

    profile: Profile
    link: Link | None
    admin: bool = False
    on_call: bool = False  # in an on-call group; where none is set, linked and in the incident's channel
    unread: Text = EMPTY  # a sentence: why it is not known whether they are on call; empty where it is known


def may_use_bot(caller: Caller) -> Denial:
    """Whether this person may use flowbot at all, on any surface, for any verb."""
    profile = caller.profile
    if profile.bot:
        return Denial.BOT
    if profile.stranger:
        return Denial.STRANGER
    if profile.deleted:
        return Denial.DEACTIVATED
    if profile.guest and caller.link is None:
        return Denial.GUEST
    return Denial.NONE


def may(who: Who, caller: Caller) -> Denial:
    """Whether this person may use a verb at all; ownership of the flow is asked later, of the flow.

    RESPONDER: linked or on call. Where that could not be read, the reason is never "you may not".
    """
    match who:
        case Who.ANYONE:
            return Denial.NONE
        case Who.ADMIN:
            return Denial.NONE if caller.admin else Denial.NOT_ADMIN
        case Who.LINKED | Who.OWNER:
            return Denial.NONE if caller.link else Denial.NOT_LINKED
        case Who.RESPONDER:
            if caller.link or caller.on_call:
                return Denial.NONE
            return Denial.ON_CALL_UNREAD if caller.unread else Denial.NOT_LINKED
        case _:
            assert_never(who)


def may_change(link: Link, flow: Flow) -> Denial:
    """Whether the linked user may change this flow: an owner, and neither flow nor user locked.

    Source: the prerequisites of Trigger Flow From Task, Update And Trigger Flow and Enable Flow.
    """
    if link.user_name not in flow.owners:
        return Denial.NOT_OWNER
    if flow.user_locked:
        return Denial.USER_LOCKED
    if flow.locked:
        return Denial.FLOW_LOCKED
    return Denial.NONE


def may_respond(caller: Caller, owners: tuple[UserName, ...], *, needs_link: bool, holds: bool = False) -> Denial:
    """Whether this person may act on an incident: on call, or an owner of its flow by a verified link.

    ``holds``: they have acknowledged it, which is enough to hand it back.
    """
    link = caller.link
    if needs_link and link is None:
        return Denial.NOT_LINKED
    if caller.on_call or holds:
        return Denial.NONE
    if link is not None and link.user_name in owners:
        return Denial.NONE if link.verified else Denial.NOT_VERIFIED
    return Denial.ON_CALL_UNREAD if caller.unread else Denial.NOT_RESPONDER


def verifies(link: Link, flow: Flow, *, editable: bool) -> bool:
    """Whether this flow verifies the link: its user id may edit it, and its user name is among the owners."""
    return editable and link.user_name in flow.owners
