"""Menus: Slack takes five choices in one, and nothing that a person may do is left out of them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from incident_cards import changed
from incident_makers import JONAS, KNOWN, MAYA, NOW, failure, incident

from bot.core.flow.model import InstanceId, UserName
from bot.core.flow.status import OwnStatus
from bot.core.history.background import Background, Lateness, PlannedRetry
from bot.core.incident import lifecycle
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.model import Snooze, SnoozeId
from bot.core.incident.resolution import Resolution
from bot.core.outbox import blocks
from bot.core.outbox.posts import PostId
from bot.core.text.message import msg
from bot.messages.cards import board
from bot.messages.cards import incident as cards

LATER = NOW + timedelta(hours=1)
RUN = InstanceId("3377-2026112100")
SNOOZE = Snooze(SnoozeId("s1"), 3377, "daily-energy-report", JONAS, NOW, LATER, "known")
RETRY = Background(retry=PlannedRetry(RUN, LATER, "Connection reset", UserName("maya.chen")))
OPEN = incident(failure(**KNOWN))
TAKEN = lifecycle.acknowledge(OPEN, MAYA, NOW)[0]
MISSING = incident(failure(status=OwnStatus.LATE), background=Background(late=Lateness(fire=NOW, is_missing=True)))
RECOVERED = lifecycle.recovered(OPEN, InstanceId("3377-2026112200"), LATER)[0]
HEALED = replace(RECOVERED, occurrences=(replace(RECOVERED.occurrences[0], backfilled=True),))
CLOSED = lifecycle.close(OPEN, JONAS, LATER, "not needed")[0]

SHOWN = {"show 3377", f"show {RUN}", f"graph {RUN}"}
FORMS = {"form close 3377", "form assign 3377"}
LOOK = {"show 3377", f"graph {RUN}", f"rerun {RUN}", f"log {RUN}", *FORMS}  # the graph leads to the run
ACK = {"ack 3377", "form ack 3377"}
STATES = [
    # an incident                                          what its card offers
    (OPEN, {*LOOK, *ACK, "form snooze 3377"}),
    (replace(OPEN, snooze=SNOOZE), {*LOOK, *ACK, "unsnooze 3377"}),
    (replace(OPEN, snooze=replace(SNOOZE, flow_id=None)), {*LOOK, *ACK, "form snooze 3377"}),
    (replace(OPEN, background=RETRY), {*LOOK, *ACK, "form snooze 3377", "unretry 3377"}),
    (TAKEN, {*LOOK, f"take 3377 from <@{MAYA.user}>", "unack 3377", "form snooze 3377"}),
    (replace(TAKEN, snooze=SNOOZE), {*LOOK, f"take 3377 from <@{MAYA.user}>", "unack 3377", "unsnooze 3377"}),
    (MISSING, {*ACK, "trigger 3377 at 2026-11-21T09:00Z", *FORMS, "form snooze 3377", "show 3377"}),
    (RECOVERED, {*SHOWN, f"rerun {RUN}", "form close 3377"}),
    (HEALED, SHOWN),
    (CLOSED, {*SHOWN, f"log {RUN}", "reopen 3377", *(f"close 3377 as {each.value}" for each in Resolution)}),
    (replace(CLOSED, resolution=Resolution.FIXED), {*SHOWN, f"log {RUN}", "reopen 3377"}),
]


def offered(body):
    """The commands of all buttons and menus, each menu within Slack's limit."""
    found = []
    for block in body:
        elements = [block["accessory"]] if "accessory" in block else block.get("elements", ())
        for each in elements if block["type"] != "context" else ():
            if each.get("type") == "overflow":
                assert 1 <= len(each["options"]) <= blocks.MENU
            choices = each.get("options", [each])
            found += [choice["value"].split("|", 2)[2] for choice in choices if "value" in choice]
    return found


@pytest.mark.parametrize(("shown", "commands"), STATES)
def test_a_card_offers_each_command_once(shown, commands):
    found = offered(cards.card(shown, "p1", cards.RenderContext()).blocks)
    assert sorted(found) == sorted(commands)


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("shown", [state for state, _ in STATES])
def test_a_row_of_a_storm_offers_what_changes_something_and_its_thread_the_rest(shown, grouped):
    listed = changed(shown, grouped=grouped, listed_in="p2")
    storm = IncidentGroup(PostId("p2"), "C0DATAOPS1", Occasion.STORM, NOW, NOW, joined=1)
    body = board.storm(storm, [listed], {}, "p2", command="/flow")
    row = next(block for block in body.fallback if block.get("accessory"))
    found = offered([row])
    card = set(offered(cards.card(shown, "p1", cards.RenderContext()).blocks))
    live = lifecycle.is_live(shown)
    acts = {each for each in card if each.split()[0] in {"ack", "take", "unack", "rerun", "trigger", "unretry"}}
    expected = {*(acts if live else ()), *({"form close 3377"} if live else ())}
    assert expected <= set(found)
    assert ("thread 3377" in found) is grouped
    assert set(found) - {"thread 3377"} <= card


def test_a_menu_with_too_many_choices_is_not_cut_silently():
    with pytest.raises(ValueError, match="at most 5"):
        blocks.menu([(msg("Close"), f"close {n}") for n in range(6)], "p1", 0)
