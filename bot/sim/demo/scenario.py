"""The demo's story: a flow breaks at night and is mended from Slack. Each step is done, awaited and told."""

import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.sim.serve import World
from bot.sim.slack.model import Message
from bot.sim.slack.seed import DATA_OPS as CHANNEL

MAYA, JONAS, PRIYA, SAM = "U0MAYA00001", "U0JONAS0001", "U0PRIYA0001", "U0SAMLEE001"
FLOW, TASK = 3377, 108580
_PATIENCE = 40.0  # seconds until a step counts as failed


Found = TypeVar("Found")


class Astray(Exception):  # noqa: N818  named for what the story did
    """A step did not go as told."""


class Story:
    """Plays the story against a world in which the bot runs."""

    def __init__(self, world: World) -> None:
        self._platform = world.platform
        self._slack = world.workspace
        self._told: set[tuple[str, str]] = set()
        self._card: Message | None = None

    async def play(self) -> int:
        """Play all steps; return 0 only if each went as told."""
        steps: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = (
            ("Maya asks what she may do", self._help),
            ("At night, flow 3377 fails", self._fails),
            ("Sam, who is on call, takes it", self._taken),
            ("Jonas, who does not own the flow, tries to rerun it", self._not_his),
            ("Maya reads the log", self._log),
            ("The cause is mended; Maya reruns from the failed task", self._rerun),
            ("It recovers", self._recovers),
            ("Priya, whom nobody linked, asks what failed today", self._not_linked),
            ("Maya asks what failed lately", self._failed_lately),
        )
        for title, step in steps:
            _print(f"\n── {title} ──")
            try:
                await step()
            except (Astray, TimeoutError) as error:
                _print(f"✗ This did not go as told: {error}")
                return 1
        _print("\nEvery step went as told.")
        return 0

    async def _help(self) -> None:
        self._slack.say(MAYA, CHANNEL, "/flow help")
        await self._whispered(MAYA, "what you can ask")

    async def _fails(self) -> None:
        self._platform.fail(FLOW, task=TASK)
        self._platform.start_scheduled(FLOW)
        self._card = await self._until(lambda: self._find("FAIL", "daily-energy-report"), "no thread for the failure")
        await self._until(lambda: "transform" in self._slack.shown(self._fresh()), "the card does not name the task")
        self._tell(self._fresh())

    async def _taken(self) -> None:
        self._slack.press(SAM, self._fresh(), "Acknowledge")
        await self._replied("acknowledged")

    async def _not_his(self) -> None:
        self._slack.press(JONAS, self._fresh(), "Rerun")
        await self._whispered(JONAS, "not an owner")

    async def _log(self) -> None:
        self._slack.press(MAYA, self._fresh(), "Log")
        message = await self._whispered(MAYA, "Log of")
        if "hunter2" in self._slack.shown(message):
            raise Astray("the log shows a secret")

    async def _rerun(self) -> None:
        self._platform.recover(FLOW)
        self._slack.press(MAYA, self._fresh(), "Rerun")
        await self._replied("started")
        await self._replied("ended with SUCCESS")

    async def _recovers(self) -> None:
        await self._replied("recovered")
        await self._until(lambda: "recovered" in self._slack.shown(self._fresh()).lower(), "the card is not green")
        self._tell(self._fresh())

    async def _not_linked(self) -> None:
        self._slack.say(PRIYA, CHANNEL, "/flow failed today")
        await self._whispered(PRIYA, "I do not know yet who you are")

    async def _failed_lately(self) -> None:
        self._slack.say(MAYA, CHANNEL, "/flow failed last 3h")
        await self._whispered(MAYA, "*Failed*", "FAIL", "daily-energy-report", "it has a good run since")

    def _fresh(self) -> Message:
        """Return the incident's first message as it is now."""
        if self._card is None:
            raise Astray("there is no incident yet")
        return self._slack.find(CHANNEL, self._card.ts) or self._card

    def _find(self, *words: str) -> Message | None:
        return next((each for each in self._slack.messages(CHANNEL) if self._says(each, *words)), None)

    def _says(self, message: Message, *words: str) -> bool:
        shown = self._slack.shown(message).lower()
        return message.by_app and all(word.lower() in shown for word in words)

    async def _replied(self, *words: str) -> Message:
        def reply() -> Message | None:
            thread = self._slack.thread(CHANNEL, self._fresh().ts)[1:]
            return next((each for each in reversed(thread) if self._says(each, *words)), None)

        found = await self._until(reply, f"no reply in the thread says {' '.join(words)}")
        self._tell(found)
        return found

    async def _whispered(self, who: str, *words: str) -> Message:
        def private() -> Message | None:
            mine = self._slack.ephemerals(who, CHANNEL)
            return next((each for each in reversed(mine) if self._says(each, *words)), None)

        found = await self._until(private, f"no private answer says {' '.join(words)}")
        self._tell(found)
        return found

    async def _until(self, look: Callable[[], Found | None], otherwise: str) -> Found:
        try:
            found = await self._slack.until(look, timeout=_PATIENCE)
        except TimeoutError as error:
            raise Astray(f"{otherwise} ({error})") from None
        if found is None:
            raise Astray(otherwise)
        return found

    def _tell(self, message: Message) -> None:
        """Print a message once for each of its states."""
        shown = self._slack.shown(message)
        if (message.ts, shown) in self._told:
            return
        self._told.add((message.ts, shown))
        place = "  ↳ " if message.thread_ts and message.thread_ts != message.ts else "  "
        private = ""
        if message.only_for:
            private = f" (only {self._slack.state.person(message.only_for).real_name} sees this)"
        lines = shown.splitlines() or [""]
        _print(f"{place}flowbot{private}: {lines[0]}")
        for line in lines[1:]:
            _print(f"{' ' * len(place)}{line}")


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
