"""Operations: what the dashboard, the alert rules and their page name is what the running bot exports."""

import asyncio
import json
import re
from pathlib import Path

import aiohttp
import pytest
import yaml
from app_kit import running_bot, served
from prometheus_client.parser import text_string_to_metric_families

from bot import app

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations"
LABELS = {
    "action",
    "bridge",
    "kind",
    "lane",
    "le",
    "method",
    "outcome",
    "promise",
    "state",
    "status",
    "surface",
    "version",
    "why",
}
NAME = re.compile(r"\b(?:flowbot|process)_[a-z_]+")
SAMPLES = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


def rules():
    return [rule for group in yaml.safe_load(page("alerts.yml"))["groups"] for rule in group["rules"]]


def page(name):
    return (OPERATIONS / name).read_text(encoding="utf-8")


def queries():
    board = json.loads(page("dashboard.json"))
    for panel in board["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"]
    for note in board["annotations"]["list"]:
        yield note["name"], note["expr"]
    for rule in rules():
        yield rule["alert"], rule["expr"]


async def scraped(bot):
    async with aiohttp.ClientSession() as session, session.get(f"{bot.address}/metrics") as answer:
        assert answer.status == 200
        return {family.name: family for family in text_string_to_metric_families(await answer.text())}


def value(families, name, **labels):
    """The sum of the samples of this name with these labels; None without any."""
    every = [sample for family in families.values() for sample in family.samples if sample.name == name]
    found = [sample.value for sample in every if labels.items() <= sample.labels.items()]
    return sum(found) if found else None


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """What the running bot exports after a failure was told and a command was answered."""

    async def play():
        async with served() as running, running_bot(running, tmp_path_factory.mktemp("bot")) as bot:
            world = running.world
            slack = world.workspace
            await slack.until(lambda: len(slack.sockets.connections) > 1, 60)
            await slack.until(lambda: slack.messages("C0DATAOPS1")[-1].by_app, 60)
            slack.say("U0ALEX00001", "C0DATAOPS1", "/flow status")
            await slack.until(lambda: slack.ephemerals("U0ALEX00001", "C0DATAOPS1"), 60)
            world.platform.fail(3377)
            world.platform.start_scheduled(3377, bot_now())
            await slack.until(
                lambda: any("daily-energy-report" in slack.shown(each) for each in slack.messages("C0DATAOPS1")), 60
            )
            polls = world.platform.called
            while True:
                seen = len(polls("flowInstances/search"))
                await bot.jobs.update_metrics()
                found = await scraped(bot)
                if value(found, "flowbot_occurrences_total") and value(found, "flowbot_ready"):
                    return found
                await slack.until(lambda seen=seen: len(polls("flowInstances/search")) > seen, 60)

    return asyncio.run(asyncio.wait_for(play(), 240))


def bot_now():
    return app.now()


def samples(exported):
    """The name of every sample that may be queried; some have none yet."""
    return {f"{family.name}{ending}" for family in exported.values() for ending in SAMPLES.get(family.type, ("",))}


def test_every_metric_that_is_asked_for_is_exported(exported):
    known = samples(exported)
    for where, query in queries():
        unknown = set(NAME.findall(query)) - known
        assert not unknown, f"{where} asks for {unknown}"


def test_every_metric_that_is_exported_is_explained_and_every_one_explained_is_exported(exported):
    ours = {name for name in samples(exported) if name.startswith("flowbot_")}
    ours = {re.sub("_(bucket|sum|count)$", "", name) for name in ours}
    table = page("README.md").partition("## Metrics")[2]
    assert set(NAME.findall(table)) - {name for name in samples(exported) if name.startswith("process_")} == ours


def test_every_metric_that_is_exported_is_shown(exported):
    shown = {re.sub("_bucket$", "", name) for _, query in queries() for name in NAME.findall(query)}
    ours = {name for name in samples(exported) if name.startswith("flowbot_")}
    ours = {re.sub("_(bucket|sum|count)$", "", name) for name in ours}
    assert ours - shown == {"flowbot_last_poll_timestamp_seconds"}  # the lag is drawn; this is for one's own rules


def test_no_label_names_a_person_a_channel_or_a_flow(exported):
    for family in exported.values():
        for sample in family.samples:
            if not sample.name.startswith("process_"):
                assert set(sample.labels) <= LABELS, sample
            for label in sample.labels.values():
                assert not re.search(r"\b[UCDTSW]0[A-Z0-9]{3,}|3377|daily-energy|maya|alex", label), sample


def test_the_figures_tell_what_happened(exported):
    assert value(exported, "flowbot_sockets") == value(exported, "flowbot_sockets_wanted") == 2
    assert value(exported, "flowbot_commands_total", surface="command") == 1
    assert value(exported, "flowbot_occurrences_total", status="FAIL") >= 1
    assert value(exported, "flowbot_enos_calls_total", outcome="ok") >= 3
    assert value(exported, "flowbot_slack_calls_total", method="chat.postMessage", outcome="ok") >= 1
    assert value(exported, "flowbot_slack_calls_total", method="apps.connections.open", outcome="ok") >= 2
    assert value(exported, "flowbot_slack_calls_total", method="response_url", outcome="ok") >= 1
    assert value(exported, "flowbot_slack_seconds_count", method="auth.test") == 1
    assert value(exported, "flowbot_posts", state="sent") >= 2
    assert value(exported, "flowbot_database_bytes") > 4096
    assert 0 <= value(exported, "flowbot_poll_lag_seconds") < 60
    assert value(exported, "flowbot_last_poll_timestamp_seconds") == pytest.approx(bot_now().timestamp(), abs=120)
    assert value(exported, "flowbot_unhandled_events_total", why="unknown") == 0
    assert value(exported, "process_resident_memory_bytes") > 0


def test_every_alert_has_its_place_on_the_page_and_every_place_its_alert():
    alerts = [rule["alert"] for rule in rules()]
    told = page("README.md").partition("## Alerts")[2].partition("## Metrics")[0]
    assert re.findall(r"^### (\w+)$", told, re.MULTILINE) == alerts
    for rule in rules():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert rule["annotations"]["summary"].endswith(".")
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}


def test_queries_are_well_formed(exported):
    types = {
        f"{family.name}{ending}": family.type
        for family in exported.values()
        for ending in SAMPLES.get(family.type, ("",))
    }
    for where, query in queries():
        assert query.count("(") == query.count(")"), where
        assert query.count("{") == query.count("}"), where
        for name in re.findall(r"(?:rate|increase)\((\w+)", query):
            assert types[name] in {"counter", "histogram"}, f"{where}: {name} is no counter"
        for name, labels in re.findall(r"\b(flowbot_\w+)\{([^}]*)\}", query):
            asked = set(re.findall(r"(\w+)\s*(?:=|!=|=~|!~)\"", labels)) - {"instance", "job"}
            there = {
                label for sample in exported[re.sub("_(total|bucket)$", "", name)].samples for label in sample.labels
            }
            assert asked <= there, f"{where}: {name} has no {asked - there}"


def test_the_dashboard_is_laid_out_without_overlaps():
    taken = {}
    panels = json.loads(page("dashboard.json"))["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, f"{panel['title']} lies over {taken[x, y]}"
                taken[x, y] = panel["title"]
