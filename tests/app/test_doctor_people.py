"""flowbot doctor: links, owners, the database, the running bot, the button, and HTTP mode."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import unused_port
from app_kit import ALEX, DATA_OPS, GUEST, JONAS, MAYA, configured, hears, running_bot
from doctor_kit import MAYAS, SAMS, bad, link, linked, named

from bot.core.errors import Refusal
from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear
from bot.core.text.message import msg
from bot.doctor import address, enos, program, safe_check, slack
from bot.sim.slack.faults import Fault
from bot.sim.slack.model import UserGroup
from bot.slack.preflight import SlackBusy
from bot.store.store import Store

# ── people ──


async def test_links_are_told_with_what_speaks_against_them(doctor, running, tmp_path):
    wrong = link(JONAS, "u15432100000000012", "maya.chan")
    idle = link(GUEST, "u15432100000000099", "nobody")
    verified = link(ALEX, "u15432100000000014", "another.name", verified=True)  # what was proven is not doubted
    await linked(tmp_path, MAYAS, wrong, idle, verified)
    found = await doctor()
    assert f"{MAYA} as maya.chen" in named(found, "links").says
    assert ALEX not in named(found, "links").says
    assert "maya.chan owns none of the flows that u15432100000000012 may edit." in bad(found)[f"link {JONAS}"].says
    assert "u15432100000000099" in bad(found)[f"link {GUEST}"].says
    assert f"link {ALEX}" not in bad(found)


async def test_a_doubt_says_how_far_it_looked(doctor, tmp_path, monkeypatch):
    await linked(tmp_path, link(JONAS, "u15432100000000012", "maya.chan"))
    monkeypatch.setattr(enos, "VERIFY_FLOWS", 1)
    doubt = bad(await doctor())[f"link {JONAS}"].says
    assert "maya.chan owns none of the first 1 flows that u15432100000000012 may edit." in doubt


async def test_linked_people_who_left_slack_are_named(doctor, running, tmp_path, monkeypatch):
    unknown = link("U0NOBODY001", "u15432100000000098", "no.body")
    await linked(tmp_path, MAYAS, SAMS)
    assert named(await doctor(), "links in slack").says == "Linked people who are active in Slack: 2."
    await linked(tmp_path, unknown)
    running.world.workspace.change_person(MAYA, deleted=True)
    check = bad(await doctor())["links in slack"]
    assert f"{MAYA} as maya.chen, U0NOBODY001 as no.body" in check.says
    assert "unlink @person" in check.fix
    monkeypatch.setattr(slack, "PEOPLE", 1)
    assert "Not checked: 2." in bad(await doctor())["links in slack"].says


async def test_a_slack_that_asks_to_wait_leaves_links_for_later(doctor, running, tmp_path):
    await linked(tmp_path, MAYAS, SAMS)
    running.world.workspace.faults.add(Fault(name="ratelimited", method="users.info", times=None, seconds=60))
    found = await doctor(FLOWBOT_ADMINS="")
    assert "did not say in time" in bad(found)["links in slack"].says


async def test_a_link_that_cannot_be_looked_at_is_told(running, tmp_path, doctor):
    await linked(tmp_path, MAYAS, SAMS)
    running.world.platform.faults.arm("throttled", action="flows/get", seconds=60)
    found = bad(await doctor())
    assert "The check did not finish." in found[f"link {MAYA}"].says


async def test_flows_that_nobody_on_call_owns_are_named(doctor, running, tmp_path):
    await linked(tmp_path, MAYAS, SAMS)
    check = bad(await doctor())["owners on call"]
    assert "3377 daily-energy-report" in check.says
    group = UserGroup(id="S0MAYAS001", handle="mayas", name="Mayas", members=(MAYA,))
    running.world.workspace.add_group(group)
    check = bad(await doctor(FLOWBOT_ONCALL="S0MAYAS001"))["owners on call"]
    assert "3377" not in check.says
    assert "2957 billing-close" in check.says
    assert "owners on call" not in {each.name for each in await doctor(FLOWBOT_ONCALL="")}


async def test_owners_without_a_link_are_named(doctor, tmp_path):
    await linked(tmp_path, MAYAS)
    assert "jonas.weber" in bad(await doctor())["owners linked"].says


async def test_no_linked_people_is_reported(doctor, tmp_path):
    await linked(tmp_path)
    assert "Nobody is linked" in bad(await doctor())["links"].says


async def test_flows_whose_owners_cannot_be_read_are_counted(doctor, running, tmp_path):
    await linked(tmp_path, link(MAYA, "u15432100000000011", "maya.chen", verified=True))
    running.world.platform.faults.arm("error", action="flows/get", status=404, calls=4)
    assert "could not be read in time: 4." in bad(await doctor())["owners unread"].says
    running.world.platform.faults.arm("error", action="flows/get", status=404)
    found = bad(await doctor())
    assert "could not be read in time: 22." in found["owners unread"].says
    assert "owners on call" not in found


# ── the database and the bot ──


async def test_a_database_that_cannot_be_used_is_named(doctor, tmp_path):
    check = bad(await doctor(FLOWBOT_DATABASE=str(tmp_path / "nowhere" / "flowbot.db")))["database"]
    assert "does not exist" in check.says
    check = bad(await doctor(FLOWBOT_DATABASE="/proc/flowbot.db"))["database"]  # where not even root makes files
    assert check.says.startswith("Can't write the database /proc/flowbot.db: ")
    (tmp_path / "flowbot.db").write_text("no database at all, but long enough to be taken for a header" * 20)
    assert "not a database" in bad(await doctor())["database"].says


async def test_a_full_disk_is_named(doctor, monkeypatch):
    monkeypatch.setattr(program.on_bot, "MIN_FREE_BYTES", 1 << 62)
    assert "MB free" in bad(await doctor())["disk"].says


async def test_a_bot_that_holds_the_database_and_does_not_answer_is_named(doctor, tmp_path):
    async with Store.open(tmp_path / "flowbot.db"):
        found = await doctor()
    assert "is in use by process" in named(found, "database").says
    assert "does not answer" in bad(found)["bot"].says
    assert "slack socket" not in {check.name for check in found}  # its sockets are not fought for


async def test_the_running_bot_is_asked(doctor, running, tmp_path):
    await linked(tmp_path, MAYAS)
    async with running_bot(running, tmp_path) as bot:
        await hears(bot, running)
        stood = running.world.workspace.sockets.handshakes
        found = await doctor()
        assert "flowbot is running: process" in named(found, "bot").says
        assert named(found, "slack socket").says == "The running flowbot has all 2 connections to Slack."
        assert "maya.chen" in named(found, "links").says
        assert set(bad(found)) == {"owners on call", "owners linked"}
        assert running.world.workspace.sockets.handshakes == stood
        bot.scheduler._scheduler.pause()  # the connections are not counted meanwhile
        bot.metrics_updater.connected = 0
        assert "Slack is not connected" in bad(await doctor())["bot"].says


# ── the button ──


async def pressed(running, who=MAYA):
    """Wait for the doctor's button and press it."""
    workspace = running.world.workspace
    await workspace.until(lambda: "Please press" in workspace.messages(DATA_OPS)[-1].text, 60)
    message = workspace.messages(DATA_OPS)[-1]
    workspace.press(who, message, "Press me")
    return message


