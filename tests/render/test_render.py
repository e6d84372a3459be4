"""The process that draws: a PNG, or a reason; never its parent's secrets, and never for longer than allowed."""

import asyncio
import io
import os
import struct
import subprocess
import sys

import pytest
from fonts_made import font_file

from bot.core.pictures.model import Bar, Bars, Chart, Edge, Look, Node, NoPicture, TaskGraph, encoded
from bot.render import __main__ as program
from bot.render.drawing import MOST_PIXELS, TooLarge, png
from bot.render.fonts import FAMILIES, NoFont, chosen, coverage, installed
from bot.render.process import COMMAND, ENVIRONMENT, LARGEST, Pictures

SMALL = TaskGraph("t", "", (Node("a", "load", "ok", Look.GOOD), Node("b", "加载")), (Edge("a", "b"),))
CHART = Chart("t", "s", (("Failures", "3"),), (Bars("a day", (Bar("11-24", 3, "3"),), "", True),))


def size(picture):
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", picture[16:24])


def graph(count, name="任务 {} with a name"):
    nodes = tuple(Node(str(each), name.format(each), "running", Look.AT_WORK) for each in range(count))
    return TaskGraph("t", "", nodes, tuple(Edge(str(max(0, each - 7)), str(each)) for each in range(1, count)))


# ── a drawing as a PNG ──


@pytest.mark.parametrize("drawing", [SMALL, CHART, graph(0), graph(200), graph(3, "x" * 500)])
def test_a_drawing_becomes_a_picture_of_a_bearable_size(drawing):
    wide, high = size(png(drawing))
    assert min(wide, high) > 100
    assert wide * high <= MOST_PIXELS * 1.01


def test_letters_are_drawn_not_left_out():
    assert png(SMALL) != png(TaskGraph("t", "", (Node("a", "", "ok", Look.GOOD), Node("b", "")), SMALL.edges))


def test_a_sign_that_no_font_has_is_a_question_mark():
    def named(name):
        return png(TaskGraph("t", "", (Node("a", name),), ()))

    assert named("a 🦆") == named("a ?") != named("a ")


def test_too_much_for_a_picture_is_refused():
    with pytest.raises(TooLarge):
        png(graph(201))


# ── fonts ──


def test_this_machine_has_a_font_for_chinese():
    fonts, replaced = chosen(["加载 load"], installed())
    assert fonts[0].family in FAMILIES.values()
    assert replaced == {}


def test_a_letter_without_a_font_is_no_picture_and_a_sign_without_one_is_replaced(tmp_path):
    latin = font_file(tmp_path / "DejaVuSans.ttf", [(0x20, 0x7E)])
    with pytest.raises(NoFont, match="加"):
        png(SMALL, lambda: [latin])
    assert chosen(["a 🔴\u200b"], [latin]) == ([latin], {ord("🔴"): "?"})


def test_several_fonts_are_used_where_one_lacks_letters(tmp_path):
    latin = font_file(tmp_path / "a.ttf", [(0x20, 0x7E)])
    chinese = font_file(tmp_path / "b.ttf", [(0x4E00, 0x9FFF)], wide=True)
    spare = font_file(tmp_path / "c.ttf", [(0x20, 0x9FFF)])
    assert chosen(["load 加载"], [latin, chinese, spare]) == ([latin, chinese], {})


def test_without_any_font_there_is_no_picture(tmp_path):
    with pytest.raises(NoFont):
        chosen(["?"], installed([str(tmp_path)]))


def test_fonts_are_found_by_name_the_best_first(tmp_path):
    for name in ("deep/DejaVuSans.ttf", "wqy-microhei.ttc", "other.ttf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [each.family for each in installed([str(tmp_path), "/nowhere"])]
    assert found == ["WenQuanYi Micro Hei", "DejaVu Sans"]


@pytest.mark.parametrize("content", [b"", b"ttcf", b"\x00\x01\x00\x00" + b"\xff" * 40])
def test_a_broken_font_covers_nothing(tmp_path, content):
    (tmp_path / "x.ttf").write_bytes(content)
    assert ord("a") not in coverage(str(tmp_path / "x.ttf"))
    assert ord("a") not in coverage(str(tmp_path / "none.ttf"))


def test_a_collection_is_read_by_its_first_font(tmp_path):
    font_file(tmp_path / "x.ttc", [(0x41, 0x43)], collection=True)
    covered = coverage(str(tmp_path / "x.ttc"))
    assert [chr(code) for code in range(0x40, 0x46) if code in covered] == ["A", "B", "C"]


# ── the program ──


def test_the_program_answers_with_a_picture():
    out = io.BytesIO()
    assert program.main(io.BytesIO(encoded(CHART)), out) == 0
    size(out.getvalue())


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ImportError, program.NO_LIBRARY),
        (NoFont("x"), program.NO_FONT),
        (TooLarge, program.TOO_LARGE),
        (MemoryError, program.NO_MEMORY),
    ],
)
def test_the_program_says_why_there_is_no_picture(monkeypatch, error, code):
    def fails(_drawing):
        raise error

    monkeypatch.setattr(program, "png", fails)
    assert program.main(io.BytesIO(encoded(CHART)), io.BytesIO()) == code


