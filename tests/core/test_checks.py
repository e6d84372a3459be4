"""What the doctor says, and what it makes of what it was told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.core.checks import check, on_enos, on_slack
from bot.core.checks.check import Check, CheckState, failed, ok, warning
from bot.core.flow.model import (
    FlowId,
    FlowName,
    Instance,
    InstanceId,
    UserId,
    UserName,
)
from bot.core.flow.status import Status
from bot.core.outbox.conversations import Channel
from bot.core.people.model import Link, Person, Profile

WANTED = (("chat:write", "posts"), ("users:read", "time zones"))
MAYA = Link(Person("T1", "U1"), UserId("u15"), UserName("maya.chen"))
SAM = Link(Person("T1", "U2"), UserId("u16"), UserName("sam.lee"), verified=True)


def seconds(number):
    return timedelta(seconds=number)


def shown(found):
    """A check, or several, as lines."""
    found = (found,) if isinstance(found, Check) else found
    return [f"{each.state.value}: {each.name}: {each.says} {each.fix}".rstrip() for each in found]


def test_the_report_is_one_line_each_with_what_to_do_and_one_that_sums_up():
    found = [ok("a", "Fine."), warning("longer name", "Hm.", "Look\nat  it."), failed("c", "Broken.")]
    assert check.lines(found) == (
        "ok       a            Fine.\n"
        "warning  longer name  Hm.\n"
        "                      How to fix: Look at it.\n"
        "failed   c            Broken.\n"
        "\n"
        "Checks: 3. Failed: 1. Warnings: 1.\n"
    )
    assert check.report(found)["ok"] is False
    assert check.report(found)["checks"][1] == {
        "name": "longer name",
        "state": "warning",
        "says": "Hm.",
        "mend": "Look at it.",
    }


def test_linked_people_who_left_slack_are_named():
    here, left = Profile(MAYA.person), Profile(SAM.person, deleted=True)
    assert shown(on_slack.linked([(MAYA, here)], 0, "/flow")) == [
        "ok: links in slack: Linked people who are active in Slack: 1."
    ]
    (told,) = shown(on_slack.linked([(MAYA, None), (SAM, left)], 3, "/flow"))
    assert told == (
        "warning: links in slack: These linked people are deactivated in Slack, so cards cannot mention them: "
        "U1 as maya.chen, U2 as sam.lee. Not checked: 3. "
        "Link their EnOS users to other people, or unlink them: /flow unlink @person."
    )
    assert shown(on_slack.linked([], 3, "/flow")) == [
        "warning: links in slack: Slack did not say in time who is still active. Run the doctor again in a minute."
    ]


def test_warnings_are_allowed_and_failures_are_not():
    well = [ok("a", "Fine."), warning("b", "Hm.", "Look.")]
    assert check.exit_code(well) == 0
    assert check.summary(well) == "Nothing failed. Checks: 2. Warnings: 1."
    assert check.summary([ok("a", "Fine.")]) == "All good. Checks: 1."
    assert check.report(well)["ok"] is True
    assert check.exit_code([*well, failed("c", "Broken.")]) == 1
    assert check.lines([]).startswith("\nAll good. Checks: 0.")


def test_a_line_names_a_few_things_and_counts_the_others():
    assert check.some(["a", "b"]) == "a, b"
    assert check.some([str(number) for number in range(10)], 3) == "0, 1, 2 and 7 more"


@pytest.mark.parametrize(
    ("granted", "states"),
    [
        ({"chat:write", "users:read"}, ["ok: slack scopes"]),
        ({"chat:write"}, ["failed: slack scope users:read"]),
        ({"chat:write", "users:read", "admin"}, ["ok: slack scopes", "warning: slack scopes beyond"]),
        (set(), ["warning: slack scopes"]),
    ],
)
def test_scopes(granted, states):
    found = on_slack.scopes(granted, WANTED)
    assert [f"{each.state.value}: {each.name}" for each in found] == states
    assert all(each.fix for each in found if each.state is not CheckState.OK)


@pytest.mark.parametrize(
    ("skew", "state", "words"),
    [
        (timedelta(), CheckState.OK, "agrees with this machine's"),
        (seconds(-30), CheckState.OK, "30 s behind"),
        (seconds(61), CheckState.WARNING, "61 s ahead of"),
        (seconds(-300), CheckState.FAILED, "5 min behind"),
        (None, CheckState.WARNING, "has no time"),
    ],
)
def test_slacks_clock(skew, state, words):
    check = on_slack.clock(skew)
    assert check.state is state
    assert words in check.says


@pytest.mark.parametrize(
    ("skew", "state"),
    [
        (seconds(-60), CheckState.OK),
        (seconds(61), CheckState.WARNING),
        (seconds(599), CheckState.WARNING),
        (seconds(600), CheckState.FAILED),
    ],
)
def test_enos_clock(skew, state):
    assert on_enos.clock(skew).state is state


HOME = Channel("C1", name="data-ops", member=True)


@pytest.mark.parametrize(
    ("channel", "line"),
    [
        (HOME, "ok: slack channel: flowbot is in #data-ops."),
        (
            replace(HOME, archived=True),
            "failed: slack channel: #data-ops is archived. Unarchive it, or set FLOWBOT_CHANNEL to another channel.",
        ),
        (
            replace(HOME, member=False, name=""),
            "failed: slack channel: flowbot is not in C1. Invite it: /invite @flowbot in C1.",
        ),
        (
            replace(HOME, shared=True),
            (
                "failed: slack channel: flowbot posts no alerts in #data-ops. The channel is shared with another "
                "organization, and its people would read the alerts. Set another channel in FLOWBOT_CHANNEL, stop "
                "sharing this one, or add it to FLOWBOT_SHARED_CHANNELS."
            ),
        ),
        (
            replace(HOME, id="C2", shared=True),
            (
                "ok: slack channel: flowbot is in #data-ops. People of another organization can read its alerts "
                "there. FLOWBOT_SHARED_CHANNELS allows it."
            ),
        ),
        (replace(HOME, shared=None), "ok: slack channel: flowbot is in #data-ops."),
    ],
)
def test_the_channel(channel, line):
    assert shown(on_slack.channel(channel, ["C2"])) == [line]


@pytest.mark.parametrize(
    ("shown", "asked", "more", "state"),
    [
        (15, 200, True, CheckState.WARNING),
        (15, 200, False, CheckState.OK),  # there are no more
        (200, 200, True, CheckState.OK),
        (199, 200, True, CheckState.OK),  # Slack may leave some out
        (15, 15, True, CheckState.OK),
    ],
)
def test_history_that_is_cut_short(shown, asked, more, state):
    check = on_slack.history(shown, asked, more=more)
    assert check.state is state
    assert ("manifest.yml" in check.fix) is (state is CheckState.WARNING)


def test_history_that_comes_slowly():
    check = on_slack.history_slow(60.0)
    assert check.state is CheckState.WARNING
    assert "60 s" in check.says


def test_a_channel_that_slack_does_not_describe():
    assert "There is no channel C1, or it is private" in on_slack.channel_refused("C1", "channel_not_found").says
    check = on_slack.channel_refused("C1", "missing_scope")
    assert check.says == "Slack did not describe C1 (missing_scope). The token lacks a scope."
    assert "OAuth & Permissions" in check.fix
    assert on_slack.told("Slack refused it", "strange_word", "no more") == "Slack refused it (strange_word, no more)."


ALEX = Profile(Person("T1", "U1"), name="Alex")


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        (None, "FLOWBOT_ADMINS names U1, but Slack has no such user."),
        (replace(ALEX, deleted=True), "FLOWBOT_ADMINS names Alex (U1), who is deactivated."),
        (replace(ALEX, bot=True), "Alex (U1), which is an app."),
        (replace(ALEX, stranger=True), "Alex (U1), who is in another organization."),
        (replace(ALEX, guest=True, name=""), "FLOWBOT_ADMINS names U1, who is a guest."),
    ],
)
def test_admins_that_cannot_be(profile, words):
    check = on_slack.admin("U1", profile)
    assert check is not None
    assert check.state is CheckState.FAILED
    assert words in check.says


def test_a_home_that_is_off_says_what_else_is_missing():
    assert shown((on_slack.home(is_on=True),)) == ["ok: slack home: The app's Home tab is on."]
    assert on_slack.home(is_on=False).state is CheckState.WARNING


def test_admins():
    assert on_slack.admin("U1", ALEX) is None
    assert on_slack.admins((), ())[0].state is CheckState.WARNING
    assert shown(on_slack.admins(("U1",), ())) == ["ok: slack admins: All flowbot admins are in this workspace: 1."]
    trouble = failed("slack admins", "x")
    assert on_slack.admins(("U1",), (trouble,)) == (trouble,)


def test_who_is_on_call():
    assert on_slack.group("S1", {"U1"}) is None
    assert on_slack.group("S1", ()).state is CheckState.WARNING
    assert shown(on_slack.group("S1", None, "no_such_subteam")) == [
        (
            "failed: slack on call: Slack did not say who is in S1 of FLOWBOT_ONCALL. Slack refused "
            "(`no_such_subteam`). Slack has no such group, or the group is disabled. "
            "Enable the group in Slack, or correct FLOWBOT_ONCALL."
        )
    ]
    assert on_slack.group("S1", (), inactive=1).says == (
        "Nobody in S1 of FLOWBOT_ONCALL is active. Deactivated people and apps in it: 1."
    )
    assert on_slack.group("S1", {"U1"}, inactive=2) is None
    assert "Any linked member" in on_slack.on_call((), (), ())[0].says
    assert on_slack.on_call(("S1",), {"U1", "U2"}, ())[0].says == "People on call: 2."
    trouble = failed("slack on call", "x")
    assert on_slack.on_call(("S1",), (), (trouble,)) == (trouble,)


@pytest.mark.parametrize(
    ("connected", "wanted", "state"),
    [(2, 2, CheckState.OK), (1, 2, CheckState.WARNING), (0, 2, CheckState.FAILED), (0, 0, CheckState.OK)],
)
def test_the_running_bots_connections(connected, wanted, state):
    assert on_slack.sockets(connected, wanted).state is state


def test_connections_of_others():
    assert on_slack.elsewhere(2).says.endswith("Other connections of this app to Slack: 2.")


def run(id_, trigger):
    return Instance(InstanceId(id_), FlowId(1), "a", Status.SUCCESS, trigger_time=trigger)


IN_UTC, IN_8, IN_9 = (
    run("1-20261121013000", f"2026-11-21 {hour}:30:00") for hour in ("01", "09", "10")
)  # the id's digits are UTC


@pytest.mark.parametrize(
    ("setting", "printed", "rows", "state", "words"),
    [
        ("auto", "GMT+8", (), CheckState.OK, "EnOS's time zone is GMT+8."),
        ("auto", "GMT+8", (IN_UTC,), CheckState.OK, ""),
        ("auto", "GMT+8", (IN_9, IN_8), CheckState.OK, ""),
        (
            "auto",
            "GMT+8",
            (IN_9,),
            CheckState.WARNING,
            "neither in UTC nor in GMT+8, for example for run 1-20261121013000.",
        ),
        ("auto", "Mars", (), CheckState.FAILED, "gives its time zone as “Mars”"),
        ("GMT+9", "GMT+8", (), CheckState.WARNING, "FLOWBOT_ENOS_TIMEZONE is GMT+9, but EnOS says GMT+8."),
        ("GMT+8", "Mars", (IN_8,), CheckState.OK, "EnOS's time zone is GMT+8."),
    ],
)
def test_the_time_zone(setting, printed, rows, state, words):
    check = on_enos.zone(setting, printed, rows)
    assert check.state is state
    assert words in check.says


def test_what_the_watcher_sees():
    a, b, c = (FlowName(FlowId(number), name) for number, name in ((1, "a"), (2, "b"), (3, "c")))
    assert shown(on_enos.flows("u1", [a, b], [a, b])) == ["ok: enos flows: flowbot watches 2 of 2 flows as u1."]
    assert shown(on_enos.flows("u1", [a, b], [a, c])) == [
        (
            "warning: enos flows: flowbot watches 2 of 3 flows as u1. It never reports failures of these: 2 b. "
            "Give this user rights to them in EnOS, or set another ENOS_USER_ID."
        )
    ]
    searched = on_enos.flows("u1", [a, b], [], {FlowId(1), FlowId(2)})
    assert shown(searched) == ["ok: enos flows: flowbot watches 2 of 2 flows as u1."]
    check = on_enos.flows("u1", [a], [])
    assert check.state is CheckState.FAILED
    assert "sees none of 1 flows" in check.says


@pytest.mark.parametrize(
    ("setting", "found", "state", "words"),
    [
        ("auto", "1", CheckState.OK, "counts its pages from 1"),
        ("1", "1", CheckState.OK, "counts its pages from 1"),
        ("0", "1", CheckState.FAILED, "FLOWBOT_PAGE_BASE is 0, but EnOS counts its pages from 1"),
        ("auto", None, CheckState.OK, "reads both until it can tell"),
        ("0", None, CheckState.OK, "FLOWBOT_PAGE_BASE is 0. There are too few runs"),
    ],
)
def test_how_pages_are_counted(setting, found, state, words):
    check = on_enos.pages(setting, found)
    assert check.state is state
    assert words in check.says


def test_the_order_of_change():
    assert on_enos.order(["update_time", "updateTime"]).state is CheckState.OK
    assert on_enos.order(["update_time", ""]).state is CheckState.WARNING


def test_links():
    assert on_enos.links((), {}, "/flow")[0].state is CheckState.WARNING
    assert shown(on_enos.links((SAM,), {}, "/flow")) == ["ok: links: Linked people: 1. Verified: 1."]
    assert shown(on_enos.links((MAYA, SAM), {MAYA: ""}, "/flow")) == [
        ("ok: links: Linked people: 2. Verified: 1. flowbot will verify these at their first change: U1 as maya.chen.")
    ]
    found = on_enos.links((MAYA, SAM), {MAYA: "u15 may not edit any flow."}, "/batch")
    assert shown(found) == [
        "ok: links: Linked people: 2. Verified: 1.",
        (
            "warning: link U1: U1 is linked to maya.chen (u15), but not verified. u15 may not edit any flow. "
            "Until then, this person can only read. Check the ID and the name in EnOS. Link again: /batch link "
            "@person USERID NAME."
        ),
    ]


def test_owners():
    owned = {FlowId(2): ("b", ["maya.chen"]), FlowId(1): ("a", ["sam.lee", "maya.chen"])}
    linked = {"maya.chen", "sam.lee"}
    assert shown(on_enos.owners(owned, linked, {"maya.chen"}, "/flow")) == [
        "ok: owners on call: Every flow has an owner on call. Flows checked: 2.",
        "ok: owners linked: All owners are linked. Flows checked: 2.",
    ]
    found = on_enos.owners(owned, {"sam.lee"}, {"sam.lee"}, "/flow")
    assert [each.state for each in found] == [CheckState.WARNING, CheckState.WARNING]
    assert "who could rerun them: 1 of 2 (2 b)." in found[0].says
    assert "maya.chen" in found[1].says
    assert [each.name for each in on_enos.owners(owned, linked, None, "/flow")] == ["owners linked"]
    assert on_enos.unread(3).state is CheckState.WARNING
