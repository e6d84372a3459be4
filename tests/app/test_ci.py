"""The gate's own programs: what was not looked at is never told as a pass."""

import importlib.util
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def program(name):
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    made = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(ROOT / ".ci"))
    try:
        spec.loader.exec_module(made)
    finally:
        sys.path.remove(str(ROOT / ".ci"))
    return made


audit, gate = program("audit"), program("gate")
FLAW = {"id": "PYSEC-1", "fix_versions": ["1.1"]}
KNOWN = {"name": "jinja2", "version": "2.4.1", "vulns": [FLAW]}


def good(name):
    return {"name": name, "version": "1", "vulns": []}


def skipped(name):
    return {"name": name, "skip_reason": "Dependency not found on PyPI"}


@pytest.mark.parametrize(
    ("packages", "code", "says"),
    [
        ([KNOWN, good("a"), good("b")], 0, "2 of 2 could be audited here, none is known to be vulnerable"),
        ([KNOWN, good("a"), skipped("b")], 3, "1 of 2 could be audited here; not audited: b"),
        ([skipped("jinja2"), skipped("a"), skipped("b")], 3, "0 of 2 could be audited here (the index in use tells"),
        ([KNOWN | {"vulns": []}, good("a"), good("b")], 3, "0 of 2 could be audited here (the index in use tells"),
        ([good("a"), good("b")], 3, "0 of 2 could be audited here (the index in use tells nothing"),
        ([KNOWN, good("a")], 3, "1 of 2 could be audited here"),
        ([], 3, "0 of 2 could be audited here"),
        ([KNOWN, good("a"), good("b") | {"vulns": [FLAW]}], 1, "2 of 2 could be audited here, 1 vulnerabilities"),
        ([KNOWN, skipped("a"), good("b") | {"vulns": [FLAW]}], 1, "1 of 2 could be audited here, 1 vulnerabilities"),
        ([skipped("jinja2"), good("a"), good("b") | {"vulns": [FLAW]}], 1, "b 1: PYSEC-1, mended in 1.1"),
    ],
)
def test_an_audit_says_how_much_it_saw(packages, code, says):
    got, words = audit.verdict(packages, 2)
    assert got == code
    assert says in words
    assert ("none is known" in words) is (code == 0)


PIP_AUDIT = "#!/bin/sh\ncat <<'EOF'\n{}\nEOF\n"


@pytest.mark.parametrize("told", ["", "nonsense", "[]", json.dumps({"dependencies": [skipped("aiohttp")]})])
def test_an_index_without_an_answer_is_not_a_pass(tmp_path, told):
    (tmp_path / "python").symlink_to(sys.executable)
    there = tmp_path / "pip-audit"
    there.write_text(PIP_AUDIT.format(told))
    there.chmod(0o755)
    ran = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.executable = {str(tmp_path / 'python')!r}; import audit; sys.exit(audit.main())",
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT / ".ci")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == audit.NOT_AUDITED
    assert ran.stdout.startswith("dependencies: 0 of ")
    assert len(ran.stdout.splitlines()) == 1


@pytest.mark.parametrize(("code", "passes", "word"), [(0, True, "ok  "), (1, False, "FAIL"), (3, False, "NOT DONE")])
def test_the_gate_tells_what_could_not_be_done_from_what_passed(capsys, monkeypatch, code, passes, word):
    monkeypatch.setattr(gate, "failures", [])
    monkeypatch.setattr(gate, "undone", [])
    run = f"print('0 of 2 could be audited'); raise SystemExit({code})"
    assert gate.check("audit", sys.executable, "-c", run, undone_code=3) is passes
    assert capsys.readouterr().out.startswith(word)
    last = gate.summary(gate.failures, gate.undone)
    assert (last == "all green") is (code == 0)
    assert last.startswith("failed: audit") is (code == 1)
    assert ("0 of 2 could be audited" in last) is (code == 3)


def test_every_file_of_tests_is_in_one_part_of_the_gate():
    parts = [ROOT / each for which in gate.parts().values() for each in which]
    files = sorted(file for part in parts for file in (part.glob("test_*.py") if part.is_dir() else [part]))
    assert files == sorted((ROOT / "tests").rglob("test_*.py"))
    assert gate.parts().keys() | {gate.MANY} >= gate.UNCOUNTED | gate.REAL_TIME


def test_what_the_counted_parts_leave_out_is_run_uncounted(monkeypatch):
    ran = {}
    monkeypatch.setattr(gate, "check", lambda name, *command, **_: ran.update({name: command}))
    gate.tests("core", "tests/core")
    gate.tests(gate.MANY, *gate.tried_often())
    left_out, run = (command[command.index("-m", command.index("pytest")) + 1] for command in ran.values())
    assert left_out == f"not ({run})"
    assert {"tests/core/test_language_laws.py", "tests/core/test_cards_hostile.py"} <= set(gate.tried_often())


def test_the_gate_says_at_once_that_postgresql_is_missing(monkeypatch, tmp_path, capsys):
    for name in ("chromium", "faketime"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(gate.postgres, "DEBIAN", str(tmp_path))
    assert gate.main() == 1
    assert capsys.readouterr().out.startswith("FAIL flowbot is tested on a real PostgreSQL, too")


def test_the_gate_tells_what_a_check_and_its_children_cost(capsys):
    work = "import time\nwhile time.process_time() < 1.2: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}], check=True)"
    assert gate.check("work", sys.executable, "-c", parent)
    assert float(capsys.readouterr().out.rpartition(", ")[2].split()[0]) >= 1


def test_the_hooks_before_a_commit_run_checks_of_the_gate(monkeypatch):
    def comparable(command):
        tool = Path(command[0]).name
        return ["python" if tool.startswith("python") else tool, *command[1:]]

    checks = []
    monkeypatch.setattr(gate, "check", lambda _, *command, **__: checks.append(comparable(command)))
    monkeypatch.setattr(gate, "installed", lambda: None)
    gate.quick()
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [comparable(shlex.split(hook["entry"])) for repo in config["repos"] for hook in repo["hooks"]]
    assert hooks
    assert all(hook in checks for hook in hooks), (hooks, checks)


@pytest.mark.parametrize(("every", "told"), [("1", {0, 1, 2, 3, 4}), ("3", {0, 3}), ("4", {0, 4})])
def test_a_part_of_the_stories_is_told_where_that_is_asked_for(tmp_path, every, told):
    """Whatever the order in which they come; a test that is no story is always run."""
    shutil.copy(ROOT / "tests/journeys/conftest.py", tmp_path)
    (tmp_path / "journey_stage.py").write_text("class Stage: pass\n")
    names = [f"story_{number}" for number in range(5)]
    lines = ["def test_other(): pass", *(f"def {name}(): pass" for name in names)]
    lines += [f"def test_{name}(): pass\ntest_{name}.telling = {name}" for name in reversed(names)]
    (tmp_path / "test_stories.py").write_text("\n".join(lines))
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", str(tmp_path)],
        env=os.environ | {"FLOWBOT_STORIES": every, "PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    found = {line.partition("::")[2] for line in run.stdout.splitlines() if "::" in line}
    assert found == {"test_other", *(f"test_story_{number}" for number in told)}
