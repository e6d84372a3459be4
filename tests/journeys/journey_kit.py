"""What the journeys share: a world with a bot of its own, and the verbs of those who live in it."""

import asyncio
import json
import re
import signal
import socket
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from aiohttp import ClientConnectionError, ClientSession

from bot.ops import offline
from bot.settings.table import load
from bot.sim import serve
from bot.sim.demo import demo
from bot.sim.slack.model import Message

MAYA, JONAS, PRIYA, ALEX, SAM = "U0MAYA00001", "U0JONAS0001", "U0PRIYA0001", "U0ALEX00001", "U0SAMLEE001"
GUEST, STRANGER = "U0GUEST0001", "U0STRANGE01"
DATA_OPS, GENERAL, FINANCE, PRIVATE = "C0DATAOPS1", "C0GENERAL1", "C0FINANCE1", "C0PRIVATE1"
DIRECT = "@flowbot"

PATIENCE = 240.0  # seconds until what should happen counts as not happening: a ceiling for a machine that is busy
ACKED_WITHIN = 60.0  # Slack waits for three seconds; a busy machine must not fail a test
_EVERY_STATUS = ",".join(map(str, range(-1, 11)))
LOOK_AGAIN = 0.2  # seconds, at what no change in Slack tells of

# What the pretend Slack refuses as a matter of course: the bot asks in order to know; and people in a story ask
# faster than people do, so that an answer by response_url may have to wait.
_USUAL_REFUSALS = frozenset({"message_not_found", "already_in_channel", "response: ratelimited"})