def test_the_limits_stay_below_those_that_are_set(monkeypatch):
    set_to = {}
    monkeypatch.setattr(
        program.resource, "getrlimit", lambda what: (0, 2 if what == program.resource.RLIMIT_CPU else -1)
    )
    monkeypatch.setattr(program.resource, "setrlimit", lambda what, most: set_to.update({what: most}))
    program.limit()
    assert set_to[program.resource.RLIMIT_CPU] == (2, 2)
    assert set_to[program.resource.RLIMIT_AS] == (program.MEMORY, program.MEMORY)


def test_the_program_limits_itself():
    script = (
        "import bot.render.__main__ as p, resource as r; p.limit(); p.limit();"
        "print(r.getrlimit(r.RLIMIT_AS)[0], r.getrlimit(r.RLIMIT_CPU)[0], r.getrlimit(r.RLIMIT_FSIZE)[0])"
    )
    done = subprocess.run([sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(program.MEMORY), str(program.SECONDS), "0"]


# ── the process ──


def child(script):
    return Pictures((sys.executable, "-c", script), patience=0.4)


async def test_a_picture_comes_from_a_process_of_its_own():
    size(await Pictures(patience=60).draw(SMALL))


async def test_what_is_too_large_starts_no_process():
    assert await child("raise SystemExit(9)").draw(graph(201)) is NoPicture.TOO_LARGE


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("import time; time.sleep(60)", NoPicture.TIMED_OUT),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", NoPicture.FAILED),
        ("import os; os.abort()", NoPicture.FAILED),
        ("raise SystemExit(3)", NoPicture.NO_LIBRARY),
        ("raise SystemExit(4)", NoPicture.NO_FONT),
        ("raise SystemExit(5)", NoPicture.TOO_LARGE),
        ("raise SystemExit(6)", NoPicture.FAILED),
        ("print('no picture')", NoPicture.FAILED),
        (f"import sys; sys.stdout.buffer.write(b'\\x89PNG' + b'x' * {LARGEST})", NoPicture.FAILED),
        ("import sys; sys.stdin.close(); raise SystemExit(1)", NoPicture.FAILED),
    ],
)
async def test_whatever_happens_to_it_there_is_an_answer(script, reason):
    pictures = child(script) if reason is NoPicture.TIMED_OUT else Pictures((sys.executable, "-c", script), patience=60)
    assert await pictures.draw(SMALL) is reason


async def test_too_little_memory_is_an_answer():
    script = "import bot.render.__main__ as p; p.MEMORY = 1; p.limit(); import sys; "
    script += "sys.exit(p.main(sys.stdin.buffer, sys.stdout.buffer))"
    assert isinstance(await Pictures((sys.executable, "-c", script), patience=60).draw(SMALL), NoPicture)


async def test_a_program_that_is_not_there_is_an_answer():
    assert await Pictures(("/no/such/program",)).draw(SMALL) is NoPicture.FAILED


async def test_the_process_knows_no_secret_of_its_parent(monkeypatch, tmp_path):
    monkeypatch.setenv("FLOWBOT_SECRET", "hunter2")
    script = f"import os; open({str(tmp_path / 'seen')!r}, 'w').write(repr(dict(os.environ)) + os.getcwd())"
    await Pictures((sys.executable, "-c", script), patience=60).draw(SMALL)
    assert "hunter2" not in (seen := (tmp_path / "seen").read_text())
    assert seen.endswith("}/")
    assert "-P" in COMMAND


async def test_one_too_many_is_told_so_and_the_loop_goes_on():
    hanging = Pictures((sys.executable, "-c", "import time; time.sleep(60)"), patience=0.3, at_once=1)
    first = asyncio.create_task(hanging.draw(SMALL))
    await asyncio.sleep(0)
    others = [asyncio.create_task(hanging.draw(SMALL)) for _ in range(3)]
    assert await first is NoPicture.TIMED_OUT
    assert NoPicture.BUSY in await asyncio.gather(*others)


async def test_a_cancelled_drawing_leaves_no_process_behind(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    script = f"import time; out = open({str(pipe)!r}, 'w'); print('began', file=out, flush=True); time.sleep(600)"
    task = asyncio.create_task(Pictures((sys.executable, "-c", script), patience=60).draw(SMALL))
    said = await asyncio.to_thread(pipe.open)
    assert await asyncio.to_thread(said.readline) == "began\n"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(30):
            await task
    assert await asyncio.to_thread(said.read) == ""  # nobody holds the other end
    said.close()
