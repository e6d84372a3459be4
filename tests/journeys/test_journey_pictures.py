"""Pictures: a task graph and the figures of a week as files, and words alone where the drawing dies."""

import os
import signal
from pathlib import Path

from journey_kit import DIRECT, MAYA
from journey_stage import story

DRAWN = "The picture is in our DMs"


def pictures(world, name):
    """The pictures of that name in Maya's direct messages."""
    files = (world.slack.files[file] for each in world.private(MAYA, DIRECT) for file in each.files)
    return [file for file in files if file.name == name and file.is_picture]


def drawing_processes(bot):
    """The processes that this bot has started to draw."""
    for each in Path("/proc").glob("[0-9]*"):
        try:
            is_its_child = f"\nPPid:\t{bot}\n" in (each / "status").read_text()
            if is_its_child and b"bot.render" in (each / "cmdline").read_bytes():
                yield int(each.name)
        except OSError:  # it has ended meanwhile
            continue


@story()
async def test_a_failed_run_is_drawn_and_the_week_is_counted(world):
    flow = world.flow("wind-forecast", tasks=("extract", "transform", "load"))
    run = world.breaks(flow)
    card = await world.card(flow, "transform")
    world.press(MAYA, card, "View task graph")
    await world.comes_to_say(MAYA, f"/flow graph {run.id}", "held up by the failure", DRAWN)
    await world.until(lambda: pictures(world, f"{run.id}.png"))
    file = pictures(world, f"{run.id}.png")[0]
    assert "Failed: transform. 1 task is held up by the failure." in file.alt_text

    shown = await world.asks(MAYA, f"/flow show {flow.id}", "wind-forecast", "View task graph")
    world.press(MAYA, shown, "View task graph")
    await world.until(lambda: world.private(MAYA) and world.says(world.private(MAYA)[-1], f"graph {flow.id}"))

    answer = await world.comes_to_say(MAYA, "/flow stats", "Failures a day", "wind-forecast", DRAWN)
    assert "last 7 d" in world.shown(answer)
    await world.until(lambda: pictures(world, "stats.png"))
    assert "Most failures:" in pictures(world, "stats.png")[-1].alt_text


@story()
async def test_where_the_drawing_is_killed_the_words_say_it_all(world):
    flow = world.flow("many-steps", tasks=[f"step {number}" for number in range(150)])

    def killed():
        found = list(drawing_processes(world.process.pid))
        for each in found:
            os.kill(each, signal.SIGKILL)
        return found

    world.say(MAYA, f"/flow graph {flow.id}")
    await world.until(killed)
    answer = await world.hears(MAYA, "step 0", "The picture could not be drawn")
    assert "step 149" in world.shown(answer)
    await world.asks(MAYA, "/flow whoami", "maya.chen")
    assert not pictures(world, f"{flow.id}.png")
    assert "A picture could not be drawn: failed" in world.log()
