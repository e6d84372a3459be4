"""Every sentence of the answers, as people see it, in one golden file."""

import pytest
from answer_scenes_acting import SCENES as ACTING
from answer_scenes_handover import SCENES as HANDOVER
from answer_scenes_reading import SCENES as READING
from answer_scenes_refused import SCENES as REFUSED
from answer_scenes_snoozes import SCENES as SNOOZES
from answer_scenes_words import SCENES as WORDS
from languages import ALL, PSEUDO, english_words, speak_all

SCENES = ACTING | HANDOVER | READING | REFUSED | SNOOZES | WORDS

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
AUDIT = (": done", ": refused:already_so")  # which shows outcomes as they are kept
REASONS = ("of TICKET-17",)
DATA = (*REASONS, *FLOWS, *TASKS, *PEOPLE, *LOGS, *ENOS, *AUDIT)


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("title", [*SCENES])
async def test_every_sentence(world, snapshot, monkeypatch, title, language):
    speak_all(monkeypatch)
    world.speaks(language)
    await SCENES[title](world)
    assert world.answer_texts, "something is always seen"
    if language == PSEUDO:
        assert [words for body in world.answer_bodies if (words := english_words(body, DATA))] == []
    assert "\n".join(world.answer_texts) == snapshot
