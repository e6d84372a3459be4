"""``python -m bench [RUNS] [FIGURE …]``: print every figure with its budget.

Each figure is measured in a process of its own, which is ended when its time is up: nothing here can hang. The exit
code is 1 where a figure could not be measured; a budget that was missed is printed, and no more.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time

# A figure's name, and the seconds it may take: to begin with, and for each run.
DEADLINES = {
    "idle": (60, 0),
    "ack": (20, 15),
    "forms": (60, 0),
    "choosing": (90, 0),
    "home": (30, 40),
    "typing": (30, 0),
    "telling": (90, 0),
    "backlog": (150, 0),
    "sweep": (60, 8),
    "first_sweep": (30, 30),
    "history": (300, 0),
    "start": (20, 20),
    "entered": (60, 0),
    "quarters": (1800, 0),
    "postgres": (120, 60),
}
RUNS = 5


def measure(command: list[str], seconds: float) -> str:
    """Run a figure's process and return what it prints; else why not, with nothing of it left running."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as run:
        try:
            said, complaint = run.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            return f"not measured: it took longer than {seconds:g} s"
        finally:
            _end(run.pid)
    if run.returncode or not said:
        return f"not measured: {(complaint.strip().splitlines() or ['it said nothing'])[-1]}"
    return said.rstrip()


def _end(group: int) -> None:
    """End the process and whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def main(arguments: list[str]) -> int:
    """Measure and print; return the exit code."""
    if unknown := [each for each in arguments[:1] if not each.isdigit()] + [
        each for each in arguments[1:] if each not in DEADLINES
    ]:
        print(f"{unknown[0]}: I expected python -m bench [RUNS] [FIGURE …], with FIGURE one of {', '.join(DEADLINES)}")
        return 2
    runs = int(arguments[0]) if arguments else RUNS
    print(f"x: times as much as the plain side, median of {runs} runs, both sides in each.\n", flush=True)
    failed = False
    started = time.monotonic()
    for name in arguments[1:] or DEADLINES:
        base, each = DEADLINES[name]
        said = measure([sys.executable, "-m", "bench.figures", name, str(runs)], base + each * runs)
        failed |= said.startswith("not measured")
        print(f"{name}: {said}" if said.startswith("not measured") else said, flush=True)
    print(f"\n{time.monotonic() - started:.0f} s")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
