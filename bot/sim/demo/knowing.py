"""What flowbot knows: a cause with what follows from it, a retry, a promise that can't be kept, and pictures.

It is played in the evening, while the report of the promise and the import that it waits for are still running.
"""

from datetime import UTC, datetime, timedelta

from bot.core.incident.model import Phase
from bot.messages.symbols import GREEN, ORANGE, PHASES, RED
from bot.sim.demo import past, seen
from bot.sim.demo.past import IMPORT, REPORT
from bot.sim.demo.stage import SHANGHAI, Failure, Stage, Step, StepFailed, tell
from bot.sim.slack.model import Message
from bot.sim.slack.seed import DATA_ALERTS, JONAS, MAYA, ON_CALL

CAUSE, CONSEQUENCES = 4601, (4602, 4605, 4606)  # meter-import, of Jonas, and what waits for it
RETRIED = 4604  # co2-balance, of Maya
RESET = "Connection reset"
ERROR = (f"java.net.SocketException: {RESET} by peer",)
RUNBOOK = "https://wiki.example.com/runbooks/co2-balance"
_PROMISED_IN = timedelta(minutes=8)  # sooner than the report can be done
_RETRY_SECONDS = 5 * 60.0  # after the failure
_LONGER_SECONDS = 75 * 60.0  # after which the import has been running three times as long as ever


