"""The image: what its Dockerfile copies is there, and nothing else comes near it."""

import tomllib
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
COPIED = [path for line in LINES if line.startswith("COPY ") and "--from" not in line for path in line.split()[1:-1]]


@pytest.mark.parametrize("path", COPIED)
def test_what_is_copied_is_there_and_let_through(path):
    assert (ROOT / path).exists()
    let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in let_through
    assert any(Path(path).is_relative_to(each[1:]) for each in let_through if each.startswith("!"))


def test_nothing_is_let_through_that_is_not_copied():
    let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {each[1:] for each in let_through if each.startswith("!")} <= set(COPIED)


def test_what_is_installed_is_locked():
    installs = [part for line in LINES for part in line.split("&&") if "pip install" in part]
    assert installs
    assert all("--require-hashes" in each or "--no-deps /wheels/" in each for each in installs)


def test_the_base_can_be_named_by_digest_and_the_docs_say_how():
    froms = [line for line in LINES if line.startswith("FROM ")]
    assert LINES.index("ARG BASE=python:3.12-slim") < LINES.index(froms[0])
    assert [line.split()[1] for line in froms] == ["${BASE}", "base", "base"]
    assert not LINES[0].startswith("# syntax="), "a frontend by tag is one more image that moves"
    for page in ("README.md", "docs/operations/README.md"):
        assert "docker build --build-arg BASE=python:3.12-slim@sha256:" in (ROOT / page).read_text(encoding="utf-8")


def test_what_a_stranger_installs_by_the_readme_is_locked():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    installs = [line.strip() for line in readme.splitlines() if "pip install" in line]
    assert installs
    for line in installs:
        isolated = line.endswith(" .") and "--no-build-isolation" not in line
        assert "--require-hashes" in line or ("--no-deps" in line and not isolated), line
    built = [line for line in installs if line.endswith(" .")]
    assert "requirements-build.txt" in " ".join(installs[: installs.index(built[0])])


def test_what_builds_the_wheel_is_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["dependency-groups"]["build"] == project["build-system"]["requires"]
    versions = {
        name: [line for line in (ROOT / f".ci/requirements{name}.txt").read_text().splitlines() if "==" in line]
        for name in ("", "-build", "-dev", "-postgres")
    }
    assert set(versions["-build"]) <= set(versions["-dev"])
    assert {each for each in versions["-postgres"] if each.startswith("psycopg")} <= set(versions["-dev"])
    assert not any("psycopg" in each for each in versions[""])


def test_the_driver_for_postgresql_is_an_extra_that_the_image_and_the_tests_have():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extra = project["project"]["optional-dependencies"]["postgres"]
    assert all(each in project["dependency-groups"]["dev"] for each in extra)
    assert any("-r .ci/requirements.txt -r .ci/requirements-postgres.txt" in line for line in LINES)


def test_the_wheel_says_that_it_is_typed():
    shipped = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {"bot/py.typed", "bot/__main__.py"} <= shipped
