"""Fixtures of the answers."""

import pytest
from answer_world import ONCALL, OPS


@pytest.fixture
def on_call(world):
    """Sam and Jonas are on call; all but Sam read the channel."""
    world.slack.groups[ONCALL] = {"U0SAMLEE001", "U0JONAS0001"}
    world.slack.joined[OPS] = {"U0MAYA00001", "U0JONAS0001"}
    return world
