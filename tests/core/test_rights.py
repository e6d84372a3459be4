"""Who may do what: whole tables of people and verbs."""

from dataclasses import replace

import pytest

from bot.core.command.rights import (
    Caller,
    Denial,
    Who,
    may,
    may_change,
    may_respond,
    may_use_bot,
    verifies,
)
from bot.core.command.table import ROWS
from bot.core.flow.model import Flow, FlowId, UserId, UserName
from bot.core.people.model import Link, Person, Profile

MAYA = Person("T0DEMO0001", "U0MAYA00001")
PROVEN = Link(MAYA, UserId("u1"), UserName("maya.chen"), verified=True)
UNPROVEN = Link(MAYA, UserId("u1"), UserName("maya.chen"))
OWN, OTHER = (UserName("maya.chen"),), (UserName("jonas.weber"),)


def caller(link=None, *, admin=False, on_call=False, **profile):
    return Caller(Profile(MAYA, **profile), link, admin=admin, on_call=on_call)


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (caller(), Denial.NONE),
        (caller(PROVEN), Denial.NONE),
        (caller(bot=True), Denial.BOT),
        (caller(PROVEN, bot=True, admin=True), Denial.BOT),
        (caller(stranger=True), Denial.STRANGER),
        (caller(PROVEN, stranger=True, admin=True, on_call=True), Denial.STRANGER),
        (caller(PROVEN, deleted=True, admin=True), Denial.DEACTIVATED),
        (caller(guest=True), Denial.GUEST),
        (caller(guest=True, on_call=True), Denial.GUEST),
        (caller(UNPROVEN, guest=True), Denial.NONE),
    ],
)
def test_who_is_listened_to_at_all(who, reason):
    assert may_use_bot(who) is reason


NOBODY, READER, DUTY, ADMIN = caller(), caller(UNPROVEN), caller(on_call=True), caller(admin=True)
VERBS = {
    Who.ANYONE: (Denial.NONE, Denial.NONE, Denial.NONE, Denial.NONE),
    Who.LINKED: (Denial.NOT_LINKED, Denial.NONE, Denial.NOT_LINKED, Denial.NOT_LINKED),
    Who.OWNER: (Denial.NOT_LINKED, Denial.NONE, Denial.NOT_LINKED, Denial.NOT_LINKED),
    Who.RESPONDER: (Denial.NOT_LINKED, Denial.NONE, Denial.NONE, Denial.NOT_LINKED),
    Who.ADMIN: (Denial.NOT_ADMIN, Denial.NOT_ADMIN, Denial.NOT_ADMIN, Denial.NONE),
}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.verb)
def test_who_may_use_a_verb(row):
    assert tuple(may(row.who, each) for each in (NOBODY, READER, DUTY, ADMIN)) == VERBS[row.who]


@pytest.mark.parametrize(
    ("owners", "locked", "user_locked", "reason"),
    [
        (OWN, False, False, Denial.NONE),
        ((*OTHER, *OWN), False, False, Denial.NONE),
        (OTHER, False, False, Denial.NOT_OWNER),
        ((), False, False, Denial.NOT_OWNER),
        (OTHER, True, True, Denial.NOT_OWNER),
        (OWN, True, False, Denial.FLOW_LOCKED),
        (OWN, False, True, Denial.USER_LOCKED),
        (OWN, True, True, Denial.USER_LOCKED),
        ((UserName("Maya.Chen"),), False, False, Denial.NOT_OWNER),
    ],
)
def test_a_flow_is_changed_by_its_owners_while_nothing_is_locked(owners, locked, user_locked, reason):
    flow = Flow(FlowId(1), "flow", active=True, owners=owners, locked=locked, user_locked=user_locked)
    assert may_change(PROVEN, flow) is reason


@pytest.mark.parametrize(
    ("who", "owners", "needs_link", "reason"),
    [
        (caller(PROVEN), OWN, False, Denial.NONE),
        (caller(PROVEN), OWN, True, Denial.NONE),
        (caller(PROVEN), OTHER, False, Denial.NOT_RESPONDER),
        (caller(UNPROVEN), OWN, False, Denial.NOT_VERIFIED),
        (caller(UNPROVEN), OTHER, False, Denial.NOT_RESPONDER),
        (caller(on_call=True), OTHER, False, Denial.NONE),
        (caller(on_call=True), OTHER, True, Denial.NOT_LINKED),
        (caller(UNPROVEN, on_call=True), OTHER, True, Denial.NONE),
        (caller(), OWN, False, Denial.NOT_RESPONDER),
        (caller(), OWN, True, Denial.NOT_LINKED),
        (caller(admin=True), OWN, False, Denial.NOT_RESPONDER),  # being an admin is no right to flows
    ],
)
def test_who_may_act_on_an_incident(who, owners, needs_link, reason):
    assert may_respond(who, owners, needs_link=needs_link) is reason


@pytest.mark.parametrize(
    ("owners", "editable", "proof"), [(OWN, True, True), (OWN, False, False), (OTHER, True, False)]
)
def test_a_link_is_proven_by_a_flow_that_the_id_may_edit_and_that_names_the_name(owners, editable, proof):
    flow = Flow(FlowId(1), "flow", active=True, owners=owners)
    assert verifies(UNPROVEN, flow, editable=editable) is proof


UNREAD = replace(caller(), unread="I could not read the on-call group S1.")


def test_what_could_not_be_read_is_not_told_as_may_not():
    linked = replace(UNREAD, link=PROVEN)
    assert may(Who.RESPONDER, UNREAD) is Denial.ON_CALL_UNREAD
    assert may(Who.RESPONDER, linked) is Denial.NONE
    assert may(Who.LINKED, UNREAD) is Denial.NOT_LINKED
    assert may_respond(linked, OWN, needs_link=False) is Denial.NONE
    assert may_respond(linked, OTHER, needs_link=False) is Denial.ON_CALL_UNREAD
    assert may_respond(UNREAD, OWN, needs_link=True) is Denial.NOT_LINKED


def test_who_has_it_may_where_that_counts():
    assert may_respond(caller(), OTHER, needs_link=False, holds=True) is Denial.NONE
    assert may_respond(caller(), OTHER, needs_link=True, holds=True) is Denial.NOT_LINKED
    assert may_respond(caller(UNPROVEN), OTHER, needs_link=True, holds=True) is Denial.NONE
