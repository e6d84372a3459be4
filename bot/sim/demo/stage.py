"""What the parts of the demo's story share: how a step is played, how people act, and how messages are found.

Messages are found by what is the same in every language (``seen.py``); the language of each one printed is checked.
"""

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar

from bot.core.text.language import EN, language_of
from bot.sim.demo import seen
from bot.sim.demo.clock import StoryClock
from bot.sim.serve import World
from bot.sim.slack.model import Message
from bot.sim.slack.seed import DATA_ALERTS

STEP_SECONDS = 40.0  # seconds until a step counts as failed
_RUN = 20.0  # seconds in which each run of the story ends
_PATIENCE = 2.0  # seconds between two moves of the story's clock while a step waits
_MEANWHILE = 30.0  # seconds by which the story's clock is then moved ahead
_SEARCHES = 6  # of EnOS, of which a poll makes three: after these, one began and ended
SHANGHAI = timedelta(hours=8)

Found = TypeVar("Found")
Step = tuple[str, Callable[[], Awaitable[None]]]


class StepFailed(Exception):  # noqa: N818  a failure of the story, not an error of the program
    """A step of the story did not have its result."""


@dataclass
class Failure:
    """A failed run, and its cards by their channel."""

    flow: int
    run: str = ""
    cards: dict[str, Message] = field(default_factory=dict)

    @property
    def home(self) -> str:
        """The first channel that has a card."""
        return next(iter(self.cards), "")


