"""flowbot doctor: each thing is broken once, and the doctor names it and says how to fix it."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from app_kit import ALEX, DATA_OPS, FINANCE, GENERAL, GUEST, configured, hears, running_bot
from doctor_kit import app_with, bad, named

from bot.core.checks.check import CheckState
from bot.doctor import probe_client, slack
from bot.doctor.safe_check import safe_check
from bot.enos.calls import Call
from bot.enos.responses import Reply, judge, open_envelope
from bot.sim.enos.server import enos_app
from bot.sim.slack.faults import Fault
from bot.sim.slack.model import UserGroup
from bot.sim.slack.server import slack_app

# ── nothing is wrong ──


async def test_all_is_well_before_the_first_start_and_nothing_is_left_behind(doctor, running, tmp_path):
    before = len(running.world.workspace.messages(DATA_OPS))
    found = await doctor()
    assert bad(found) == {}
    assert [check.name for check in found] == [
        "settings", "database", "pictures",
        "slack bot token", "slack scopes", "slack app token", "slack clock", "slack channel",
        "slack admins", "slack home", "slack on call", "slack message", "slack history", "slack socket",
        "enos sign-in", "enos clock",
        "enos page base", "enos order", "enos time zone", "enos flows", "lateness",
    ]  # fmt: skip
    assert "The first start creates it" in named(found, "database").says
    assert len(running.world.workspace.messages(DATA_OPS)) == before
    assert list(tmp_path.iterdir()) == []
    await running.world.workspace.until(lambda: not running.world.workspace.sockets.connections)
    calls = [call.method for call in running.world.workspace.calls]
    assert [each for each in calls if each.startswith("chat.")] == ["chat.postMessage", "chat.update", "chat.delete"]


# ── Slack ──

BROKEN_SETTINGS = [
    ({"SLACK_BOT_TOKEN": "xoxb-wrong"}, "slack bot token", "does not know the token in SLACK_BOT_TOKEN", "OAuth"),
    ({"SLACK_APP_TOKEN": "xapp-wrong"}, "slack app token", "SLACK_APP_TOKEN", "connections:write"),
    ({"FLOWBOT_CHANNEL": "C0NOWHERE1"}, "slack channel", "There is no channel C0NOWHERE1", "FLOWBOT_CHANNEL"),
    ({"FLOWBOT_CHANNEL": GENERAL}, "slack channel", "flowbot is not in #general", "/invite @flowbot"),
    ({"FLOWBOT_CHANNEL": "C0PRIVATE1"}, "slack channel", "it is private and flowbot is not in it", "/invite"),
    ({"FLOWBOT_CHANNEL": FINANCE}, "slack channel", "shared with another organization", "FLOWBOT_SHARED_CHANNELS"),
    ({"FLOWBOT_ADMINS": ""}, "slack admins", "FLOWBOT_ADMINS is empty", "two people"),
    ({"FLOWBOT_ADMINS": "U0NOBODY001"}, "slack admins", "FLOWBOT_ADMINS names U0NOBODY001", "FLOWBOT_ADMINS"),
    (
        {"FLOWBOT_ADMINS": f"{ALEX},{GUEST}"},
        "slack admins",
        f"({GUEST}), who is a guest",
        "FLOWBOT_ADMINS",
    ),
    ({"FLOWBOT_ONCALL": "S0NOBODY01"}, "slack on call", "who is in S0NOBODY01", "FLOWBOT_ONCALL"),
    ({"FLOWBOT_ONCALL": "S0EMPTY001"}, "slack on call", "Nobody is in S0EMPTY001", "Add somebody to the group"),
    ({"FLOWBOT_CHANEL": "C1"}, "settings", "Did you mean FLOWBOT_CHANNEL?", "Correct or remove it"),
    ({"ENOS_ACCESS_KEY": "wrong-key"}, "enos sign-in", "", "ENOS_ACCESS_KEY"),
    ({"ENOS_SECRET_KEY": "wrong-key"}, "enos sign-in", "", "ENOS_SECRET_KEY"),
    ({"ENOS_USER_ID": "u15432100000000011"}, "enos flows", "of 22 flows", "ENOS_USER_ID"),
    ({"ENOS_USER_ID": "u0000000000000000"}, "enos flows", "", "ENOS_USER_ID"),
    ({"FLOWBOT_PAGE_BASE": "0"}, "enos page base", "counts its pages from 1", "Set FLOWBOT_PAGE_BASE to 1"),
    ({"FLOWBOT_ENOS_TIMEZONE": "GMT+9"}, "enos time zone", "EnOS says GMT+8", "FLOWBOT_ENOS_TIMEZONE"),
]


@pytest.mark.parametrize(
    ("environ", "name", "says", "fix"), BROKEN_SETTINGS, ids=[str(row[0]) for row in BROKEN_SETTINGS]
)
async def test_a_wrong_setting_is_named(doctor, running, environ, name, says, fix):
    running.world.workspace.add_group(UserGroup(id="S0EMPTY001", handle="empty", name="Empty", members=()))
    check = bad(await doctor(**environ))[name]
    assert says in check.says
    assert fix in f"{check.says} {check.fix}"


async def test_a_missing_scope_is_named_with_what_it_is_for(doctor, running):
    app_with(running, scopes=running.world.workspace.state.app.scopes - {"channels:history"})
    found = bad(await doctor())
    assert set(found) == {"slack scope channels:history", "slack message"}
    assert "so that none appears twice" in found["slack scope channels:history"].says
    assert "channels:history" in found["slack message"].says
    assert len(running.world.workspace.messages(DATA_OPS)) == 3  # what was posted is gone again


async def test_a_scope_too_much_is_named(doctor, running):
    app_with(running, scopes=running.world.workspace.state.app.scopes | {"admin.users:read"})
    assert "admin.users:read" in bad(await doctor())["slack scopes beyond"].says


async def test_an_older_manifest_shows_by_its_home_and_no_home_that_somebody_has_is_changed(doctor, running):
    modals = running.world.workspace.modals
    modals.publish(ALEX, {"type": "home", "blocks": []})
    shown = modals.home(ALEX).hash
    assert bad(await doctor()) == {}
    assert modals.home(ALEX).hash == shown
    app_with(running, home_tab=False)
    check = bad(await doctor())["slack home"]
    assert check.state is CheckState.WARNING
    assert "app_home_opened" in check.says
    assert "flowbot manifest" in check.fix


async def test_an_archived_channel_is_named_and_nothing_is_tried_there(doctor, running):
    running.world.workspace.channels[DATA_OPS].archived = True
    found = await doctor()
    assert set(bad(found)) == {"slack channel"}
    assert "slack message" not in {check.name for check in found}


async def test_a_shared_channel_fails_unless_it_is_named_and_strangers_read_no_message_of_the_doctor(doctor, running):
    before = len(running.world.workspace.messages(FINANCE))
    found = await doctor(FLOWBOT_CHANNEL=FINANCE)
    assert set(bad(found)) == {"slack channel"}
    assert bad(found)["slack channel"].state is CheckState.FAILED
    assert "slack message" not in {check.name for check in found}
    found = await doctor(FLOWBOT_CHANNEL=FINANCE, FLOWBOT_SHARED_CHANNELS=FINANCE)
    assert bad(found) == {}
    assert "#finance-data. People of another organization can read" in named(found, "slack channel").says
    assert named(found, "slack message").state is CheckState.OK
    assert len(running.world.workspace.messages(FINANCE)) == before


async def test_a_channel_where_only_some_may_post_is_named(doctor, running):
    running.world.workspace.channels[DATA_OPS].read_only = True
    check = bad(await doctor())["slack message"]
    assert "The channel is read-only" in check.says
    assert "allow the app to post" in check.fix


async def test_an_app_whose_history_is_cut_short_is_told_to_make_its_own(doctor, running):
    workspace = running.world.workspace
    workspace.rate_limits.distributed = True
    check = bad(await doctor())["slack history"]
    assert check.state is CheckState.WARNING
    assert "before it reads the channel again" in check.says
    assert "manifest.yml" in check.fix


@pytest.mark.parametrize(
    ("fault", "state", "words"),
    [
        (Fault(name="ratelimited", method="chat.postMessage", seconds=30), CheckState.WARNING, "to wait 30 s"),
        (Fault(name="lost", method="chat.postMessage", times=1), CheckState.FAILED, "did not answer"),
        (
            Fault(name="error", method="chat.update", error="cant_update_message"),
            CheckState.FAILED,
            "cant_update_message",
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)
async def test_a_message_that_does_not_make_its_way_is_named_and_none_is_left(doctor, running, fault, state, words):
    running.world.workspace.faults.add(fault)
    found = bad(await doctor())
    assert set(found) == {"slack message"}
    assert found["slack message"].state is state
    assert words in found["slack message"].says
    assert len(running.world.workspace.messages(DATA_OPS)) == 3


async def test_a_message_that_cannot_be_found_by_its_id_is_named(running, tmp_path):
    class Forgetful(slack.SlackExam):
        async def _found(self, place, id_):
            return {}

    exam = Forgetful(configured(running, tmp_path))
    check = bad(await exam.examine())["slack message"]
    await exam.close()
    assert "did not find its test message" in check.says


async def test_who_asks_to_wait_and_who_is_out_of_service_is_told_as_that(doctor, running):
    for method in ("auth.test", "apps.connections.open"):
        running.world.workspace.faults.add(Fault(name="ratelimited", method=method, seconds=30))
    running.world.platform.faults.arm("error", action="token", status=503)
    found = bad(await doctor())
    assert set(found) == {"slack bot token", "slack app token", "enos sign-in"}
    for token in ("slack bot token", "slack app token"):
        assert found[token].state is CheckState.WARNING
        assert found[token].says == "Slack asked the doctor to wait 30 s. It skipped this check. Nothing is wrong."
    assert found["enos sign-in"].says == "EnOS is out of service right now. Try again in a minute."


async def test_an_application_without_rights_is_reported_with_who_can_authorize_it(doctor, running):
    running.world.platform.faults.arm("error", status=403)
    found = bad(await doctor())
    told = {name: check for name, check in found.items() if name.startswith("enos")}
    assert {"enos pages", "enos flows"} <= set(told)
    assert "enos sign-in" not in told
    for check in told.values():
        assert check.state is CheckState.FAILED
        assert "EnOS's gateway does not allow this call (HTTP 403)." in check.says
        assert check.fix.startswith(
            "Ask an administrator of the organization (OU) to authorize the application's service"
        )


@pytest.mark.parametrize(("code", "http"), [(62103, 200), (99403, 200), (99403, 403)])
async def test_whatever_word_refuses_for_lack_of_permission_has_that_advice(code, http):
    call, found = Call("GET", "/flows", (), b""), []
    body = json.dumps({"code": code, "msg": "User has no privilege."}).encode()
    refused = judge(call, Reply(http, body), open_envelope(body), datetime.now(UTC))

    async def asks():
        raise refused

    await safe_check("enos flows", found, asks())
    assert "service account" in found[0].fix
    assert "ENOS_USER_ID" in found[0].fix


async def test_a_slack_that_is_gone_is_told_once_for_each_token(doctor, running):
    running.world.workspace.faults.add(Fault(name="gone"))
    found = bad(await doctor())
    assert set(found) == {"slack bot token", "slack app token"}
    assert "Check the network" in found["slack bot token"].says


async def test_people_that_slack_hides_for_a_missing_scope_are_not_called_unknown(doctor, running):
    app_with(running, scopes=running.world.workspace.state.app.scopes - {"users:read"})
    assert "The token lacks a scope" in bad(await doctor())["slack admins"].says


async def test_a_socket_that_never_says_hello_is_named(doctor, running, monkeypatch):
    monkeypatch.setattr(probe_client, "HELLO_SECONDS", 0.3)
    running.world.workspace.faults.add(Fault(name="refuse"))
    check = bad(await doctor())["slack socket"]
    assert "did not open a connection within 0.3 s" in check.says
    assert "Socket Mode is on" in check.fix


async def test_a_bot_that_runs_elsewhere_is_noticed_and_its_words_are_not_waited_for(doctor, running, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with running_bot(running, elsewhere) as bot:
        await hears(bot, running)
        found = bad(await doctor(press=5.0))
    assert "Other connections of this app to Slack: 2." in found["slack socket elsewhere"].says
    assert "No button was posted" in found["slack button"].says


@pytest.mark.parametrize(
    "environ", [{"FLOWBOT_CHANNEL": GENERAL}, {"SLACK_APP_TOKEN": "xapp-wrong"}], ids=["channel", "app token"]
)
async def test_where_no_button_can_be_offered_it_is_said(doctor, running, environ):
    assert "No button was posted" in bad(await doctor(press=5.0, **environ))["slack button"].says


# ── clocks ──


async def dated(running, app, ahead):
    """Serve an app whose answers carry a date so far ahead."""

    async def date(_request, response):
        response.headers["Date"] = format_datetime(datetime.now(UTC) + ahead, usegmt=True) if ahead else "soon"

    app.on_response_prepare.append(date)
    return await running.listen(app, 0)


async def test_a_clock_that_is_not_slacks_is_named(doctor, running):
    for ahead, state in ((timedelta(minutes=2), CheckState.WARNING), (timedelta(minutes=-6), CheckState.FAILED)):
        url = await dated(running, slack_app(running.world.workspace), ahead)
        check = bad(await doctor(SLACK_API_URL=f"{url}/api/"))["slack clock"]
        assert check.state is state
        assert "NTP" in check.fix
    url = await dated(running, slack_app(running.world.workspace), None)
    assert "has no time" in bad(await doctor(SLACK_API_URL=f"{url}/api/"))["slack clock"].says


@pytest.mark.parametrize(("minutes", "state"), [(2, CheckState.WARNING), (-12, CheckState.FAILED)])
async def test_a_clock_that_is_not_enos_is_named(doctor, running, minutes, state):
    running.world.platform.switch("skew_ms", minutes * 60_000)
    assert bad(await doctor())["enos clock"].state is state


async def test_a_clock_so_wrong_that_the_sign_in_fails_is_named_too(doctor, running):
    running.world.platform.switch("skew_ms", 20 * 60_000)
    url = await dated(running, enos_app(running.world.platform), timedelta(minutes=20))
    found = bad(await doctor(ENOS_API_URL=url))
    assert set(found) == {"enos clock", "enos sign-in"}
    assert "20 min ahead" in found["enos clock"].says


def test_a_date_is_cut_to_the_second():
    at = datetime(2026, 11, 21, 12, 0, 0, 900_000, tzinfo=UTC)
    headers = {"DATE": "Sat, 21 Nov 2026 12:00:00 GMT"}
    assert slack.skew(headers, at, at) == timedelta()
    assert slack.skew(headers, at + timedelta(seconds=70), at + timedelta(seconds=71)) == timedelta(seconds=-69.9)
    assert slack.skew({"date": "Sat, 21 Nov 2026 12:01:00 -0000"}, at, at) == timedelta(seconds=59.1)
    assert slack.skew({"date": "yesterday"}, at, at) is None
    assert slack.skew({}, at, at) is None


# ── EnOS ──


async def test_an_enos_that_is_gone_is_named(doctor, running):
    running.world.platform.faults.arm("gone", action="token")
    found = bad(await doctor())
    assert set(found) == {"enos sign-in"}


async def test_an_enos_that_does_not_sort_is_named(doctor, running):
    running.world.platform.switch("sort_names", "none")
    assert set(bad(await doctor())) == {"enos order"}


async def test_the_flows_that_cannot_be_seen_are_named(doctor):
    check = bad(await doctor(ENOS_USER_ID="u15432100000000011"))["enos flows"]
    assert check.state is CheckState.WARNING
    assert "2809 turbine-10min" in check.says
