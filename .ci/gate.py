"""The whole gate, at the desk and in CI: every check, a few at a time, each printed as it ends.

It prints the seconds of each, and those of a processor: what a check costs on a machine that does other work, too.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import audit

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))
import postgres

COUNTED = str(ROOT / ".ci/counted.py")
BIN = Path(sys.executable).parent
CORE = 100  # per cent of bot/core, branches included
ALL = 95
CRASHES = "crashes"
MANY = "laws and tables"
UNCOUNTED = {"journeys", "page", "replicas", CRASHES, MANY}  # what only they would reach needs a test of a fixed case
TRIED_OFTEN = "hypothesis or many"  # the tests of MANY, by their marks; the parts that are counted have the others
REAL_TIME = {
    "journeys",
    "page",
    "replicas",
    "app, first half",
    "app, second half",
    "store",
    "slack",
    "sim, enos",
}  # they wait for a clock, sockets and processes
# Of each second file of journeys the first, and every tenth after it; of the page's tests every sixth. The soak: all.
STORIES = {"FLOWBOT_STORIES": "10"}
LANES = 5  # on two cores: some parts wait more than they work

failures: list[str] = []
undone: list[str] = []  # what could not be looked at here; never a pass
spoken = threading.Lock()


def check(name: str, *command: str, cwd: Path = ROOT, undone_code: int | None = None, **environ: str) -> bool:
    """Run one check and print how it ended; the output only of one that failed.

    One that ends with ``undone_code`` could not look: that is told in its own words, again at the end, and is no pass.
    """
    started = time.monotonic()
    code, said, processor = ended(command, cwd, environ)
    if undone_code is not None and code == undone_code:
        with spoken:
            undone.append(said.strip())
            print(f"NOT DONE {name}: {said.strip()}", flush=True)
        return False
    took = f"{time.monotonic() - started:.0f} s, {processor:.0f} s of a processor"
    with spoken:
        print(f"{'ok  ' if code == 0 else 'FAIL'} {name}  ({took})", flush=True)
        if code:
            print(said, flush=True)
            failures.append(name)
    return code == 0


def ended(command: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> tuple[int, str, float]:
    """Run a command; return its exit code, what it printed, and its seconds of a processor, children included."""
    with subprocess.Popen(
        command, cwd=cwd, env=os.environ | environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        said = run.stdout.read()
        _, status, used = os.wait4(run.pid, 0)
        run.returncode = os.waitstatus_to_exitcode(status)
    return run.returncode, said, used.ru_utime + used.ru_stime


def tool(name: str) -> str:
    """Return the path of a tool of the development environment."""
    return str(BIN / name)


def quick() -> None:
    """Read the code, and use the product as a stranger installs it."""
    check("format", tool("ruff"), "format", "--check", ".")
    check("lint", tool("ruff"), "check", ".")
    check("import contracts", tool("lint-imports"))
    check("types", tool("mypy"))
    check("generated documents", sys.executable, ".ci/generate.py", "--check")
    check("catalogues of sentences", sys.executable, ".ci/catalogue.py", "--check")
    check("Dockerfile", tool("hadolint"), "Dockerfile")
    check("audit of dependencies", sys.executable, ".ci/audit.py", undone_code=audit.NOT_AUDITED)
    installed()


def installed() -> None:
    """Install the wheel without development tools, far from the sources, and play the demo's story with it."""
    with tempfile.TemporaryDirectory(prefix="flowbot-install-") as folder:
        there = Path(folder)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
        # A pip of its own, and compiling what is never run, would take most of the time.
        install = [*pip, "--python", str(there / "venv/bin/python"), "install", "--no-compile"]
        ok = (
            check("wheel", *pip, "wheel", "--no-deps", "--no-build-isolation", "-w", folder, str(ROOT))
            and check("fresh environment", sys.executable, "-m", "venv", "--without-pip", str(there / "venv"))
            and check(
                "install, dependencies by hash", *install, "--require-hashes", "-r", str(ROOT / ".ci/requirements.txt")
            )
            and check("install, the wheel", *install, "--no-deps", *map(str, there.glob("*.whl")))
        )
        if ok:
            check("flowbot --help", str(there / "venv/bin/flowbot"), "--help", cwd=there)
            check("flowbot demo --script", str(there / "venv/bin/flowbot"), "demo", "--script", cwd=there)


