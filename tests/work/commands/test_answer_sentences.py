"""Every sentence of the answers, as people see it, in one golden file."""

import pytest
from answer_scenes_acting import SCENES as ACTING
from answer_scenes_asking import SCENES as ASKING
from answer_scenes_backfills import SCENES as BACKFILLS
from answer_scenes_background import SCENES as BACKGROUND
from answer_scenes_escalation import SCENES as ESCALATION
from answer_scenes_expecting import SCENES as EXPECTING
from answer_scenes_finding import SCENES as FINDING
from answer_scenes_handover import SCENES as HANDOVER
from answer_scenes_reading import SCENES as READING
from answer_scenes_refused import SCENES as REFUSED
from answer_scenes_retries import SCENES as RETRIES
from answer_scenes_routing import SCENES as ROUTING
from answer_scenes_snoozes import SCENES as SNOOZES
from answer_scenes_words import SCENES as WORDS
from languages import ALL, PSEUDO, english_on_a_phone, english_words, speak_all, without_phone_line
from phone import unfit

from bot.core.text.language import EN

_OF_VERBS = ACTING | ASKING | BACKFILLS | BACKGROUND | ESCALATION | EXPECTING | FINDING | HANDOVER | RETRIES | SNOOZES
SCENES = _OF_VERBS | READING | REFUSED | ROUTING | WORDS

FLOWS = (
    "daily-energy-report", "turbine-10min", "reduce_entity", "billing-close", "empty-flow", "forecast-wide",
    "forecast-small", "*forecast*", "&lt;!channel&gt; weather &amp; wind", "daily-enregy-report", "nothing-like-it",
)  # fmt: skip
TASKS = (
    "extract", "transform", "*load*", "(load)", " load.", "load (108581)", "*read*", "*sum*", "*step 50",
    "left, right &lt;!here&gt;",
)  # fmt: skip
PEOPLE = (
    "maya.chen",
    "jonas.weber",
    "alex",
    "priya.nari",
    "priya.nair",
    "it is maintenance",
    ": not needed",
    ": no need",
    ": I look",
    "Bills &lt;!here&gt; &amp; such",
)
LOGS = ("line 39", "line 40", "ERROR password=••• column kwh not found", "only this", "xx")
ENOS = (
    "At 02:00", "HTTP 500", "something &lt;!channel&gt; new", "user not found", "user is locked", "no access right",
    "Cannot create flow instance repeatedly", "request body is invalid", "unknown action", "no log found",
    "This workflow has no task. You cannot trigger it",
)  # fmt: skip
AUDIT = (
    ": done",
    ": asked",
    ": refused:already_so",
    ": refused:backfill_runs",
)  # which shows outcomes as they are kept
REASONS = ("TICKET-17",)
FOUND = ("dayly-energy-report", "zzz", *(f"meter-{n:02}" for n in range(12)))
KNOWN = ("meter-import", *FOUND, "billing", "call the grid team before a rerun", "wiki.example", "wiki")
ERRORS = ("Connection reset", "timed out", "10s", "7h", ": refused:", "ab")
DATA = ("PagerDuty", *KNOWN, *ERRORS, *REASONS, *FLOWS, *TASKS, *PEOPLE, *LOGS, *ENOS, *AUDIT)


@pytest.mark.parametrize("language", [EN, *(pytest.param(each, marks=pytest.mark.many) for each in ALL if each != EN)])
@pytest.mark.parametrize("title", SCENES)
async def test_every_sentence(world, snapshot, monkeypatch, title, language):
    speak_all(monkeypatch)
    world.speaks(language)
    await SCENES[title](world)
    assert world.answer_texts, "something is always seen"
    assert [problem for body in world.answer_bodies if "text" in body for problem in unfit(body)] == []
    if language == PSEUDO:
        bodies = world.answer_bodies
        assert [words for body in bodies if (words := english_words(without_phone_line(body), DATA))] == []
        assert [words for body in bodies if (words := english_on_a_phone(body, DATA))] == []
    assert "\n".join(world.answer_texts) == snapshot


@pytest.mark.parametrize(
    ("title", "line"),
    [
        ("a flow", "3377 daily-energy-report · schedule is on"),
        ("a run", "🔴 FAIL · daily-energy-report · task transform"),
        ("a run under way", "🔵 RUNNING · daily-energy-report"),
        ("what failed", "Failed today (2026-11-21, Asia/Shanghai): 2"),
        ("a log", "Log of task transform in run 3377-2026112102: last 3 of 41 lines"),
        ("help of a verb", "/flow trigger"),
        ("enable", "Schedule enabled · 3318 reduce_entity"),
        ("a locked flow", "2957 billing-close is locked in EnOS."),
        ("an audit of somebody who is not linked", "↳ audit &lt;@U0PRIYA0001&gt;"),
    ],
)
async def test_a_phone_shows_the_headline(world, title, line):
    await SCENES[title](world)
    assert world.answer_bodies[-1]["text"] == line
