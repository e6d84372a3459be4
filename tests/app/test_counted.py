"""What the gate counts is what coverage.py counts, at a fraction of the time."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from coverage import Coverage

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = '''"""Words first."""

import asyncio
import contextlib
import functools
from dataclasses import dataclass


@dataclass(
    frozen=True,
)
class Value:
    """A value."""

    number: int = 0

    @property
    @functools.cache
    def double(self):
        return (
            self.number
            + self.number
        )

    def never(self): ...


def branches(number):
    """Words."""
    if number > 5:
        return "large"
    elif number > 3:
        size = "middle"
    else:
        size = "small"
    if number == 1:
        size = "one"
    for each in range(number):
        if each == 2:
            break
    else:
        size += "!"
    for _ in range(number):
        if number:
            continue
        size += "never"
    while number > 0:
        number -= 1
        if number > 50:
            size += "never"
    while True:
        if number < 0:
            break
        number -= 1
    return size


def cases(what):
    match what:
        case Value(number=1) | Value(number=2):
            return 1
        case Value() if what.number > 5:
            return 2
        case []:
            pass
        case [first, *_]:
            if first:
                return 3
        case str():
            return 4
        case _:
            return 5
    return 6


def some_cases(what):
    match what:
        case 1:
            what = 2
        case 2:
            @functools.cache
            def inner():
                return 3
            what = inner()
    return what


def trying(what):
    try:
        what = 1 / what
    except TypeError:
        what = 0
    except ZeroDivisionError:
        return "none"
    else:
        what += 1
    finally:
        for _ in ():
            what = "never"
    with contextlib.suppress(ValueError):
        if what:
            raise ValueError
        return 1
    return (
        [each for each in range(3) if each],
        (lambda: what)(),
    )


async def later(numbers):
    async def made():
        for each in numbers:
            yield each

    total = 0
    async for each in made():
        total += each
        if total > 2:
            return total
    async with asyncio.timeout(None):
        total += 1
    return total


SOME = {
    "a": 1,
    "b": 2,
}
'''
PROGRAM = """
import asyncio
from bot import sample
CALLS = {
    "a few": lambda: [sample.branches(4), sample.cases(sample.Value(2)), sample.some_cases(5), sample.trying(1)],
    "others": lambda: [sample.Value(2).double, sample.branches(1), sample.cases([]), sample.trying(0)],
    "async": lambda: [sample.cases([0]), *(asyncio.run(sample.later(each)) for each in ([], [1, 2, 3]))],
    "cases": lambda: [sample.some_cases(2), sample.cases(sample.Value(9)), sample.cases(1), sample.trying("")],
}
"""


def told(folder):
    """What coverage.py says of the data in a folder."""
    measured = Coverage(str(folder / ".coverage"), config_file=str(folder / "pyproject.toml"))
    measured.load()
    measured.json_report(outfile=str(folder / "told.json"))
    files = json.loads((folder / "told.json").read_text())["files"]
    keys = ("executed_lines", "missing_lines", "excluded_lines", "executed_branches", "missing_branches")
    return {Path(name).name: {key: some[key] for key in keys} for name, some in files.items()}


@pytest.mark.parametrize("calls", [["a few", "cases"], ["others", "async"]])
def test_the_marks_tell_what_coverage_tells(tmp_path, calls, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bot").mkdir()
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/counted.py", tmp_path / ".ci")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "bot/__init__.py").touch()
    (tmp_path / "bot/sample.py").write_text(SAMPLE)
    (tmp_path / "bot/unread.py").write_text("if 1 > 2:\n    print()\n")
    (tmp_path / "calls.py").write_text(PROGRAM + f"for each in {calls}: CALLS[each]()\n")

    def python(*arguments):
        environ = os.environ | {"FLOWBOT_COUNTED": str(tmp_path), "PYTHONPATH": ""}
        subprocess.run([sys.executable, *arguments], cwd=tmp_path, env=environ, check=True)

    python("-m", "coverage", "run", "--data-file=.coverage", "-m", "calls")
    by_coverage = told(tmp_path)
    (tmp_path / ".coverage").unlink()
    python(".ci/counted.py", "--prepare")
    python(".ci/counted.py", "calls")
    python(".ci/counted.py", "--combine")
    by_marks = told(tmp_path)
    assert by_marks["sample.py"] == by_coverage["sample.py"]
    assert by_marks == by_coverage
    assert by_coverage["sample.py"]["executed_branches"]
    assert by_coverage["unread.py"]["missing_branches"]
