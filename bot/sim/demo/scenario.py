"""The demo's story: in the evening a flow fails and is repaired from Slack, in English and in Chinese.

With it comes what else is in reach (``reaching.py``); then what flowbot knows (``knowing.py``), and a night
(``night.py``).
"""

from bot.messages.symbols import GREEN, ORANGE, RED
from bot.sim.demo import seen
from bot.sim.demo.forms import Form
from bot.sim.demo.knowing import Knowing
from bot.sim.demo.night import Night
from bot.sim.demo.reaching import Reaching
from bot.sim.demo.stage import Failure, Stage, Step, StepFailed
from bot.sim.enos.model import Instance
from bot.sim.slack.model import Message
from bot.sim.slack.seed import ALEX, JONAS, MAYA, PRIYA, SAM, WEI
from bot.sim.slack.seed import DATA_ALERTS as CHANNEL

FLOW, TASK = 3377, 108580
_PARAMETER, _VALUE = "p0", "/user/db_demo/once/"  # the first parameter's field, and what is entered
_MINUTE = 61.0  # seconds until EnOS takes a second trigger of a flow


class DemoScenario:
    """The story on a stage, in parts."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._failure = Failure(FLOW)
        self._reaching = Reaching(stage)

    def all(self) -> tuple[Step, ...]:
        """The whole story."""
        knowing = Knowing(self._stage).steps()
        return (*self.in_the_evening(), *self.in_chinese(), *knowing, *Night(self._stage).steps())

    def in_the_evening(self) -> tuple[Step, ...]:
        """The failure that Sam and Maya deal with."""
        return (
            ("Maya asks what she may do", self._help),
            ("In the evening, flow 3377 fails", self._fails),
            ("Maya opens her home, and it is there too", lambda: self._reaching.home(FLOW)),
            ("Sam, who is on call, acknowledges it", lambda: self._acknowledges(SAM)),
            ("Jonas, who does not own the flow, tries to rerun it", self._no_rights),
            ("Maya reads the log", self._log),
            ("The cause is fixed, and Maya reruns from the failed task", self._rerun),
            ("It recovers", self._recovers),
            ("Maya starts it once more by a form, with another value", self._by_form),
            *self._reaching.steps(),
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

    @property
    def _card(self) -> Message:
        """The card of the newest failure."""
        return self._failure.cards[CHANNEL]

    # ── in the evening ───────────────────────────────────────────────────────

    async def _help(self) -> None:
        self._stage.say(MAYA, "/flow help")
        await self._stage.answer(MAYA, "help", "`/flow trigger ")

    async def _fails(self) -> None:
        self._failure = await self._stage.fails(FLOW, TASK, CHANNEL)
        await self._stage.card_is(self._card, RED, f"ack {FLOW}", f"`{TASK}`")

    async def _acknowledges(self, who: str) -> None:
        self._stage.press(who, self._card, f"ack {FLOW}")
        await self._stage.reply(self._card, f"<@{who}>", f"`ack {FLOW}`")
        await self._stage.card_is(self._card, ORANGE, f"unack {FLOW}")

    async def _no_rights(self) -> None:
        command = f"rerun {self._failure.run}"
        self._stage.press(JONAS, self._card, command)
        await self._stage.answer(JONAS, command, f"<@{MAYA}>")
        if self._stage.platform.called("triggerFromTask"):
            raise StepFailed("EnOS was asked to start a run")

    async def _log(self) -> None:
        command = f"log {self._failure.run}"
        self._stage.press(MAYA, self._card, command)
        message = await self._stage.answer(MAYA, command, "--password=")
        if "hunter2" in self._stage.slack.shown(message):
            raise StepFailed("the log shows a secret")

    async def _rerun(self) -> None:
        command = f"rerun {self._failure.run}"
        self._stage.platform.recover(FLOW)
        await self._stage.starts(MAYA, self._card, command)
        await self._stage.reply(self._card, f"`{command}`")
        self._stage.runs_end()
        await self._stage.reply(self._card, f"`{command}`", color=GREEN)

    async def _recovers(self) -> None:
        run = f"`{self._triggered()[-1].id}`"
        await self._stage.reply(self._card, run, color="")
        await self._stage.card_is(self._card, GREEN, f"show {FLOW}", run)

    async def _by_form(self) -> None:
        self._stage.clock.ahead(_MINUTE)
        self._stage.say(MAYA, "/flow trigger")
        form = Form(self._stage, MAYA)
        await form.chooses("flow", "daily", str(FLOW))
        await form.shows(_PARAMETER)
        await form.submits(**{_PARAMETER: _VALUE})
        await form.shows("back")
        if self._stage.platform.called("updateAndTrigger"):
            raise StepFailed("the run started before it was confirmed")
        await form.submits()
        messages = self._stage.slack.messages
        started = await self._stage.found(lambda: messages(CHANNEL), f"`trigger {FLOW} with path={_VALUE}`")
        self._stage.runs_end()
        await self._stage.until(lambda: seen.color(self._stage.fresh(started)) == GREEN, "the run does not succeed")

    async def _not_linked(self) -> None:
        self._stage.say(PRIYA, "/flow failed today")
        await self._stage.answer(PRIYA, "failed", "`/flow link", f"<@{ALEX}>")

    async def _failed_lately(self) -> None:
        self._stage.say(MAYA, "/flow failed last 3h")
        await self._stage.answer(MAYA, "failed last 3h", f"`{self._failure.run}`")

    # ── in Chinese ───────────────────────────────────────────────────────────

    async def _failed_in_chinese(self) -> None:
        self._stage.say(WEI, "/flow 失败 今天")
        await self._stage.answer(WEI, "failed", f"`{self._failure.run}`")

    async def _trigger_in_chinese(self) -> None:
        self._stage.platform.recover(FLOW)
        self._stage.clock.ahead(_MINUTE)
        self._stage.say(WEI, f"/flow 触发 {FLOW} 从 {TASK}")
        messages = self._stage.slack.messages
        started = await self._stage.found(lambda: messages(CHANNEL), f"`trigger {FLOW} from {TASK}`")
        self._stage.runs_end()
        await self._stage.until(lambda: seen.color(self._stage.fresh(started)) == GREEN, "the run does not succeed")
        self._stage.show(self._stage.fresh(started))

    def _triggered(self) -> list[Instance]:
        """List the runs of the flow that were started from Slack, oldest first."""
        return sorted(
            (each for each in self._stage.platform.instances(FLOW) if each.triggered), key=lambda each: each.created
        )