async def test_a_press_reaches_the_doctor_where_no_bot_runs(doctor, running):
    workspace = running.world.workspace
    examining = asyncio.create_task(doctor(press=20.0))
    await workspace.until(lambda: "Please press" in workspace.messages(DATA_OPS)[-1].text, 60)
    workspace.say(JONAS, DATA_OPS, "/flow enable 3377")
    await workspace.until(lambda: workspace.ephemerals(JONAS, DATA_OPS), 60)
    assert "Nothing was done for `enable 3377`" in str(workspace.ephemerals(JONAS, DATA_OPS)[-1].blocks)
    message = await pressed(running)
    found = await examining
    assert bad(found) == {}
    assert MAYA in named(found, "slack button").says
    assert f"<@{MAYA}> pressed the button" in str(workspace.find(DATA_OPS, message.ts).blocks)


async def test_a_press_reaches_the_running_bot_and_is_answered(doctor, running, tmp_path):
    workspace = running.world.workspace
    async with running_bot(running, tmp_path) as bot:
        await hears(bot, running)
        examining = asyncio.create_task(doctor(press=20.0))
        message = await pressed(running)
        found = await examining
        assert MAYA in named(found, "slack button").says
        assert f"<@{MAYA}> pressed the button" in str(workspace.find(DATA_OPS, message.ts).blocks)
        await workspace.until(lambda: workspace.ephemerals(MAYA, DATA_OPS), 60)  # what the button asked: status


