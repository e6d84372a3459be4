"""Every sentence of the answers, as people see it, in one golden file."""

import pytest
from answer_scenes_acting import SCENES as ACTING
from answer_scenes_reading import SCENES as READING
from answer_scenes_refused import SCENES as REFUSED
from answer_scenes_words import SCENES as WORDS

SCENES = ACTING | READING | REFUSED | WORDS


@pytest.mark.parametrize("title", [*ACTING, *READING, *REFUSED, *WORDS])
async def test_every_sentence(world, snapshot, title, caplog):
    await SCENES[title](world)
    assert world.answer_texts, "something is always seen"
    assert "\n".join(world.answer_texts) == snapshot
