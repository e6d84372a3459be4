"""What every figure needs: the simulators, and a process that is measured against them."""

import asyncio
import contextlib
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

from bot.sim import serve
from bot.sim.demo import demo
from bot.sim.serve import Running

ROOT = str(Path(__file__).resolve().parent.parent)
MAYA, CHANNEL = demo.PEOPLE.split("\n")[1].split(":")[1].split(",")[0], demo.CHANNEL


@contextlib.asynccontextmanager
async def world() -> AsyncIterator[Running]:
    running = await serve.start(serve.demo_world())
    running.world.workspace.rate_limits.posting = False
    try:
        yield running
    finally:
        await running.stop()


@contextlib.asynccontextmanager
async def measured(running: Running, module: str, **settings: str) -> AsyncIterator[tuple[int, float]]:
    """Run flowbot ("bot") or the bare app ("bench.bare"); yield its pid and the seconds until its first hello."""
    with tempfile.TemporaryDirectory() as folder:
        environ = demo.environment(running, Path(folder)) | {"PYTHONPATH": ROOT} | settings
        environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed is compiled, as the bare app's libraries are
        if module == "bot":
            csv = Path(folder) / "people.csv"
            csv.write_text(demo.PEOPLE, encoding="utf-8")
            linking = await _process(environ, folder, "bot", "people", "import", str(csv))
            if await linking.wait():
                raise RuntimeError("the people could not be linked")
        sockets = running.world.workspace.sockets
        before = sockets.handshakes
        started = time.monotonic()
        log = Path(folder) / "log"
        process = await _process(environ, folder, module, *(["run"] if module == "bot" else []), log=log)
        try:
            await running.world.workspace.until(lambda: sockets.handshakes > before and sockets.connections, timeout=60)
            yield process.pid, time.monotonic() - started
            if process.returncode is not None:
                raise RuntimeError(f"{module} ended by itself, with {process.returncode}: {log.read_text()[-500:]}")
        finally:
            if process.returncode is None:
                process.kill()  # to drain hanging calls would take its time, and is not measured
            await process.wait()


async def _process(
    environ: dict[str, str], folder: str, module: str, *arguments: str, log: Path = Path(os.devnull)
) -> asyncio.subprocess.Process:
    with log.open("wb") as words:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *arguments, env=environ, cwd=folder, stdout=words, stderr=words
        )


def memory(pid: int) -> float:
    """The resident memory of a process in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return float("nan")
