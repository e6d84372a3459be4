"""Who may do what: whole tables of people and verbs."""

from dataclasses import replace

import pytest

from bot.core.command.rights import (
    Reason,
    Standing,
    Who,
    heard,
    may,
    owns,
    proves,
    responds,
)
from bot.core.command.table import ROWS
from bot.core.flow.model import Flow, FlowId, UserId, UserName
from bot.core.people.model import Link, Person, Profile

MAYA = Person("T0DEMO0001", "U0MAYA00001")
PROVEN = Link(MAYA, UserId("u1"), UserName("maya.chen"), proven=True)
UNPROVEN = Link(MAYA, UserId("u1"), UserName("maya.chen"))
OWN, OTHER = (UserName("maya.chen"),), (UserName("jonas.weber"),)


def standing(link=None, *, admin=False, on_call=False, **profile):
    return Standing(Profile(MAYA, **profile), link, admin=admin, on_call=on_call)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (standing(), Reason.MAY),
        (standing(PROVEN), Reason.MAY),
        (standing(bot=True), Reason.BOT),
        (standing(PROVEN, bot=True, admin=True), Reason.BOT),
        (standing(stranger=True), Reason.STRANGER),
        (standing(PROVEN, stranger=True, admin=True, on_call=True), Reason.STRANGER),
        (standing(PROVEN, deleted=True, admin=True), Reason.DEACTIVATED),
        (standing(guest=True), Reason.GUEST),
        (standing(guest=True, on_call=True), Reason.GUEST),
        (standing(UNPROVEN, guest=True), Reason.MAY),
    ],
)
def test_who_is_listened_to_at_all(who, reason):
    assert heard(who) is reason


NOBODY, READER, DUTY, ADMIN = standing(), standing(UNPROVEN), standing(on_call=True), standing(admin=True)
VERBS = {
    Who.ANYONE: (Reason.MAY, Reason.MAY, Reason.MAY, Reason.MAY),
    Who.LINKED: (Reason.NOT_LINKED, Reason.MAY, Reason.NOT_LINKED, Reason.NOT_LINKED),
    Who.OWNER: (Reason.NOT_LINKED, Reason.MAY, Reason.NOT_LINKED, Reason.NOT_LINKED),
    Who.RESPONDER: (Reason.NOT_LINKED, Reason.MAY, Reason.MAY, Reason.NOT_LINKED),
    Who.ADMIN: (Reason.NOT_ADMIN, Reason.NOT_ADMIN, Reason.NOT_ADMIN, Reason.MAY),
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.verb)
def test_who_may_use_a_verb(row):
    assert tuple(may(row.who, each) for each in (NOBODY, READER, DUTY, ADMIN)) == VERBS[row.who]


@pytest.mark.parametrize(
    ("owners", "locked", "user_locked", "reason"),
    [
        (OWN, False, False, Reason.MAY),
        ((*OTHER, *OWN), False, False, Reason.MAY),
        (OTHER, False, False, Reason.NOT_OWNER),
        ((), False, False, Reason.NOT_OWNER),
        (OTHER, True, True, Reason.NOT_OWNER),
        (OWN, True, False, Reason.FLOW_LOCKED),
        (OWN, False, True, Reason.USER_LOCKED),
        (OWN, True, True, Reason.USER_LOCKED),
        ((UserName("Maya.Chen"),), False, False, Reason.NOT_OWNER),
    ],
)
def test_a_flow_is_changed_by_its_owners_while_nothing_is_locked(owners, locked, user_locked, reason):
    flow = Flow(FlowId(1), "flow", active=True, owners=owners, locked=locked, user_locked=user_locked)
    assert owns(PROVEN, flow) is reason


@pytest.mark.parametrize(
    ("who", "owners", "needs_link", "reason"),
    [
        (standing(PROVEN), OWN, False, Reason.MAY),
        (standing(PROVEN), OWN, True, Reason.MAY),
        (standing(PROVEN), OTHER, False, Reason.NOT_RESPONDER),
        (standing(UNPROVEN), OWN, False, Reason.NOT_PROVEN),
        (standing(UNPROVEN), OTHER, False, Reason.NOT_RESPONDER),
        (standing(on_call=True), OTHER, False, Reason.MAY),
        (standing(on_call=True), OTHER, True, Reason.NOT_LINKED),
        (standing(UNPROVEN, on_call=True), OTHER, True, Reason.MAY),
        (standing(), OWN, False, Reason.NOT_RESPONDER),
        (standing(), OWN, True, Reason.NOT_LINKED),
        (standing(admin=True), OWN, False, Reason.NOT_RESPONDER),  # being an admin is no right to flows
    ],
)
def test_who_may_act_on_an_incident(who, owners, needs_link, reason):
    assert responds(who, owners, needs_link=needs_link) is reason


@pytest.mark.parametrize(
    ("owners", "editable", "proof"), [(OWN, True, True), (OWN, False, False), (OTHER, True, False)]
)
def test_a_link_is_proven_by_a_flow_that_the_id_may_edit_and_that_names_the_name(owners, editable, proof):
    flow = Flow(FlowId(1), "flow", active=True, owners=owners)
    assert proves(UNPROVEN, flow, editable=editable) is proof


UNREAD = replace(standing(), unread="I could not read the on-call group S1.")


def test_what_could_not_be_read_is_not_told_as_may_not():
    linked = replace(UNREAD, link=PROVEN)
    assert may(Who.RESPONDER, UNREAD) is Reason.ON_CALL_UNREAD
    assert may(Who.RESPONDER, linked) is Reason.MAY
    assert may(Who.LINKED, UNREAD) is Reason.NOT_LINKED
    assert responds(linked, OWN, needs_link=False) is Reason.MAY
    assert responds(linked, OTHER, needs_link=False) is Reason.ON_CALL_UNREAD
    assert responds(UNREAD, OWN, needs_link=True) is Reason.NOT_LINKED


def test_who_has_it_may_where_that_counts():
    assert responds(standing(), OTHER, needs_link=False, holds=True) is Reason.MAY
    assert responds(standing(), OTHER, needs_link=True, holds=True) is Reason.NOT_LINKED
    assert responds(standing(UNPROVEN), OTHER, needs_link=True, holds=True) is Reason.MAY