def tests(name: str, *arguments: str) -> None:
    """Some of the tests, warnings as errors. Those that only compute let those go first that wait for a clock."""
    first = [] if name in REAL_TIME else ["nice", "-n", "10"]
    python = [sys.executable, "-m"] if name in UNCOUNTED else [sys.executable, COUNTED]
    which = ["-m", f"not ({TRIED_OFTEN})"] if name not in UNCOUNTED else ["-m", TRIED_OFTEN] if name == MANY else []
    check(f"tests: {name}", *first, *python, "pytest", "-q", "-p", "no:cacheprovider", *which, *arguments, **STORIES)


def coverage() -> None:
    """How much of the code the tests have run."""
    check("coverage: combine", sys.executable, COUNTED, "--combine")
    check(f"coverage of all: {ALL} %", tool("coverage"), "report", f"--fail-under={ALL}")
    check(f"coverage of core: {CORE} %", tool("coverage"), "report", "--include=bot/core/*", f"--fail-under={CORE}")


def parts() -> dict[str, list[str]]:
    """All tests by the name of their part, the longest first; a folder that is new is never left out."""
    of_app = sorted(str(each.relative_to(ROOT / "tests")) for each in (ROOT / "tests/app").glob("test_*.py"))
    named = {
        "app, first half": of_app[::2],  # it waits more than it works
        "app, second half": of_app[1::2],
        "journeys": ["journeys"],
        "page": ["page"],
        "replicas": ["replicas"],
        CRASHES: ["work/crashes"],
        "monitor": ["work/monitor"],
        "commands": ["work/commands"],
        "delivery, runs, bridges": ["work/delivery", "work/runs", "work/bridges"],
        "core": ["core"],
        "sim, enos": ["sim", "enos"],
        "store": ["store"],
        "slack": ["slack"],
    }
    known = {"app", *(folder for which in named.values() for folder in which)}
    there = {str(each.parent.relative_to(ROOT / "tests")) for each in (ROOT / "tests").rglob("test_*.py")}
    everything = named | {new: [new] for new in sorted(there - known)}
    return {name: [f"tests/{folder}" for folder in which] for name, which in everything.items()}


def tried_often() -> list[str]:
    """The files with laws (hypothesis) and with large tables (marked ``many``), of the parts that are counted."""
    counted = [ROOT / folder for name, which in parts().items() if name not in UNCOUNTED for folder in which]
    files = sorted(file for folder in counted for file in folder.rglob("test_*.py"))
    read = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in files}
    return [file for file, text in read.items() if "hypothesis" in text or "mark.many" in text]


def main() -> int:
    """Run all checks; return 0 only if every one passed."""
    if shutil.which("chromium") is None and "FLOWBOT_CHROMIUM" not in os.environ:
        print("FAIL the page is tested in a real browser: install Debian's chromium, or set FLOWBOT_CHROMIUM")
        return 1
    if shutil.which("faketime") is None:
        print("FAIL the clock of a running bot is put back by libfaketime: install Debian's faketime")
        return 1
    try:
        os.environ[postgres.ENVIRONMENT], server = postgres.begin()
    except postgres.Absent as absent:
        print(f"FAIL {absent}")
        return 1
    (ROOT / ".coverage").unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix="flowbot-counted-") as counted:
        os.environ["FLOWBOT_COUNTED"] = counted
        everything()
    postgres.end(server)
    print(summary(failures, undone))
    return 1 if failures else 0


def everything() -> None:
    """Run all checks, a few at a time."""
    # The code is compiled once, not by each of the hundred programs that the tests start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with ThreadPoolExecutor(LANES) as lanes:
        lanes.submit(check, "compile", sys.executable, "-m", "compileall", "-q", "bot")
        lanes.submit(check, "marks to count", sys.executable, COUNTED, "--prepare")
    with ThreadPoolExecutor(LANES) as lanes:
        jobs = [partial(tests, name, *which) for name, which in parts().items()]
        # Long ones come first, lest one ends alone: quick waits for the network, too.
        jobs[LANES:LANES] = [partial(tests, MANY, *tried_often()), quick]
        begun = [lanes.submit(job) for job in jobs]
    for each in begun:
        each.result()  # a bug of the gate's own is no pass
    coverage()


def summary(failed: list[str], not_done: list[str]) -> str:
    """Return the last line, which never calls green what was not looked at."""
    left = f"; NOT DONE: {'; '.join(not_done)}" if not_done else ""
    return (
        f"failed: {', '.join(failed)}{left}"
        if failed
        else f"all that could be done is green{left}"
        if left
        else "all green"
    )


if __name__ == "__main__":
    sys.exit(main())
