"""The program: its commands, its exit codes, and what it says when it cannot start."""

import asyncio
import inspect
import json
import logging
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from aiohttp.test_utils import TestClient, TestServer
from languages import PSEUDO, english_words, speak_all

from bot.core.errors import Refusal
from bot.core.health.promise import Judgement
from bot.core.text.language import EN, LANGUAGES, ZH
from bot.core.text.mask import DEFAULT
from bot.core.text.message import msg
from bot.ops import health, healthcheck, logs, platform_times
from bot.ops.manifest import manifest_yaml
from bot.ops.metrics import Metrics, delivery_metrics
from bot.ops.platform_times import schedule_in_words
from bot.ops.scheduler import Scheduler

ROOT = Path(__file__).resolve().parents[2]


def flowbot(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FLOWBOT_", "SLACK_", "ENOS_"))}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env=clean | {"PYTHONPATH": str(ROOT)} | environ,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_demo_whose_port_is_taken_says_how_to_choose_another(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        got = flowbot(tmp_path, "demo", "--port", str(port))
    assert got.returncode == 1
    assert got.stderr == (
        f"The demo cannot listen on port {port}: address already in use. "
        "Choose another port: `make demo PORT=8660`, or `flowbot demo --port 8660`.\n"
    )


def test_missing_settings_are_all_named_and_the_exit_code_is_2(tmp_path: Path):
    got = flowbot(tmp_path, "run", SLACK_BOT_TOKEN="nonsense-secret")
    assert got.returncode == 2
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "ENOS_API_URL", "ENOS_SECRET_KEY", "FLOWBOT_CHANNEL"):
        assert f"  {name} " in got.stderr
    assert "nonsense-secret" not in got.stderr


@pytest.mark.parametrize("arguments", [("demo", "--port"), ("sim", "--enos"), ("sim", "--slack")])
def test_a_wrong_port_is_refused_in_a_line(tmp_path: Path, arguments: tuple[str, ...]):
    got = flowbot(tmp_path, *arguments, "99999")
    assert got.returncode == 2
    assert "99999 is not in the range 0<=x<=65535" in got.stderr


def test_the_manifest_can_be_printed_for_http_mode_and_says_what_is_missing(tmp_path: Path):
    got = flowbot(tmp_path, "manifest", FLOWBOT_MODE="http", FLOWBOT_PUBLIC_URL="https://bot.example.com")
    assert "https://bot.example.com/slack/events" in got.stdout
    got = flowbot(tmp_path, "manifest", FLOWBOT_MODE="http")
    assert got.returncode == 2
    assert "FLOWBOT_PUBLIC_URL" in got.stderr


def test_the_manifest_file_is_the_computed_one():
    text = (ROOT / "manifest.yml").read_text(encoding="utf-8")
    assert text == manifest_yaml({})
    assert yaml.safe_load(text)["features"]["slash_commands"][0]["command"] == "/flow"


def test_a_job_must_be_async():
    with pytest.raises(TypeError, match="must be an async def"):
        Scheduler().every(1, "poll", lambda: asyncio.sleep(0))


async def test_a_job_that_fails_runs_again(caplog: pytest.LogCaptureFixture):
    came = [asyncio.Event(), asyncio.Event(), asyncio.Event()]

    async def job() -> None:
        next(each for each in came if not each.is_set()).set()
        if not came[1].is_set():
            raise ValueError("a bug")
        raise Refusal("why", msg("A sentence."))

    assert inspect.iscoroutinefunction(job)
    works = Scheduler()
    works.every(0.01, "job", job)
    works.start()
    await asyncio.wait_for(came[2].wait(), 60)
    await works.stop(1)
    await works.stop(1)
    assert "The job job hit a bug" in caplog.text
    assert "The job job failed: A sentence." in caplog.text


async def test_stopping_lets_a_job_end_and_cuts_off_one_that_hangs():
    begun, go, ended = asyncio.Event(), asyncio.Event(), []

    async def slow() -> None:
        begun.set()
        await go.wait()
        ended.append("slow")

    async def hangs() -> None:
        await asyncio.Event().wait()

    works = Scheduler()
    works.every(60, "slow", slow)
    works.every(60, "hangs", hangs)
    works.start()
    await asyncio.wait_for(begun.wait(), 60)
    go.set()
    await works.stop(0.05)
    assert ended == ["slow"]


