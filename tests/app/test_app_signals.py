"""A bot that is asked to end, however early: it ends with 0, and soon."""

import asyncio
import signal
import sys
from itertools import product

import pytest
from app_kit import served
from thorough import spread

from bot.ops import process
from bot.sim.demo import demo

WITHIN = 60.0  # seconds: a ceiling, not a wait
NUMBERS = [signal.SIGTERM, signal.SIGINT]

# What is imported is slow here, and says so: whoever reads it knows how far the program is.
SLOW = """
import sys, time
sys.stderr.write("importing\\n")
sys.stderr.flush()
while True:
    time.sleep(0.01)
"""


async def begun(environ, folder):
    return await demo.flowbot(environ, folder, "run", log=asyncio.subprocess.PIPE)


async def ends(running, number):
    """Send the signal; return the exit code and what else was said."""
    running.send_signal(number)
    _, said = await asyncio.wait_for(running.communicate(), WITHIN)
    return running.returncode, said.decode()


@pytest.mark.parametrize(
    ("module", "number"), spread(product(["msgspec", "dotenv", "aiohttp", "apscheduler"], NUMBERS), 3)
)
async def test_while_it_is_still_being_read(tmp_path, number, module):
    (tmp_path / f"{module}.py").write_text(SLOW)
    (tmp_path / ".env").touch()
    async with served() as running:
        bot = await begun(demo.environment(running, tmp_path) | {"PYTHONPATH": str(tmp_path)}, tmp_path)
        assert await asyncio.wait_for(bot.stderr.readline(), WITHIN) == b"importing\n"
        assert await ends(bot, number) == (0, "")


async def scripted(text, running, folder):
    """Start a bot of which a script has changed something."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        text,
        cwd=folder,
        env=demo.environment(running, folder) | {"PYTHONPATH": demo._ROOT},
        stderr=asyncio.subprocess.PIPE,
    )


OPENING = """
import sys, threading
from bot.ops import signals, process
from bot.store import sqlite as database
signals.exit_on_signals()
migrate = database.migrate

def slow(db):
    sys.stderr.write("opening\\n")
    sys.stderr.flush()
    threading.Event().wait()

database.migrate = slow
from bot import cli
sys.argv[1:] = ["run"]
cli.main()
"""


@pytest.mark.parametrize("number", NUMBERS)
async def test_while_the_database_is_being_opened(tmp_path, number):
    async with served() as running:
        bot = await scripted(OPENING, running, tmp_path)
        assert await asyncio.wait_for(bot.stderr.readline(), WITHIN) == b"opening\n"
        assert await ends(bot, number) == (0, "")
        again = await begun(demo.environment(running, tmp_path) | {"FLOWBOT_LOG_LEVEL": "info"}, tmp_path)
        await demo.connected(running, again)
        assert (await ends(again, signal.SIGTERM))[0] == 0


# The thread of the database takes the signal itself, once the main thread waits: nothing interrupts that wait, as
# nothing does where a signal comes just before it begins.
TAKEN = """
import os, signal, sys, threading
from bot.ops import signals, process
from bot.store import sqlite as database
signals.exit_on_signals()
main = threading.main_thread()

def waits():
    with open(f"/proc/self/task/{main.native_id}/stat") as told:
        return told.read().rpartition(")")[2].split()[0] == "S"

def slow(db):
    calm = 0
    while calm < 200:
        calm = calm + 1 if waits() else 0
        threading.Event().wait(0.001)
    signal.pthread_kill(threading.get_ident(), NUMBER)
    threading.Event().wait()

database.migrate = slow
from bot import cli
sys.argv[1:] = ["run"]
cli.main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc whether a thread waits")
@pytest.mark.parametrize("number", NUMBERS)
async def test_a_signal_that_interrupts_nothing_is_heard_while_the_database_is_being_opened(tmp_path, number):
    async with served() as running:
        bot = await scripted(TAKEN.replace("NUMBER", str(int(number))), running, tmp_path)
        try:
            _, said = await asyncio.wait_for(bot.communicate(), WITHIN)
            assert (bot.returncode, said.decode()) == (0, "")
        finally:
            if bot.returncode is None:
                bot.kill()
                await bot.wait()


# The moment in which asyncio has just put the system's own handlers back, where it was asked to handle the signals.
CLOSING = """
import asyncio, os, sys
from bot.ops import signals
signals.exit_on_signals()
close = asyncio.SelectorEventLoop.close

def closes(loop):
    close(loop)
    os.kill(os.getpid(), NUMBER)

asyncio.SelectorEventLoop.close = closes
from bot import cli
sys.argv[1:] = ["run"]
cli.main()
"""


@pytest.mark.parametrize("number", NUMBERS)
async def test_again_while_its_loop_is_closed(tmp_path, number):
    async with served() as running:
        bot = await scripted(CLOSING.replace("NUMBER", str(int(number))), running, tmp_path)
        await demo.connected(running, bot)
        assert await ends(bot, signal.SIGTERM) == (0, "")


@pytest.mark.parametrize("number", NUMBERS)
async def test_while_slack_and_enos_are_being_asked(tmp_path, number):
    """Both take the question and never answer."""
    asked = asyncio.Semaphore(0)

    async def silent(reader, writer):
        asked.release()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with served() as running:
        environ = demo.environment(running, tmp_path) | {
            "SLACK_API_URL": f"http://127.0.0.1:{port}/api/",
            "ENOS_API_URL": f"http://127.0.0.1:{port}",
        }
        bot = await begun(environ, tmp_path)
        async with asyncio.timeout(WITHIN):
            await asked.acquire()
            await asked.acquire()
        code, said = await ends(bot, number)
        assert code == 0
        assert "Traceback" not in said
    server.close()


async def test_twice_is_once(tmp_path):
    async with served() as running:
        bot = await begun(demo.environment(running, tmp_path), tmp_path)
        await demo.connected(running, bot)
        bot.send_signal(signal.SIGTERM)
        bot.send_signal(signal.SIGINT)
        code, said = await ends(bot, signal.SIGTERM)
        assert code == 0
        assert "Traceback" not in said


class Silent:
    def __init__(self):
        self.asked, self.cancelled = asyncio.Event(), False

    async def preflight(self):
        self.asked.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


async def test_a_question_that_hangs_is_given_up_when_asked_to_end():
    bot, stop = Silent(), asyncio.Event()
    proving = asyncio.create_task(process.preflight_problems(bot, stop))
    await asyncio.wait_for(bot.asked.wait(), WITHIN)
    stop.set()
    assert await asyncio.wait_for(proving, WITHIN) == []
    assert bot.cancelled
