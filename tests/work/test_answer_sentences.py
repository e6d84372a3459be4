"""Every sentence that the answers speak, as people see it, in one golden file to be read aloud."""

import pytest
from answer_scenes import SCENES


@pytest.mark.parametrize("title", SCENES)
async def test_every_sentence(world, snapshot, title, caplog):
    await SCENES[title](world)
    assert world.told, "something is always seen"
    assert "\n".join(world.told) == snapshot
