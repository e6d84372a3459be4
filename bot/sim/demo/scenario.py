"""The demo's scenario: a flow fails at night and is repaired from Slack. Each step is done, awaited and printed."""

import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.sim.serve import World
from bot.sim.slack.model import Message
from bot.sim.slack.seed import DATA_OPS as CHANNEL

MAYA, JONAS, PRIYA, SAM = "U0MAYA00001", "U0JONAS0001", "U0PRIYA0001", "U0SAMLEE001"
FLOW, TASK = 3377, 108580
_STEP_SECONDS = 40.0  # seconds until a step counts as failed


Found = TypeVar("Found")


class StepFailed(Exception):  # noqa: N818  a failure of the scenario, not an error of the program
    """A step of the scenario did not have its result."""


class DemoScenario:
    """Plays the scenario in a world in which the bot runs."""

    def __init__(self, world: World) -> None:
        self._platform = world.platform
        self._slack = world.workspace
        self._printed: set[tuple[str, str]] = set()
        self._card: Message | None = None

    async def play(self) -> int:
        """Play all steps; return 0 only if each succeeded."""
        steps: tuple[tuple[str, Callable[[], Awaitable[None]]], ...] = (
            ("Maya asks what she may do", self._help),
            ("At night, flow 3377 fails", self._fails),
            ("Sam, who is on call, acknowledges it", self._acknowledges),
            ("Jonas, who does not own the flow, tries to rerun it", self._no_rights),
            ("Maya reads the log", self._log),
            ("The cause is fixed, and Maya reruns from the failed task", self._rerun),
            ("It recovers", self._recovers),
            ("Priya, who is not linked, asks what failed today", self._not_linked),
            ("Maya asks what failed lately", self._failed_lately),
        )
        for title, step in steps:
            _print(f"\n── {title} ──")
            try:
                await step()
            except (StepFailed, TimeoutError) as error:
                _print(f"✗ This step failed: {error}")
                return 1
        _print("\nEvery step succeeded.")
        return 0

    async def _help(self) -> None:
        self._slack.say(MAYA, CHANNEL, "/flow help")
        await self._wait_for_ephemeral(MAYA, "what you can ask")

    async def _fails(self) -> None:
        self._platform.fail(FLOW, task=TASK)
        self._platform.start_scheduled(FLOW)
        self._card = await self._until(lambda: self._find("FAIL", "daily-energy-report"), "no thread for the failure")
        await self._until(lambda: "transform" in self._slack.shown(self._card_now()), "the card does not name the task")
        self._print_once(self._card_now())

    async def _acknowledges(self) -> None:
        self._slack.press(SAM, self._card_now(), "Acknowledge")
        await self._wait_for_reply("acknowledged")

    async def _no_rights(self) -> None:
        self._slack.press(JONAS, self._card_now(), "Rerun")
        await self._wait_for_ephemeral(JONAS, "not an owner")

    async def _log(self) -> None:
        self._slack.press(MAYA, self._card_now(), "View log")
        message = await self._wait_for_ephemeral(MAYA, "Log of")
        if "hunter2" in self._slack.shown(message):
            raise StepFailed("the log shows a secret")

    async def _rerun(self) -> None:
        self._platform.recover(FLOW)
        self._slack.press(MAYA, self._card_now(), "Rerun")
        await self._wait_for_reply("started")
        await self._wait_for_reply("succeeded after")

    async def _recovers(self) -> None:
        await self._wait_for_reply("recovered")
        await self._until(lambda: "recovered" in self._slack.shown(self._card_now()).lower(), "the card is not green")
        self._print_once(self._card_now())

    async def _not_linked(self) -> None:
        self._slack.say(PRIYA, CHANNEL, "/flow failed today")
        await self._wait_for_ephemeral(PRIYA, "I do not know yet who you are")

    async def _failed_lately(self) -> None:
        self._slack.say(MAYA, CHANNEL, "/flow failed last 3h")
        await self._wait_for_ephemeral(MAYA, "*Failed*", "FAIL", "daily-energy-report", "it has a good run since")

    def _card_now(self) -> Message:
        """Find the incident's first message as it is now."""
        if self._card is None:
            raise StepFailed("there is no incident yet")
        return self._slack.find(CHANNEL, self._card.ts) or self._card

    def _find(self, *words: str) -> Message | None:
        return next((each for each in self._slack.messages(CHANNEL) if self._says(each, *words)), None)

    def _says(self, message: Message, *words: str) -> bool:
        shown = self._slack.shown(message).lower()
        return message.by_app and all(word.lower() in shown for word in words)

    async def _wait_for_reply(self, *words: str) -> Message:
        def reply() -> Message | None:
            thread = self._slack.thread(CHANNEL, self._card_now().ts)[1:]
            return next((each for each in reversed(thread) if self._says(each, *words)), None)

        found = await self._until(reply, f"no reply in the thread says {' '.join(words)}")
        self._print_once(found)
        return found

    async def _wait_for_ephemeral(self, who: str, *words: str) -> Message:
        def newest() -> Message | None:
            mine = self._slack.ephemerals(who, CHANNEL)
            return next((each for each in reversed(mine) if self._says(each, *words)), None)

        found = await self._until(newest, f"no private answer says {' '.join(words)}")
        self._print_once(found)
        return found

    async def _until(self, look: Callable[[], Found | None], otherwise: str) -> Found:
        try:
            found = await self._slack.until(look, timeout=_STEP_SECONDS)
        except TimeoutError as error:
            raise StepFailed(f"{otherwise} ({error})") from None
        if found is None:
            raise StepFailed(otherwise)
        return found

    def _print_once(self, message: Message) -> None:
        """Print a message once for each of its states."""
        shown = self._slack.shown(message)
        if (message.ts, shown) in self._printed:
            return
        self._printed.add((message.ts, shown))
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
