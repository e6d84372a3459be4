"""Somebody on call presses **Acknowledge all** until nothing is left: one message for each press, few edits."""

# ruff: noqa: ARG002  it takes whatever the protocols hand it

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bench.soak.lines import must
from bench.soak.pretend import CHANNEL, Enos, Nobody, Slack
from bot.core.health.promise import BotStatus, Judgement
from bot.core.incident.bulk import LIMIT
from bot.core.incident.groups import Occasion
from bot.core.incident.model import Phase
from bot.core.people.model import IncomingMessage, Origin, Person, Profile, Surface
from bot.core.text.mask import DEFAULT
from bot.ops.new_ids import new_id
from bot.store.store import Store
from bot.work.commands.context import AnswerSettings, Services
from bot.work.commands.dispatcher import Dispatcher
from bot.work.commands.incident_actions import IncidentActions
from bot.work.monitor.monitor import Monitor
from bot.work.ports import Views

SAM = Person("T1", "U1")


class NoViews(Views):
    """Nobody opens a form."""


def now() -> datetime:
    return datetime.now(UTC)


class Pressed(Slack):
    """The same Slack, with the one person of ``SAM`` in it, who is on call."""

    async def profile(self, user, *, team=""):
        return Profile(SAM)

    async def group(self, group):
        return frozenset({SAM.user})

    async def group_names(self):
        return {}


async def acknowledges_all(
    enos: Enos, store: Store, slack: Slack, monitor: Monitor, flows: int, rests: Callable[[], Awaitable[None]]
) -> str:
    """Press until nothing is open: how long each press took, and what it cost in messages and edits."""
    (storm,) = [
        each for each in await store.incident_groups() if each.occasion is Occasion.STORM and each.channel == CHANNEL
    ]
    board = await store.post(storm.post)
    dispatcher = Dispatcher(services(enos, store, monitor))
    before, edits = len(slack.messages), sum(method == "edit" for _, method in slack.calls)
    took = []
    for number in range(-(-flows // LIMIT)):
        begun = time.monotonic()
        origin = Origin(Surface.BUTTON, CHANNEL, message=board.ts)
        await dispatcher.answer(IncomingMessage(f"press {number}", "ack all", SAM, origin, now(), f"{storm.post}"))
        took.append(time.monotonic() - begun)
    await rests()
    grouped = await store.grouped(storm.post)
    must(all(each.phase is Phase.ACKNOWLEDGED for each in grouped), "somebody's press left incidents open")
    messages = len(slack.messages) - before
    edited = sum(method == "edit" for _, method in slack.calls) - edits
    must(messages == len(took), f"{len(took)} presses made {messages} messages")
    own = sum(len(each.threads) for each in grouped)
    boards = sum(each.occasion is Occasion.STORM for each in await store.incident_groups())
    must(
        edited <= own + boards * (1 + sum(took) / 3 + len(took)),
        f"{edited} edits, {own} incidents have cards of their own",
    )
    return f"{len(grouped):,} acknowledged by {len(took)} presses, at most {max(took):.1f} s each, {edited} edits"


def services(enos: Enos, store: Store, monitor: Monitor) -> Services:
    """What the dispatcher works with."""
    return Services(
        enos=enos,
        slack=Pressed(now),
        views=NoViews(),
        store=store,
        owners=Nobody(),
        incident_actions=IncidentActions(store, Nobody(), new_id, wake=monitor.incident_changed),
        clock=now,
        steady=now,
        new_id=new_id,
        answer_settings=AnswerSettings(CHANNEL, frozenset(), ("S1",), UTC, "/flow", DEFAULT, (-1, 7)),
        schedule_words=lambda _language: str,
        status=lambda: BotStatus(Judgement(())),
        platform_zone=lambda: None,
        wake=lambda: None,
    )