async def test_health_ready_and_metrics_are_served():
    metrics = Metrics()
    why, remarks = ["Slack is not connected."], ["Failures of 2 of 7 flows are not seen."]
    metrics.enos_calls.labels("flows.get", "ok").inc()
    delivery = delivery_metrics(metrics)
    delivery.duplicate()
    app = health.application(metrics, lambda: Judgement(tuple(why), tuple(remarks)), lambda: metrics.sockets.set(2))
    async with TestClient(TestServer(app)) as client:
        assert (await client.get("/healthz")).status == 200
        not_ready = await client.get("/readyz")
        assert (not_ready.status, await not_ready.text()) == (
            503,
            "Slack is not connected.\nFailures of 2 of 7 flows are not seen.\n",
        )
        why.clear()
        is_ready = await client.get("/readyz")
        assert (is_ready.status, await is_ready.text()) == (200, "ready\nFailures of 2 of 7 flows are not seen.\n")
        figures = await (await client.get("/metrics")).text()
    assert 'flowbot_enos_calls_total{action="flows.get",outcome="ok"} 1.0' in figures
    assert "flowbot_sockets 2.0" in figures
    assert "flowbot_doubles_total 1.0" in figures


async def test_the_container_checks_health_over_a_bare_socket(monkeypatch: pytest.MonkeyPatch):
    server = TestServer(health.application(Metrics(), Judgement, lambda: None))
    await server.start_server()
    monkeypatch.setenv("FLOWBOT_LISTEN", f"0.0.0.0:{server.port}")
    assert await asyncio.to_thread(healthcheck.main) == 0
    await server.close()
    assert await asyncio.to_thread(healthcheck.main) == 1


def served() -> list[tuple[str, str]]:
    """Addresses of this machine, and how they are named: one without IPv6 has but the first."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return [("127.0.0.2", "127.0.0.2"), ("::1", "[::1]"), ("::1", "[::]")]
    except OSError:
        return [("127.0.0.2", "127.0.0.2")]


@pytest.mark.parametrize(("host", "said"), served())
async def test_health_is_asked_where_it_is_served(monkeypatch: pytest.MonkeyPatch, host: str, said: str):
    server = TestServer(health.application(Metrics(), Judgement, lambda: None), host=host)
    await server.start_server()
    monkeypatch.setenv("FLOWBOT_LISTEN", f"{said}:{server.port}")
    assert await asyncio.to_thread(healthcheck.main) == 0
    await server.close()


@pytest.mark.parametrize("form", ["json", "text"])
def test_logs_hide_secrets_whoever_logs_them(form: str, capsys: pytest.CaptureFixture[str]):
    root = logging.getLogger()
    before = root.handlers[:], root.level
    try:
        logs.configure("info", form, secrets=["the-secret-key"], mask=DEFAULT)
        bug = ValueError("with the-secret-key inside")
        logging.getLogger("elsewhere").error("password=hunter2 and %s", "the-secret-key", exc_info=bug)
        logging.getLogger("apscheduler.scheduler").warning("skipped: at each tick while EnOS hangs")
        logging.getLogger("httpx").info("HTTP Request: GET https://hooks.slack.com/commands/T/1/x")
    finally:
        root.handlers[:], root.level = before
    written = capsys.readouterr().err
    assert "the-secret-key" not in written
    assert "hunter2" not in written
    assert "hooks.slack.com" not in written
    assert "skipped" not in written
    assert "ValueError" in written
    if form == "json":
        assert json.loads(written.splitlines()[0])["logger"] == "elsewhere"


def test_a_schedule_is_shown_in_words():
    assert schedule_in_words("0 0 2 ? * 2-6 *")(EN) == "At 02:00, Monday through Friday"
    assert schedule_in_words("0 0 2 1 * ? *")(ZH) == "02:00，每月的 1 号"
    assert schedule_in_words("0 0 2 ? * 2-6 *")(ZH) == "02:00，周一到周五"
    assert schedule_in_words("0 0 2 ? 1/3 2#1 *")(ZH) == "02:00，每月第一个周一，每 3 个月"
    assert [schedule_in_words("nonsense")(language) for language in LANGUAGES] == ["nonsense"] * len(LANGUAGES)


def test_a_schedule_names_days_and_months_from_the_catalogue(monkeypatch):
    """The library leaves them in English."""
    monkeypatch.setitem(platform_times._LOCALES, PSEUDO, "zh_CN")
    speak_all(monkeypatch)
    shown = schedule_in_words("0 0 2 ? 5 2-6 *")(PSEUDO)
    assert "02:00" in shown
    assert english_words({"text": shown}, []) == []
