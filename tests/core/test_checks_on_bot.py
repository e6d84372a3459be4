"""What the doctor makes of what the running bot tells it."""

from dataclasses import replace

import pytest
from test_checks import MAYA, SAM, shown

from bot.core.checks import on_bot, on_lateness
from bot.core.checks.check import CheckState
from bot.core.checks.on_bot import BotReport
from bot.core.checks.on_lateness import LateFacts
from bot.core.pictures.model import NoPicture

BOT_REPORT = BotReport("1.0", "", 2, 2, 3.0, (MAYA, SAM), late=LateFacts(40, 12, 2, 1))


def test_what_the_running_bot_tells_is_read_as_it_was_written():
    assert on_bot.read(on_bot.written(BOT_REPORT)) == BOT_REPORT
    assert on_bot.read({"of_a_later_version": 1, "connected": 1}) == BotReport("unknown", connected=1)


def test_the_running_bot():
    assert shown(on_bot.running(BOT_REPORT, "process 1", "1.0")) == ["ok: bot: flowbot is running: process 1."]
    ill = replace(BOT_REPORT, why_not_ready="Slack is not connected.", oldest_seconds=300.0)
    assert [f"{each.state.value}: {each.name}" for each in on_bot.running(ill, "process 1", "2.0")] == [
        "failed: bot",
        "warning: bot version",
        "warning: outbox",
    ]
    assert on_bot.running(ill, "process 1", "2.0")[0].says.endswith("cannot do its work. Slack is not connected.")
    assert on_bot.disk("/x", 10**9) is None
    assert on_bot.pictures(None).state is CheckState.OK
    fixes = {each: on_bot.pictures(each).fix for each in NoPicture}
    assert "fonts-wqy-microhei" in fixes[NoPicture.NO_FONT]
    assert "requirements" in fixes[NoPicture.NO_LIBRARY]
    assert "memory" in fixes[NoPicture.TIMED_OUT]
    assert on_bot.disk("/x", 10**6).says == "The disk of the database /x has only 1 MB free."


def test_which_replica_answered():
    assert on_bot.replica(7, 1) == "process 7"
    assert on_bot.replica(7, 3) == "process 7, one of 3 replicas on this machine"


def test_the_message_and_the_button():
    assert on_bot.message("#a", 0.51).state is CheckState.OK
    assert on_bot.message_lost("#a", "Add it.").state is CheckState.FAILED
    assert on_bot.pressed("U1", 2.04).says == "U1 pressed the button after 2.0 s and got an answer."
    assert on_bot.not_pressed().state is CheckState.WARNING
    assert on_bot.unpressed("#a", 60.0).says.endswith("reached flowbot within 60 s.")


@pytest.mark.parametrize(
    ("mode", "facts", "says"),
    [
        (
            "auto",
            LateFacts(40, 12, 2, 1),
            (
                "FLOWBOT_LATE is auto: runs are reported that are late by what flowbot learned, or by a promise. "
                "Flows with enough runs to learn from: 12 of 40. Promised by expect: 2. Switched off by expect: 1."
            ),
        ),
        (
            "expected",
            LateFacts(40, 12, 2, 1),
            (
                "FLOWBOT_LATE is expected: only runs that break a promise are reported. "
                "Promised by expect: 2. Switched off by expect: 1."
            ),
        ),
        ("off", LateFacts(40, 12, 2, 1), "FLOWBOT_LATE is off: late runs are not reported."),
        ("expected", None, "FLOWBOT_LATE is expected: only runs that break a promise are reported."),
    ],
)
def test_whether_late_runs_are_reported_and_of_how_many_flows(mode, facts, says):
    assert on_lateness.lateness(mode, facts).says == says
