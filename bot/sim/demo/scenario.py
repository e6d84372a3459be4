"""The demo's scenario: a flow fails at night and is repaired from Slack. Each step is done, awaited and printed.

It finds messages by what is the same in every language (``seen.py``), and checks the language of each that it prints.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bot.core.text.language import EN, language_of
from bot.messages.symbols import GREEN, ORANGE, RED
from bot.sim.demo import seen
from bot.sim.enos.model import Instance
from bot.sim.serve import World
from bot.sim.slack.model import Message
from bot.sim.slack.seed import ALEX, JONAS, MAYA, PRIYA, SAM, WEI
from bot.sim.slack.seed import DATA_OPS as CHANNEL

FLOW, TASK = 3377, 108580
_STEP_SECONDS = 40.0  # seconds until a step counts as failed
_MINUTE = 61.0  # seconds until a flow that was triggered can be triggered again, by flowbot's clock too

Found = TypeVar("Found")
Step = tuple[str, Callable[[], Awaitable[None]]]


class StepFailed(Exception):  # noqa: N818  a failure of the scenario, not an error of the program
    """A step of the scenario did not have its result."""


class DemoScenario:
    """Plays the scenario in a world in which the bot runs; ``language`` is that of channels."""

    def __init__(self, world: World, language: str = EN) -> None:
        self._platform = world.platform
        self._slack = world.workspace
        self._language = language
        self._printed: set[tuple[str, str]] = set()
        self._since = ""  # when somebody last did something, as a timestamp of Slack's
        self._failed = ""  # the newest run that failed
        self._card: Message | None = None

    async def play(self, *steps: Step) -> int:
        """Play these steps, or all; return 0 only if each succeeded."""
        for title, step in steps or (*self.at_night(), *self.in_chinese()):
            _print(f"\n── {title} ──")
            try:
                await step()
            except (StepFailed, TimeoutError) as error:
                _print(f"✗ This step failed: {error}")
                return 1
        _print("\nEvery step succeeded.")
        return 0

    def at_night(self) -> tuple[Step, ...]:
        """The failure that Sam and Maya deal with."""
        return (
            ("Maya asks what she may do", self._help),
            ("At night, flow 3377 fails", self._fails),
            ("Sam, who is on call, acknowledges it", lambda: self._acknowledges(SAM)),
            ("Jonas, who does not own the flow, tries to rerun it", self._no_rights),
            ("Maya reads the log", self._log),
            ("The cause is fixed, and Maya reruns from the failed task", self._rerun),
            ("It recovers", self._recovers),
            ("Priya, who is not linked, asks what failed today", self._not_linked),
            ("Maya asks what failed lately", self._failed_lately),
        )

    def in_chinese(self) -> tuple[Step, ...]:
        """The next failure, which Wei deals with in Chinese."""
        return (
            ("The flow fails once more", self._fails),
            ("Wei, whose Slack is in Chinese, asks what failed today", self._failed_in_chinese),
            ("Wei acknowledges it", lambda: self._acknowledges(WEI)),
            ("The cause is fixed, and Wei triggers the flow from the failed task", self._trigger_in_chinese),
            ("It recovers", self._recovers),
        )

    # ── at night ─────────────────────────────────────────────────────────────

    async def _help(self) -> None:
        self._say(MAYA, "/flow help")
        await self._answer(MAYA, "help", "`/flow trigger ")

    async def _fails(self) -> None:
        self._since = self._slack.state.new_ts()
        self._platform.fail(FLOW, task=TASK)
        self._failed = self._platform.start_scheduled(FLOW).id
        self._card = await self._until(self._new_card, "no thread for the failure")
        await self._card_is(RED, f"ack {FLOW}", f"`{TASK}`")

    async def _acknowledges(self, who: str) -> None:
        self._press(who, f"ack {FLOW}")
        await self._reply(f"<@{who}>", f"`ack {FLOW}`")
        await self._card_is(ORANGE, f"unack {FLOW}")

    async def _no_rights(self) -> None:
        self._press(JONAS, f"rerun {self._failed}")
        await self._answer(JONAS, f"rerun {self._failed}", f"<@{MAYA}>")
        if self._platform.called("triggerFromTask"):
            raise StepFailed("EnOS was asked to start a run")

    async def _log(self) -> None:
        self._press(MAYA, f"log {self._failed}")
        message = await self._answer(MAYA, f"log {self._failed}", "--password=")
        if "hunter2" in self._slack.shown(message):
            raise StepFailed("the log shows a secret")

    async def _rerun(self) -> None:
        self._platform.recover(FLOW)
        self._press(MAYA, f"rerun {self._failed}")
        await self._reply(f"`rerun {self._failed}`")
        await self._reply(f"`rerun {self._failed}`", color=GREEN)

    async def _recovers(self) -> None:
        run = f"`{self._triggered()[-1].id}`"
        await self._reply(run, color="")
        await self._card_is(GREEN, f"show {FLOW}", run)

    async def _not_linked(self) -> None:
        self._say(PRIYA, "/flow failed today")
        await self._answer(PRIYA, "failed", "`/flow link", f"<@{ALEX}>")

    async def _failed_lately(self) -> None:
        self._say(MAYA, "/flow failed last 3h")
        await self._answer(MAYA, "failed last 3h", f"`{self._failed}`")

    # ── in Chinese ───────────────────────────────────────────────────────────

    async def _failed_in_chinese(self) -> None:
        self._say(WEI, "/flow 失败 今天")
        await self._answer(WEI, "failed", f"`{self._failed}`")

    async def _trigger_in_chinese(self) -> None:
        self._platform.recover(FLOW)
        started = await self._triggers(WEI)
        if started.only_for:  # Maya's rerun was less than a minute ago, as she is told
            _print("  (a minute later)")
            await asyncio.sleep(self._triggered()[-1].created + _MINUTE - self._platform.clock())
            started = await self._triggers(WEI)
        await self._until(lambda: seen.color(started) == GREEN, "the run does not succeed")
        self._show(started)

    async def _triggers(self, who: str) -> Message:
        self._say(who, f"/flow 触发 {FLOW} 从 {TASK}")
        echo = f"`trigger {FLOW} from {TASK}`"
        return await self._found(lambda: [*self._slack.messages(CHANNEL), *self._slack.ephemerals(who, CHANNEL)], echo)

    # ── acting ───────────────────────────────────────────────────────────────

    def _say(self, who: str, text: str) -> None:
        self._since = self._slack.state.new_ts()
        _print(f"  {self._name(who)}: {text}")
        self._slack.say(who, CHANNEL, text)

    def _press(self, who: str, command: str) -> None:
        """Press what says this command on the incident's card."""
        self._since = self._slack.state.new_ts()
        card = self._card_now()
        control = seen.control(card, command)
        if control is None:
            raise StepFailed(f"the card has no button for {command}")
        _print(f"  {self._name(who)} presses [{control.label}]")
        self._slack.interactions.click(who, card, control.block, control.action, control.option)

    # ── finding ──────────────────────────────────────────────────────────────

    def _new_card(self) -> Message | None:
        found = self._newest(self._slack.messages(CHANNEL), f"`{self._failed}`")
        return found if found and seen.control(found, f"ack {FLOW}") else None

    def _card_now(self) -> Message:
        """Find the incident's first message as it is now."""
        if self._card is None:
            raise StepFailed("there is no incident yet")
        return self._slack.find(CHANNEL, self._card.ts) or self._card

    async def _card_is(self, color: str, command: str, *data: str) -> None:
        """Wait until the card has a colour, a control and some data."""

        def is_so() -> bool:
            card = self._card_now()
            return seen.color(card) == color and bool(seen.control(card, command)) and seen.carries(card, *data)

        await self._until(is_so, f"the card is not {color} with {command} {' '.join(data)}")
        self._show(self._card_now())

    async def _reply(self, *data: str, color: str | None = None) -> Message:
        return await self._found(lambda: self._slack.thread(CHANNEL, self._card_now().ts)[1:], *data, color=color)

    async def _answer(self, who: str, command: str, *data: str) -> Message:
        """Wait for the answer to a command that only this person sees; it repeats the command."""
        return await self._found(lambda: self._slack.ephemerals(who, CHANNEL), f"`{command}`", *data)

    async def _found(self, among: Callable[[], list[Message]], *data: str, color: str | None = None) -> Message:
        found = await self._until(lambda: self._newest(among(), *data, color=color), f"no answer has {' '.join(data)}")
        self._show(found)
        return found

    def _newest(self, messages: list[Message], *data: str, color: str | None = None) -> Message | None:
        """Find flowbot's newest message with this data since somebody last did something."""
        return next(
            (
                each
                for each in reversed(messages)
                if each.by_app
                and each.ts > self._since
                and seen.carries(each, *data)
                and color in {None, seen.color(each)}
            ),
            None,
        )

    def _triggered(self) -> list[Instance]:
        """List the runs of the flow that were started from Slack, oldest first."""
        return sorted(
            (each for each in self._platform.instances(FLOW) if each.triggered), key=lambda each: each.created
        )

    async def _until(self, look: Callable[[], Found | None], otherwise: str) -> Found:
        try:
            found = await self._slack.until(look, timeout=_STEP_SECONDS)
        except TimeoutError as error:
            raise StepFailed(f"{otherwise} ({error})") from None
        if found is None:
            raise StepFailed(otherwise)
        return found

    # ── checking and printing ────────────────────────────────────────────────

    def _check(self, message: Message) -> None:
        """Check a message's language, that of its one reader or else the channel's, and the commands of its buttons."""
        reader = message.only_for and self._slack.state.person(message.only_for)
        language = language_of(reader.locale) if reader else self._language
        if not seen.speaks(message, language):
            raise StepFailed(f"this is not in the language of its readers, {language}")
        if not seen.canonical(message):
            raise StepFailed("a button of this does not say an English command")

    def _show(self, message: Message) -> None:
        """Check a message and print it, once for each of its states."""
        shown = self._slack.shown(message)
        if (message.ts, shown) in self._printed:
            return
        self._printed.add((message.ts, shown))
        place = "  ↳ " if message.thread_ts and message.thread_ts != message.ts else "  "
        private = f" (only {self._name(message.only_for)} sees this)" if message.only_for else ""
        lines = shown.splitlines() or [""]
        _print(f"{place}flowbot{private}: {lines[0]}")
        for line in lines[1:]:
            _print(f"{' ' * len(place)}{line}")
        self._check(message)

    def _name(self, who: str) -> str:
        return self._slack.state.person(who).real_name


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
