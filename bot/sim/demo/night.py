"""A night on call: two channels, a failure that nobody acknowledges, an escalation, a hand-over, and the morning after.

The clock is put ahead to the moments at which something is due. All times of day are Maya's, in Shanghai.
"""

from bot.messages.symbols import GREEN, ORANGE, RED
from bot.sim.demo import seen
from bot.sim.demo.stage import Failure, Stage, Step, StepFailed, tell
from bot.sim.slack.model import Message
from bot.sim.slack.seed import ALEX, DATA_ALERTS, GRID_OPS, JONAS, MAYA, ON_CALL, SAM, SECOND_LINE, SOLAR_OPS, WEI

FLOW = 4608  # solar-curtailment, of Jonas and Sam: both channels watch it
OTHER = 4606  # storage-dispatch, of Jonas
SNOOZED, TICKET = 4605, "-17"  # price-forecast, of Priya; the ticket's number
QUIET = ("22:00", "07:00")
REMIND_SECONDS = 30 * 60.0  # between two steps of an escalation


class Night:
    """The night on a stage."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._failure, self._other = Failure(FLOW), Failure(OTHER)

    def steps(self) -> tuple[Step, ...]:
        """The night, to the next morning."""
        return (
            ("#grid-ops watches Jonas's flows, with quiet hours and a digest at eight", self._watch),
            ("#solar-ops watches everything solar, in Wei's words", self._watch_in_chinese),
            ("At two at night, solar-curtailment fails: one incident, a card in each channel", self._fails),
            ("Nobody acknowledges it. After half an hour, its owners and the first group are called", self._first),
            ("After another, the second group", self._second),
            ("And then PagerDuty", self._paged),
            ("Jonas acknowledges it in #grid-ops. The card in #solar-ops changes too", self._acknowledges),
            ("Jonas's shift ends. He hands over to Maya, who accepts", self._hands_over),
            ("Priya's flow fails, and Alex snoozes it: the reason is in a ticket", self._snoozes),
            ("solar-curtailment recovers. PagerDuty hears of it", self._recovers),
            ("Before seven, a flow fails that only #grid-ops watches", self._fails_quietly),
            ("At seven, the quiet is over: what is still open is listed", self._quiet_ends),
            ("At eight, the digest of #grid-ops: what is open, and what is over", self._digest),
            ("At nine, the digest of #data-alerts: what is snoozed, and why", self._digest_of_all),
        )

    # ── watches ──────────────────────────────────────────────────────────────

    async def _watch(self) -> None:
        quiet = "-".join(QUIET)
        self._stage.say(MAYA, f"/flow watch by jonas.weber quiet {quiet}", GRID_OPS)
        await self._stage.offered(GRID_OPS, "unwatch", f"<@{MAYA}>", *QUIET)
        self._stage.say(MAYA, "/flow watches", GRID_OPS)
        await self._stage.answer(MAYA, "watches", "`jonas.weber`", *QUIET, where=GRID_OPS)

        self._stage.say(MAYA, "/flow prefs digest 08:00", GRID_OPS)
        await self._stage.found(lambda: self._stage.slack.messages(GRID_OPS), f"<@{MAYA}>", "`prefs digest 08:00`")

    async def _watch_in_chinese(self) -> None:
        self._stage.say(WEI, "/flow 订阅 匹配 solar-*", SOLAR_OPS)
        await self._stage.offered(SOLAR_OPS, "unwatch", f"<@{WEI}>", "`solar-*`")

    # ── nobody acknowledges it ───────────────────────────────────────────────

    async def _fails(self) -> None:
        await self._stage.comes(2, 0)
        self._failure = await self._stage.fails(FLOW, None, SOLAR_OPS, GRID_OPS)
        for card in self._failure.cards.values():
            await self._stage.card_is(card, RED, f"ack {FLOW}")

    async def _first(self) -> None:
        await self._calls(f"<!subteam^{ON_CALL}>", f"<@{JONAS}>", f"<@{SAM}>")

    async def _second(self) -> None:
        await self._calls(f"<!subteam^{SECOND_LINE}>")

    async def _calls(self, *mentions: str) -> None:
        """Wait for the next step, which mentions these; in quiet hours it mentions nobody."""
        self._stage.happens()
        self._stage.clock.ahead(REMIND_SECONDS)
        await self._stage.reply(self._failure.cards[SOLAR_OPS], *mentions)
        quiet = self._stage.slack.thread(GRID_OPS, self._failure.cards[GRID_OPS].ts)[1:]
        if any(seen.carries(each, mention) for each in quiet for mention in mentions):
            raise StepFailed("somebody was mentioned in quiet hours")

    async def _paged(self) -> None:
        self._stage.happens()
        self._stage.clock.ahead(REMIND_SECONDS)
        await self._stage.reply(self._failure.cards[SOLAR_OPS])
        await self._pagerduty("triggered")

    # ── somebody does ────────────────────────────────────────────────────────

    async def _acknowledges(self) -> None:
        self._stage.press(JONAS, self._failure.cards[GRID_OPS], f"ack {FLOW}")
        await self._both(ORANGE, f"unack {FLOW}", f"<@{JONAS}>")
        await self._pagerduty("acknowledged")
        self._stage.say(JONAS, f"/flow show {FLOW}", GRID_OPS)
        await self._stage.answer(JONAS, f"show {FLOW}", where=GRID_OPS)

    async def _hands_over(self) -> None:
        self._stage.say(JONAS, f"/flow handover to <@{MAYA}>", GRID_OPS)
        asked = await self._stage.offered(self._stage.slack.dm(MAYA).id, "accept", f"<@{JONAS}>")
        self._stage.press(MAYA, asked, "accept")
        await self._both(ORANGE, f"unack {FLOW}", f"<@{MAYA}>")

    async def _snoozes(self) -> None:
        (card,) = (await self._stage.fails(SNOOZED, None, DATA_ALERTS)).cards.values()
        self._stage.say(ALEX, f"/flow snooze {SNOOZED} for 12h because TICKET{TICKET}")
        await self._stage.reply(card, f"<@{ALEX}>", TICKET)
        await self._stage.card_is(card, seen.color(self._stage.fresh(card)), f"unsnooze {SNOOZED}", TICKET)

    async def _recovers(self) -> None:
        run = self._stage.recovers(FLOW)
        await self._both(GREEN, f"show {FLOW}", f"`{run}`")
        await self._pagerduty("resolved")
        await self._stage.until(lambda: "recovered" in self._events(), "the webhook has no event of the recovery")
        tell(f"  Webhook: {', '.join(self._events())}")

    # ── the morning after ────────────────────────────────────────────────────

    async def _fails_quietly(self) -> None:
        await self._stage.comes(6, 45)
        self._other = await self._stage.fails(OTHER, None, GRID_OPS)
        card = self._other.cards[GRID_OPS]
        await self._stage.card_is(card, RED, f"ack {OTHER}")
        if seen.carries(self._stage.fresh(card), f"<@{JONAS}>"):
            raise StepFailed("somebody was mentioned in quiet hours")

    async def _quiet_ends(self) -> None:
        await self._stage.comes(7, 0)
        await self._stage.offered(GRID_OPS, "incidents unacked")
        card = self._other.cards[GRID_OPS]
        self._stage.press(JONAS, card, f"ack {OTHER}")
        await self._stage.card_is(card, ORANGE, f"unack {OTHER}", f"<@{JONAS}>")

    async def _digest(self) -> None:
        await self._stage.comes(8, 0)
        await self._stage.found(lambda: self._stage.slack.messages(GRID_OPS), f"<@{JONAS}>", f" {self._failure.run}`")

    async def _digest_of_all(self) -> None:
        await self._stage.comes(9, 0)
        await self._stage.found(lambda: self._stage.slack.messages(DATA_ALERTS), f"<@{ALEX}>", TICKET)

    # ── both cards, and PagerDuty ────────────────────────────────────────────

    async def _both(self, color: str, command: str, *data: str) -> None:
        """Wait until the cards in both channels are so."""
        for card in self._cards():
            await self._stage.card_is(card, color, command, *data)

    def _cards(self) -> list[Message]:
        return list(self._failure.cards.values())

    def _events(self) -> list[str]:
        """The steps of the flow's incident that arrived at the webhook."""
        arrived = [each for each in self._stage.receivers.webhook.events if each["data"]["flow"]["id"] == FLOW]
        return [each["type"].split(".")[-2] for each in arrived]

    async def _pagerduty(self, status: str) -> None:
        """Wait until the one alert at PagerDuty has a status."""
        alerts = self._stage.receivers.pagerduty.alerts
        await self._stage.until(
            lambda: [each.status for each in alerts.values()] == [status], f"PagerDuty's alert is not {status}"
        )
        (alert,) = alerts.values()
        tell(f"  PagerDuty: {status} · {alert.payload['summary']}")
