"""Every sentence of the answers, as people see it, in one golden file."""

import pytest
from answer_scenes_acting import SCENES as ACTING
from answer_scenes_reading import SCENES as READING
from answer_scenes_refused import SCENES as REFUSED
from answer_scenes_words import SCENES as WORDS
from languages import ALL, PSEUDO, english_words, speak_all

SCENES = ACTING | READING | REFUSED | WORDS

DATA = ()


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("title", [*ACTING, *READING, *REFUSED, *WORDS])
async def test_every_sentence(world, snapshot, monkeypatch, title, language):
    speak_all(monkeypatch)
    world.speaks(language)
    await SCENES[title](world)
    assert world.answer_texts, "something is always seen"
    if language == PSEUDO:
        assert [words for body in world.answer_bodies if (words := english_words(body, DATA))] == []
    assert "\n".join(world.answer_texts) == snapshot