class Knowing:
    """What flowbot knows, on a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._cause = Failure(CAUSE)
        self._consequences: list[Failure] = []
        self._failure = Failure(RETRIED)
        self._late: Message | None = None
        self._long: Message | None = None
        self._by = (0, 0)  # hour and minute in Shanghai

    def steps(self) -> tuple[Step, ...]:
        """The scenes."""
        return (
            ("meter-import fails, and Jonas acknowledges it", self._cause_fails),
            ("The three flows that wait for it fail too: nobody is notified about them", self._consequences_fail),
            ("Maya asks why", self._why),
            ("She looks at the task graph", self._graph),
            ("meter-import recovers, and the three with it", self._all_recover),
            ("Maya leaves a runbook and a retry rule for co2-balance", self._rules),
            ("It fails with that error: the retry waits, and anybody can stop it", self._is_retried),
            ("Nobody does. The rule reruns it, and that helps", self._retry_helps),
            ("Maya promises the tariff-report. The import that it waits for is late", self._promises),
            ("Its time comes, and the promise is not kept", self._is_late),
            ("The import has been running for far longer than ever", self._is_long),
            ("Both are done, and both recover", self._is_done),
            ("Maya asks for the figures of the week", self._stats),
        )

    # ── a cause, and what follows from it ────────────────────────────────────

    async def _cause_fails(self) -> None:
        self._cause = await self._stage.fails(CAUSE, None, DATA_ALERTS)
        self._stage.press(JONAS, self._card, f"ack {CAUSE}")
        await self._stage.card_is(self._card, ORANGE, f"unack {CAUSE}", f"<@{JONAS}>")

    async def _consequences_fail(self) -> None:
        for flow in CONSEQUENCES:
            failure = await self._stage.fails(flow, None, DATA_ALERTS)
            self._consequences.append(failure)
            card = failure.cards[DATA_ALERTS]
            await self._stage.card_is(card, RED, f"ack {flow}", f"`{CAUSE}`")
            if any(seen.carries(self._stage.fresh(card), each) for each in (f"<@{JONAS}>", f"<!subteam^{ON_CALL}>")):
                raise StepFailed("somebody was notified about what follows from an acknowledged failure")
        await self._stage.card_is(self._card, ORANGE, f"unack {CAUSE}", PHASES[Phase.OPEN])

    async def _why(self) -> None:
        flow = CONSEQUENCES[0]
        self._stage.say(MAYA, f"/flow show {flow}")
        await self._stage.answer(MAYA, f"show {flow}", f"`{CAUSE}`")

    async def _graph(self) -> None:
        offered = seen.control(self._stage.fresh(self._card), "graph")  # of its newest run: it is scheduled as well
        command = offered.command if offered else f"graph {self._cause.run}"
        self._stage.press(MAYA, self._card, command)
        await self._stage.answer(MAYA, command)
        await self._picture(f"{command.split()[1]}.png")

    async def _all_recover(self) -> None:
        run = self._stage.recovers(CAUSE)
        await self._stage.card_is(self._card, GREEN, f"show {CAUSE}", f"`{run}`")
        for failure in self._consequences:
            run = self._stage.recovers(failure.flow)
            await self._stage.card_is(failure.cards[DATA_ALERTS], GREEN, f"show {failure.flow}", f"`{run}`")

        def all_ended() -> bool:
            return not seen.carries(self._stage.fresh(self._card), PHASES[Phase.OPEN])

        await self._stage.until(all_ended, "the cause still shows a flow that is broken")
        self._stage.show(self._stage.fresh(self._card))

    @property
    def _card(self) -> Message:
        return self._cause.cards[DATA_ALERTS]

    # ── a runbook and a retry ────────────────────────────────────────────────

    async def _rules(self) -> None:
        self._stage.say(MAYA, f"/flow runbook {RETRIED} {RUNBOOK}")
        await self._stage.found(self._messages, f"<@{MAYA}>", f"`{RETRIED}`")
        self._stage.say(MAYA, f'/flow retry {RETRIED} on "{RESET}"')
        await self._stage.found(self._messages, f"<@{MAYA}>", f"`{RESET}`")

    async def _is_retried(self) -> None:
        self._failure = await self._stage.fails(RETRIED, None, DATA_ALERTS, error=ERROR)
        await self._stage.card_is(self._retried, RED, f"unretry {RETRIED}", f"`{RESET}`", RUNBOOK)

    async def _retry_helps(self) -> None:
        self._stage.platform.recover(RETRIED)
        self._stage.happens()
        self._stage.clock.ahead(_RETRY_SECONDS)

        def is_green() -> bool:
            return seen.color(self._stage.fresh(self._retried)) == GREEN

        await self._stage.in_time(is_green, "the retry does not help")
        for each in self._stage.slack.thread(self._retried.channel, self._retried.ts)[1:]:
            self._stage.show(each)
        self._stage.show(self._stage.fresh(self._retried))

    @property
    def _retried(self) -> Message:
        return self._failure.cards[DATA_ALERTS]

    # ── a promise ────────────────────────────────────────────────────────────

    async def _promises(self) -> None:
        by = datetime.fromtimestamp(self._stage.clock(), UTC) + SHANGHAI + _PROMISED_IN
        self._by = (by.hour, by.minute)
        self._stage.say(MAYA, f"/flow expect {REPORT} by {by:%H:%M}")
        await self._stage.found(self._messages, f"<@{MAYA}>", f"`{REPORT}`")
        self._late = await self._stage.in_time(self._card_of_the_promise, "no card says that the promise can't be kept")
        self._stage.show(self._late)
        self._stage.say(MAYA, f"/flow show {REPORT}")
        await self._stage.answer(MAYA, f"show {REPORT}", f"`{REPORT}`")

    def _card_of_the_promise(self) -> Message | None:
        found = self._stage.newest(self._messages(), f"`{IMPORT}`")
        return found if found and seen.color(found) and seen.control(found, f"ack {REPORT}") else None

    async def _is_late(self) -> None:
        card = self._promised
        self._stage.happens()
        self._stage.clock.until(*self._by, SHANGHAI)

        def replied() -> Message | None:
            return self._stage.newest(self._stage.slack.thread(card.channel, card.ts)[1:])

        self._stage.show(await self._stage.in_time(replied, "nobody is told that the promise was not kept"))

    async def _is_long(self) -> None:
        self._stage.happens()
        self._stage.clock.ahead(_LONGER_SECONDS)

        def card() -> Message | None:
            found = self._stage.newest(self._messages(), f"`{IMPORT}`")
            return found if found and seen.color(found) and seen.control(found, f"ack {IMPORT}") else None

        self._long = await self._stage.in_time(card, "nobody is told that the import runs for too long")
        self._stage.show(self._long)

    async def _is_done(self) -> None:
        past.end_promised(self._stage.platform)
        await self._stage.card_is(self._promised, GREEN, f"show {REPORT}")
        if self._long is not None:
            await self._stage.card_is(self._long, GREEN, f"show {IMPORT}")

    @property
    def _promised(self) -> Message:
        if self._late is None:
            raise StepFailed("there is no card of the promise")
        return self._late

    # ── pictures ─────────────────────────────────────────────────────────────

    async def _stats(self) -> None:
        self._stage.say(MAYA, "/flow stats")
        await self._stage.answer(MAYA, "stats", f"`{RETRIED}`")
        await self._picture("stats.png")

    async def _picture(self, name: str) -> None:
        """Wait until a picture is in Maya's direct messages."""
        files = self._stage.slack.files

        def sent() -> bool:
            posts = self._stage.slack.messages(self._stage.slack.dm(MAYA).id)
            mine = (files[file] for each in posts for file in each.files)
            return any(file.name == name and file.is_picture for file in mine)

        await self._stage.until(sent, f"there is no picture {name}")
        tell(f"  A picture in Maya's direct messages: {name}")

    def _messages(self) -> list[Message]:
        return self._stage.slack.messages(DATA_ALERTS)
