"""What a line of the log holds, in both forms."""

import json
import logging
import sys

import pytest

from bot.ops import logs
from bot.work.monitor.guarded import guarded


@pytest.fixture(autouse=True)
def _as_before():
    loggers = [logging.getLogger(name) for name in ("", "apscheduler", "httpx", "httpcore", "slack_bolt", "slack_sdk")]
    before = [(each, each.handlers[:], each.level) for each in loggers]
    yield
    for each, handlers, level in before:
        each.handlers[:] = handlers
        each.setLevel(level)


def lines(capsys, form, log, *, level="info"):
    logs.configure(level, form, secrets=["the-secret-key", "short"], mask=lambda text: text.replace("hidden", "***"))
    log(logging.getLogger("room"))
    return capsys.readouterr().err.splitlines()


def test_a_line_of_json_names_everything(capsys):
    (line,) = lines(
        capsys, "json", lambda log: log.warning("a short %s line", "hidden", extra={"flow": 7, "by": ["x"]})
    )
    found = json.loads(line)
    assert found.pop("timestamp")[-1] == "Z"
    assert found == {"event": "a short *** line", "flow": 7, "by": ["x"], "logger": "room", "level": "warning"}


def test_what_json_has_no_form_for_is_text_without_secrets(capsys):
    (line,) = lines(capsys, "json", lambda log: log.info("an error", extra={"why": ValueError("the-secret-key")}))
    assert json.loads(line)["why"] == "•••"


def test_a_line_of_text_is_for_people(capsys):
    (line,) = lines(capsys, "text", lambda log: log.info("the-secret-key", extra={"flow": 7, "by": "hidden"}))
    at, _, rest = line.partition(" ")
    assert at[-1] == "Z"
    assert rest == "info     •••  [room] flow=7 by=***"


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_traceback_is_whole_but_for_its_secrets(capsys, form):
    def bug(log):
        try:
            int("the-secret-key")
        except ValueError:
            log.exception("a bug")

    found = lines(capsys, form, bug)
    trace = json.loads(found[0])["exception"].splitlines() if form == "json" else found[1:]
    assert trace[0].startswith("Traceback")
    assert trace[-1] == "ValueError: invalid literal for int() with base 10: '•••'"


def test_auto_is_json_in_a_pipe_and_text_on_a_terminal(capsys, monkeypatch):
    (line,) = lines(capsys, "auto", lambda log: log.info("x"))
    assert json.loads(line)["event"] == "x"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    (line,) = lines(capsys, "auto", lambda log: log.info("x"))
    assert line.endswith("x  [room]")


def test_what_is_below_the_level_is_not_written(capsys):
    assert lines(capsys, "text", lambda log: log.info("x"), level="warning") == []


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize(
    "sign",
    [
        "\x1b[2J\x1b]0;owned\x07",
        "\x9b31m",
        "\u202e",
        "\u2066",
        "\u200b",
        "\x08" * 9,
        "\x7f",
        "\x00",
        "\ud800",
        "\ufeff",
    ],
)
def test_nothing_from_outside_gives_the_terminal_an_order(capsys, form, sign):
    name = f"a{sign}b"
    found = lines(
        capsys,
        form,
        lambda log: log.warning("flow %s, hid\u200bden", name, extra={"of": name, "why": ValueError(name)}),
    )
    assert len(found) == 1
    text = str(json.loads(found[0])) if form == "json" else found[0]
    assert all(each.isprintable() for each in text), ascii(text)
    assert "hidden" not in text
    assert "owned" not in text


@pytest.mark.parametrize("parting", ["\n", "\r\n", "\u2028", "\x85"])
def test_what_came_from_outside_begins_no_line_of_its_own(capsys, parting):
    forged = f"x{parting}2026-11-21T14:30:00.000Z error    all is lost  [room]"
    assert len(lines(capsys, "text", lambda log: log.warning("%s", forged, extra={"by": forged}))) == 1


@pytest.mark.parametrize("name", ["bot.work.monitor.guarded", "bot.work.monitor.lateness", "bot.work.runs.retrier"])
def test_a_bug_that_every_tick_meets_is_logged_once_an_hour(capsys, name):
    said = {
        "bot.work.monitor.lateness": "Whether flow %s is late hit a bug. The others are still looked at.",
        "bot.work.runs.retrier": "A retry hit a bug. flowbot tries again.",
    }
    text = said.get(name, "What is known around an incident hit a bug. The others are still looked at.")
    log = logging.getLogger(name)

    def meets(_log):
        for _ in range(3):
            log.error(text, *([3377] if "%" in text else []))

    try:
        assert len(lines(capsys, "text", meets)) == 1
        assert lines(capsys, "text", meets) == [], "also where logging is configured again"
    finally:
        log.filters.clear()


async def test_different_bugs_are_of_different_kinds(caplog):
    """So that one of them does not hide the others."""

    async def bug():
        raise RuntimeError

    await guarded("Looking whether flow 1 is late", bug())
    await guarded("Looking whether flow 2 is late", bug())
    assert len({str(record.msg) for record in caplog.records}) == 2