class JourneyWorld:
    """A world, its bot, and what people do and see in it."""

    def __init__(self, running, folder, settings):
        self.running, self.folder = running, folder
        self.slack, self.enos = running.world.workspace, running.world.platform
        self.slack.deliveries.ack_seconds = ACKED_WITHIN
        self.settings = demo.environment(running, folder) | {
            "FLOWBOT_POLL_SECONDS": "0.7",
            "FLOWBOT_LOG_LEVEL": "info",
            "FLOWBOT_LOG_FORMAT": "json",
        }
        self.settings |= settings
        self.process = None
        self.log_path = folder / "bot.log"
        self.excused = [
            "The promise is broken",
            "flowbot has been blocked",
        ]  # a busy machine; what may be logged as an error
        self.refusals: set[str] = set(_USUAL_REFUSALS)  # what Slack may refuse in this story
        self._actions = []
        self._hours: dict[int, int] = {}  # how long ago the last run of a flow was due
        self._stack = AsyncExitStack()
        self._numbers = count(6001)

    # ── the bot ──

    async def start(self, *, wait=True, **settings):
        """Start the bot, and wait until it hears and watches."""
        self.settings |= settings
        begun, announced = self.searches(), self._announced()
        handshakes = self.slack.sockets.handshakes
        log = self._stack.enter_context(self.log_path.open("ab"))
        if self.process is None:  # as `people import` does, without a process of its own
            await offline.import_people(load(self.settings), demo.PEOPLE)
        self.process = await self._stack.enter_async_context(demo.started(self.settings, self.folder, log=log))
        if not wait:
            return
        if self.settings.get("FLOWBOT_MODE") != "http":
            await self.until(lambda: self.ended() or self.slack.sockets.handshakes >= handshakes + 2)
            await demo.connected(self.running, self.process)
        await self.until(lambda: self.ended() or self._has_read(begun, announced))
        assert not self.ended(), self.log()

    def _has_read(self, begun, announced):
        """Whether a first reading is announced; where one was before, or none comes, enough searches must be over."""
        if announced:
            return self.searches() >= begun + 3
        return self._announced() or self.searches() >= begun + 60  # a first reading may take many

    def _announced(self):
        return bool(self.all_of(DATA_OPS, "flowbot is watching"))

    async def stop(self):
        """Ask the bot to end, as a supervisor does; return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.process.wait(), PATIENCE)

    async def kill(self):
        """End the bot without a word."""
        self.process.kill()
        await self.process.wait()

    async def flowbot(self, *arguments, **settings):
        """Run another command of the program; return its exit code, words and complaints."""
        process = await demo.flowbot(
            self.settings | settings, self.folder, *arguments, out=asyncio.subprocess.PIPE, log=asyncio.subprocess.PIPE
        )
        out, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
        return process.returncode, out.decode(), errors.decode()

    def ended(self):
        return self.process is not None and self.process.returncode is not None

    def log(self):
        return self.log_path.read_text(encoding="utf-8") if self.log_path.exists() else ""

    def searches(self):
        """Count the searches of polls, without those of history, which ask for every status."""
        found = self.enos.called("flowInstances/search")
        return sum(call.body is None or call.body.get("status") != _EVERY_STATUS for call in found)

    async def polls(self, number=2):
        """Wait until ``number`` more polls have ended: three searches each."""
        since = self.searches()
        await self.until(lambda: self.searches() >= since + 3 * (number + 1))

    # ── the platform ──

    def flow(self, name="", *, owners=("maya.chen",), tasks=("extract", "transform", "load"), seconds=0.1, **fields):
        """Add a flow with tasks of its own that last a moment."""
        number = next(self._numbers)
        named = [(number * 100 + index, task) for index, task in enumerate(tasks)]
        fields = {"active": False, "cycle": "H"} | fields
        return self.enos.add_flow(
            number, name or f"flow-{number}", owners=list(owners), tasks=named, seconds=seconds, **fields
        )

    def breaks(self, flow, task=None, **how):
        """Let the flow's runs fail at a task from now on, and start one as the schedule would."""
        self.enos.fail(flow.id, task=task, **how)
        return self.runs(flow)

    def fixes(self, flow):
        """Let the flow's runs succeed again, and start one as the schedule would."""
        self.enos.recover(flow.id)
        return self.runs(flow)

    def runs(self, flow):
        """Start a run as the schedule would: of the hour after the flow's last one, yesterday's at first."""
        self._hours[flow.id] = self._hours.get(flow.id, 30) - 1
        return self.enos.start_scheduled(flow.id, self.now() - timedelta(hours=self._hours[flow.id]))

    def now(self):
        return datetime.now(UTC)

    # ── people ──

    def say(self, who, text, where=DATA_OPS, thread=None):
        action = self.slack.say(who, where, text, thread)
        self._actions.append(action)
        return action

    def press(self, who, message, label):
        action = self.slack.press(who, self.fresh(message), label)
        self._actions.append(action)
        return action

    async def previewed(self, who, message, label, where=DATA_OPS):
        """Press what shows first what it would start, and return that preview."""
        seen = len(self.private(who, where))
        self.press(who, message, label)
        return await self.until(
            lambda: next((each for each in self.private(who, where)[seen:] if f"[{label}]" in self.shown(each)), None)
        )

    async def starts(self, who, message, label, where=DATA_OPS):
        """Press what shows first what it would start, and then the button of that preview."""
        return self.press(who, await self.previewed(who, message, label, where), label)

    def shortcut(self, who, name, message):
        """Use a shortcut on a message."""
        self._actions.append(self.slack.interactions.use_shortcut(who, name, self.fresh(message)))

    async def form(self, who, *words):
        """Wait for the form that this person sees, filled and with all these words."""

        def look():
            view = self.slack.modals.top(who)
            shown = self.slack.renderer.view_shown(view.content) if view else ""
            return view if "submit" in (view.content if view else ()) and all(word in shown for word in words) else None

        return await self.until(look)

    async def submits(self, who, **values):
        """Fill the form that this person sees, by the names of its fields, and submit it."""
        view = await self.form(who)
        self._actions.append(self.slack.submit(who, values, view))
        return view

    async def until(self, look, seconds=PATIENCE):
        """Wait until something is so. Fails with what people see."""
        return await self.slack.until(look, seconds)

    async def comes(self, look):
        """Wait until an ``async`` look finds something, and return it."""
        async with asyncio.timeout(PATIENCE):
            while not (found := await look()):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.slack.next_change(), LOOK_AGAIN)
        return found

    async def health(self, address, path, status, *words):
        """Wait until the bot's listener answers so; return the text."""

        async def look():
            try:
                async with session.get(f"http://{address}{path}") as answer:
                    text = await answer.text()
            except ClientConnectionError:  # it does not listen yet
                return None
            return text if answer.status == status and all(word in text for word in words) else None

        async with ClientSession() as session:
            return await self.comes(look)

    # ── what people see ──

    def fresh(self, message):
        """A message as it is now."""
        return self.slack.find(message.channel, message.ts) or message

    def shown(self, message):
        return self.slack.shown(self.fresh(message))

    def says(self, message, *words):
        text = self.slack.shown(message).casefold()
        return message.by_app and all(word.casefold() in text for word in words)

    def all_of(self, channel, *words, who=None):
        """The bot's messages in a channel, replies too, that say all this; ephemerals only of ``who``."""
        place = self.place(channel, who)
        seen = [each for each in self.slack.everything(place) if each.only_for in {None, who}]
        return [each for each in seen if self.says(each, *words)]

    def place(self, channel, who):
        return self.slack.dm(who).id if channel == DIRECT else channel

    async def sees(self, message, *words):
        """Wait until a message says all this."""
        await self.until(lambda: self.says(self.fresh(message), *words))
        return self.fresh(message)

    async def card(self, flow, *words, channel=DATA_OPS):
        """Wait for the first message of the flow's incident."""

        def look():
            found = [each for each in self.slack.messages(channel) if self.says(each, flow.name, *words)]
            return next((each for each in found if "Last successful run" in self.slack.shown(each)), None)

        return await self.until(look)

    def cards(self, flow, channel=DATA_OPS):
        """The incidents of a flow by their first messages."""
        return [each for each in self.slack.messages(channel) if self.says(each, flow.name, "Last successful run")]

    async def reply(self, card, *words, number=1):
        """Wait for the n-th reply in a thread that says all this."""

        def look():
            found = [each for each in self.slack.replies(card) if self.says(each, *words)]
            return found[number - 1] if len(found) >= number else None

        return await self.until(look)

    async def hears(self, who, *words, where=DATA_OPS, number=1):
        """Wait for what only this person sees: an ephemeral, or a direct message."""

        def look():
            if where == DIRECT:
                seen = list(self.slack.everything(self.slack.dm(who).id))
            else:
                seen = self.slack.ephemerals(who, where)
            found = [each for each in seen if self.says(each, *words)]
            return found[number - 1] if len(found) >= number else None

        return await self.until(look)

    async def message(self, *words, where=DATA_OPS, number=1):
        """Wait for a message in the channel itself."""

        def look():
            found = [each for each in self.slack.messages(where) if self.says(each, *words)]
            return found[number - 1] if len(found) >= number else None

        return await self.until(look)

    async def asks(self, who, text, *words, where=DATA_OPS, thread=None):
        """Say something and wait for the private answer to it."""
        seen = len(self.private(who, where))
        self.say(who, text, where, thread)
        return await self.until(
            lambda: next((each for each in self.private(who, where)[seen:] if self.says(each, *words)), None)
        )

    async def comes_to_say(self, who, text, *words, where=DATA_OPS):
        """Ask again until the private answer says all this: how well the bot is depends on how busy the machine is."""
        async with asyncio.timeout(PATIENCE):
            while not self.says(answer := await self.asks(who, text, where=where), *words):
                await self.polls(1)
        return answer

    def private(self, who, where=DATA_OPS):
        """What the bot told this person alone, in order of arrival."""
        if where == DIRECT:
            return [each for each in self.slack.everything(self.slack.dm(who).id) if each.by_app]
        return [each for each in self.slack.ephemerals(who, where) if each.by_app]

    async def quiet(self, who=ALEX):
        """Wait until the bot has said what it had to say: its answers leave in the order in which they were asked."""
        await self.asks(who, "/flow whoami", "alex.kim" if who == ALEX else "", where=GENERAL)

    def transcript(self):
        """Everything that is shown in Slack, with who sees it."""
        lines = []
        for channel in self.slack.channels.values():
            for message in self.slack.everything(channel.id):
                place = "  ↳ " if message.thread_ts not in {None, message.ts} else ""
                alone = f" (only {message.only_for})" if message.only_for else ""
                lines.append(f"#{channel.name} {place}{message.user}{alone}: {self.slack.shown(message)}")
        return "\n".join(lines)

    # ── what holds in every story ──

    async def check(self):
        """Nothing broke, nothing is there twice, nothing was refused that was not expected."""
        for action in self._actions:
            if action.answer is not None:
                answer = await asyncio.wait_for(asyncio.shield(action.answer), PATIENCE)
                assert answer.acked, f"not acknowledged: {answer}"
        for channel in self.slack.channels:
            sent = (each for each in self.slack.everything(channel) if each.by_app and each.only_for is None)
            ids = [id_ for id_ in map(message_id, sent) if id_]
            twice = {each for each in ids if ids.count(each) > 1}
            assert not twice, f"messages are twice in {channel}: {twice}"
        assert "Something broke on my side" not in self.transcript()
        errors = [line for line in self.log().splitlines() if self._is_error(line)]
        assert not errors, "\n".join(errors)
        for call in self.slack.calls:
            error = "" if call.answer is None or call.answer.get("ok", True) else call.answer["error"]
            expected = {error, f"{call.method}: {error}"} & self.refusals
            assert not error or expected, f"{call.method}: {error}"

    def _is_error(self, line):
        try:
            told = json.loads(line)
        except ValueError:
            told = {"level": "error"}  # what no logger wrote: a traceback, a complaint of the interpreter
        bad = told["level"] in {"error", "critical"} or "exception" in told
        return bad and not any(re.search(excuse, line) for excuse in self.excused)

    async def close(self):
        await self._stack.aclose()


@asynccontextmanager
async def prepared_world(**settings):
    """A world whose bot is not started yet."""
    running = await serve.start(serve.demo_world())
    with tempfile.TemporaryDirectory(prefix="flowbot-") as name:
        place = JourneyWorld(running, Path(name), settings)
        try:
            yield place
        except BaseException as problem:
            if isinstance(problem, Exception):
                problem.add_note(f"── what stood in Slack ──\n{place.transcript()}")
                problem.add_note(f"── the bot's log ──\n{place.log()[-6000:]}")
            raise
        finally:
            await place.close()
            await running.stop()


@asynccontextmanager
async def running_world(*, waits=False, **settings):
    """A world whose bot runs; with ``waits`` the story starts it. What holds in every story is checked at the end."""
    async with prepared_world(**settings) as place:
        if not waits:
            await place.start()
        yield place
        await place.check()


def free_port() -> int:
    """A loopback port without a listener."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def message_id(message: Message) -> str:
    """The id of the post that a message is."""
    return str(message.metadata["event_payload"]["id"]) if message.metadata else ""