class Stage:
    """Where the story is played: a world in which the bot runs; ``language`` is that of channels."""

    def __init__(self, world: World, clock: StoryClock, language: str = EN) -> None:
        self.platform = world.platform
        self.slack = world.workspace
        self.receivers = world.receivers
        self.clock = clock
        self.language = language
        self._printed: set[tuple[str, str]] = set()
        self._since = ""  # when somebody last did something, as a timestamp of Slack's

    async def play(self, *steps: Step) -> int:
        """Play these steps; return 0 only if each succeeded."""
        for title, step in (("flowbot watches", self.begins), *steps):
            tell(f"\n── {title} ──")
            try:
                await step()
            except (StepFailed, TimeoutError) as error:
                tell(f"✗ This step failed: {error}")
                return 1
        tell("\nEvery step succeeded.")
        return 0

    async def begins(self) -> None:
        """Wait until flowbot says that it watches: what fails before that has no card of its own."""
        await self.found(lambda: self.slack.messages(DATA_ALERTS))

    # ── acting ───────────────────────────────────────────────────────────────

    def say(self, who: str, text: str, where: str = DATA_ALERTS) -> None:
        """Let somebody say something in a channel."""
        self.happens()
        place = "" if where == DATA_ALERTS else f" (in #{self.slack.channels[where].name})"
        tell(f"  {self.name(who)}{place}: {text}")
        self.slack.say(who, where, text)

    def press(self, who: str, message: Message, command: str) -> None:
        """Let somebody press what says this command on a message."""
        self.happens()
        message = self.fresh(message)
        control = seen.control(message, command)
        if control is None:
            raise StepFailed(f"the message has no button for {command}")
        tell(f"  {self.name(who)} presses [{control.label}]")
        self.slack.interactions.click(who, message, control.block, control.action, control.option)

    async def starts(self, who: str, message: Message, command: str) -> None:
        """Let somebody press what says this command, and then the button of the preview that they are shown."""
        self.press(who, message, command)

        def previews() -> list[Message]:
            private = self.slack.ephemerals(who, message.channel)
            return [each for each in private if seen.control(each, f"{command} seen")]

        self.press(who, await self.found(previews, f"`{command}`"), command)

    def happens(self) -> None:
        """Something happens now: older messages are no answer to it."""
        self._since = self.slack.state.new_ts()

    async def fails(self, flow: int, task: int | None, *places: str, error: Sequence[str] = ()) -> Failure:
        """Let a flow fail, and wait for its card in each of these channels; ``error`` ends the log."""
        self.happens()
        self.platform.fail(flow, task=task, lines=error)
        failure = Failure(flow, self.platform.start_scheduled(flow).id)
        self.clock.ahead(_RUN)
        for place in places:
            found = partial(self._card_of, failure, place)
            failure.cards[place] = await self.until(found, f"no card in {place}")
        return failure

    def recovers(self, flow: int) -> str:
        """Let a flow's runs succeed again, and one start; return its ID."""
        self.happens()
        self.platform.recover(flow)
        run = self.platform.start_scheduled(flow).id
        self.clock.ahead(_RUN)
        return run

    async def comes(self, hour: int, minute: int) -> None:
        """Put the clock ahead to a time of day in Shanghai, and wait until flowbot has polled EnOS since."""
        self.happens()
        self.clock.until(hour, minute, SHANGHAI)
        before = self._searches()
        await self.until(lambda: self._searches() >= before + _SEARCHES, "flowbot does not poll EnOS")

    def _searches(self) -> int:
        return len(self.platform.called("flowInstances/search"))

    def runs_end(self) -> None:
        """Let the time pass in which a run ends."""
        self.clock.ahead(_RUN)

    # ── finding ──────────────────────────────────────────────────────────────

    def _card_of(self, failure: Failure, place: str) -> Message | None:
        found = self.newest(self.slack.messages(place), f"`{failure.run}`")
        return found if found and seen.color(found) else None

    def fresh(self, message: Message) -> Message:
        """A message as it is now."""
        return self.slack.find(message.channel, message.ts) or message

    async def card_is(self, card: Message, color: str, command: str, *data: str) -> None:
        """Wait until a card has a colour, a control and some data, and show it."""

        def is_so() -> bool:
            now = self.fresh(card)
            return seen.color(now) == color and bool(seen.control(now, command)) and seen.carries(now, *data)

        await self.until(is_so, f"the card is not {color} with {command} {' '.join(data)}")
        self.show(self.fresh(card))

    async def reply(self, card: Message, *data: str, color: str | None = None) -> Message:
        """Wait for a reply in a card's thread."""
        return await self.found(lambda: self.slack.thread(card.channel, card.ts)[1:], *data, color=color)

    async def answer(self, who: str, command: str, *data: str, where: str = DATA_ALERTS) -> Message:
        """Wait for the answer to a command that only this person sees; it repeats the command."""
        return await self.found(lambda: self.slack.ephemerals(who, where), f"`{command}`", *data)

    async def offered(self, where: str, command: str, *data: str) -> Message:
        """Wait for a message in a channel with a button that says this command."""
        messages = self.slack.messages
        return await self.found(lambda: [each for each in messages(where) if seen.control(each, command)], *data)

    async def found(self, among: Callable[[], list[Message]], *data: str, color: str | None = None) -> Message:
        """Wait for flowbot's newest message with this data since somebody last did something, and show it."""
        found = await self.until(lambda: self.newest(among(), *data, color=color), f"no answer has {' '.join(data)}")
        self.show(found)
        return found

    def newest(self, messages: list[Message], *data: str, color: str | None = None) -> Message | None:
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

    async def until(self, look: Callable[[], Found | None], otherwise: str) -> Found:
        """Wait until something is so; raises StepFailed after some time."""
        try:
            found = await self.slack.until(look, timeout=STEP_SECONDS)
        except TimeoutError as error:
            raise StepFailed(f"{otherwise} ({error})") from None
        if found is None:
            raise StepFailed(otherwise)
        return found

    async def in_time(self, look: Callable[[], Found | None], otherwise: str) -> Found:
        """Wait until something is so, and let the story's time pass meanwhile; raises StepFailed after some time."""
        for _ in range(int(STEP_SECONDS / _PATIENCE)):
            try:
                found = await self.slack.until(look, timeout=_PATIENCE)
            except TimeoutError:
                self.clock.ahead(_MEANWHILE)
                continue
            if found is not None:
                return found
        raise StepFailed(otherwise)

    # ── checking and printing ────────────────────────────────────────────────

    def _check(self, message: Message) -> None:
        """Check a message's language, that of its one reader or else the channel's, and the commands of its buttons."""
        channel = self.slack.channels[message.channel]
        one = message.only_for or (self.slack.state.dm_partner(channel) if channel.kind == "im" else None)
        language = language_of(self.slack.state.person(one).locale) if one else self.language
        if not seen.speaks(message, language):
            raise StepFailed(f"this is not in the language of its readers, {language}")
        if not seen.canonical(message):
            raise StepFailed("a button of this does not say an English command")

    def show(self, message: Message) -> None:
        """Check a message and print it, once for each of its states."""
        shown = self.slack.shown(message)
        if (message.ts, shown) in self._printed:
            return
        self._printed.add((message.ts, shown))
        place = "  ↳ " if message.thread_ts and message.thread_ts != message.ts else "  "
        lines = shown.splitlines() or [""]
        tell(f"{place}flowbot{self._where(message)}: {lines[0]}")
        for line in lines[1:]:
            tell(f"{' ' * len(place)}{line}")
        self._check(message)

    def _where(self, message: Message) -> str:
        """Name who sees a message, where it is not everyone in the alert channel."""
        channel = self.slack.channels[message.channel]
        if message.only_for:
            return f" (only {self.name(message.only_for)} sees this)"
        if channel.kind == "im":
            return f" (to {self.name(self.slack.state.dm_partner(channel))})"
        return "" if message.channel == DATA_ALERTS else f" (in #{channel.name})"

    def name(self, who: str) -> str:
        """Somebody's name."""
        return self.slack.state.person(who).real_name


def tell(line: str) -> None:
    """Print a line of the story."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