async def test_no_press_is_a_failure_that_says_what_may_be_wrong(doctor, running, tmp_path):
    found = bad(await doctor(press=0.2))
    assert "Interactivity" in found["slack button"].fix
    assert "No press of the button" in running.world.workspace.messages(DATA_OPS)[-1].text
    async with running_bot(running, tmp_path) as bot:
        await hears(bot, running)
        assert "No press of the button in #data-ops" in bad(await doctor(press=0.2))["slack button"].says
        running.world.workspace.faults.add(Fault(name="error", method="chat.postMessage", error="no_text"))
        with pytest.raises(Refusal, match="could not post its button"):
            await bot.running_bot_probe.press({"seconds": 1})
        assert "could not post its button" in bad(await doctor(press=1.0))["slack button"].says


# ── HTTP mode ──


async def test_in_http_mode_the_address_is_proven(doctor, running, tmp_path):
    port = unused_port()
    http = {
        "FLOWBOT_MODE": "http",
        "SLACK_APP_TOKEN": "",
        "SLACK_SIGNING_SECRET": "demo-signing-secret",
        "FLOWBOT_EVENTS_LISTEN": f"127.0.0.1:{port}",
    }
    assert "FLOWBOT_PUBLIC_URL is not set" in bad(await doctor(**http))["slack address"].says
    http["FLOWBOT_PUBLIC_URL"] = f"http://127.0.0.1:{port}"
    assert bad(await doctor(**http)) == {}
    async with running_bot(running, tmp_path, **http) as bot:
        await hears(bot, running)
        found = await doctor(**http)
        assert "leads to flowbot" in named(found, "slack address").says
        assert named(found, "slack socket").says == "The running flowbot receives Slack's requests by HTTP."
        wrong = await doctor(**http | {"SLACK_SIGNING_SECRET": "another-secret"})
        assert "refuses a request signed" in bad(wrong)["slack address"].says


async def test_an_address_that_leads_elsewhere_is_named(running, tmp_path):
    async def elsewhere(_request):
        return web.Response(text="Welcome")

    other = web.Application()
    other.router.add_post("/slack/events", elsewhere)
    url = await running.listen(other, 0)
    http = {"FLOWBOT_MODE": "http", "SLACK_SIGNING_SECRET": "x", "FLOWBOT_PUBLIC_URL": url}
    check = await address.address(configured(running, tmp_path, **http))
    assert "does not lead to flowbot (HTTP 200)" in check.says
    http["FLOWBOT_PUBLIC_URL"] = f"http://127.0.0.1:{unused_port()}"
    assert "cannot be reached" in (await address.address(configured(running, tmp_path, **http))).says


async def test_an_address_in_use_is_named(doctor, running):
    taken = await running.listen(web.Application(), 0)
    port = taken.rpartition(":")[2]
    http = {"FLOWBOT_MODE": "http", "SLACK_SIGNING_SECRET": "x", "FLOWBOT_EVENTS_LISTEN": f"127.0.0.1:{port}"}
    assert "in use" in bad(await doctor(**http))["slack socket"].says


# ── whatever else happens ──


async def test_no_part_takes_the_others_down(caplog):
    async def fails(problem):
        if problem is None:
            await asyncio.Event().wait()
        raise problem

    for problem, words in (
        (None, "No answer within 0.01 s"),
        (KeyError("a bug"), "hit a bug in flowbot (KeyError: 'a bug')"),
        (SlackLimited(3), "Slack asked the doctor to wait 3 s. It skipped this check. Nothing is wrong."),
        (SlackBusy(3), "Slack asked the doctor to wait 3 s. It skipped this check. Nothing is wrong."),
        (SlackRefused("missing_scope", "needed: x"), "(missing_scope, needed: x). The token lacks a scope."),
        (SlackUnclear("cut"), "did not answer (cut)"),
        (Refusal("why", msg("A sentence."), msg("A way out.")), "A sentence. A way out."),
        (OSError(28, "No space left on device"), "No space left on device."),
    ):
        found = []
        assert await safe_check.safe_check("part", found, fails(problem), 0.01 if problem is None else 10) is None
        assert words in found[0].says
    assert "The doctor hit a bug" in caplog.text


async def test_deactivated_people_and_apps_are_not_counted_as_on_call(doctor, running):
    workspace = running.world.workspace
    workspace.add_group(UserGroup(id="S0GONE0001", handle="gone", name="Gone", members=(JONAS,)))
    workspace.change_person(JONAS, deleted=True)
    check = bad(await doctor(FLOWBOT_ONCALL="S0GONE0001"))["slack on call"]
    assert check.says == "Nobody in S0GONE0001 of FLOWBOT_ONCALL is active. Deactivated people and apps in it: 1."
