"""Killed between any two statements, with any answer lost: every failure is told once, every command acts at most once.

From the poll over the database and the delivery to Slack, and from a command to its outcome.
"""

import asyncio
import tempfile
from contextlib import closing
from pathlib import Path

from answer_enos import Lost as Unanswered
from bridge_fakes import DOWN, OK, SILENT
from bridge_fakes import LOST as ANSWER_LOST
from crash_channels import LATER, NIGHTS, OPS
from crash_databases import HISTORIES, Files, Servers
from crash_injection import ProcessDied
from crash_world import FLOWS, CrashWorld
from delivery_fakes import Late, Lost, SlackLimited, SlackUnreachable, Vanished, edit, message
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from memory_enos import Down

from bot.core.bridges.model import Bridge
from bot.core.bridges.outcomes import Answer
from bot.core.errors import DatabaseUnavailable
from bot.core.flow.status import Status

FAULTS = st.sampled_from([Lost(), Vanished(), Late(4), Late(12), Late(21), SlackLimited(2), SlackUnreachable("x")])

LIMITED = Answer(429, retry_after=2)

ORDERS = [
    *("ack", "ack for 5m", "ack for 32m", "close", "trigger", "enable", "disable", "take"),
    *("snooze for 4m", "snooze for 15m", "snooze until success", "unsnooze"),
    *("snooze all for 9m", "unsnooze all", "assign", "assign", "handover", "ask", "ask"),
]


class Killed(RuleBasedStateMachine):
    """Fail, poll, order, queue, lose answers and die, in any order; then come to rest."""

    is_on_postgres = False

    def __init__(self):
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.loop.set_exception_handler(lambda _loop, _context: None)
        self.directory = tempfile.TemporaryDirectory()
        self.databases = Servers() if self.is_on_postgres else Files(Path(self.directory.name))
        self.queued = []  # ids
        self.edits = {}  # message: its newest text

    def run(self, work):
        """Do something; where the process dies of it, the next one starts."""
        try:
            self.loop.run_until_complete(work)
        except ProcessDied:
            self.loop.run_until_complete(self.world.starts())
        except DatabaseUnavailable:  # the line was cut: it is logged, and the next tick comes
            assert self.is_on_postgres

    @initialize(watched=st.booleans(), replaced=st.booleans())
    def begins(self, watched, replaced):
        begun = CrashWorld.begun(self.databases.new(), watched=watched, has_standby=replaced and self.is_on_postgres)
        self.world = self.loop.run_until_complete(begun)

    # ── the platform ──

    @rule(flow=st.sampled_from(FLOWS), rerun=st.booleans(), status=st.sampled_from([Status.FAIL, Status.TIMEOUT]))
    def a_flow_fails(self, flow, rerun, status):
        self.world.fails(flow, rerun=rerun, status=status)

    @rule(flow=st.sampled_from(FLOWS), rerun=st.booleans())
    def a_flow_succeeds(self, flow, rerun):
        self.world.succeeds(flow, rerun=rerun)

    @rule(seconds=st.sampled_from([0, 3, 10]), cut_off_after=st.sampled_from([None, None, 0, 1, 2, 4]))
    def polls(self, seconds, cut_off_after):
        self.world.enos.faults["search"] = [] if cut_off_after is None else [None] * cut_off_after + [Down()]
        self.run(self.world.pass_time(seconds, poll_at=0))

    @rule(seconds=st.sampled_from([0, 1, 3, 10]), remind_at=st.sampled_from([None, 0, 1]))
    def time_passes(self, seconds, remind_at):
        self.run(self.world.pass_time(seconds, remind_at=remind_at))

    @rule(minutes=st.sampled_from([1, 6, 11, 21]))
    def the_machine_sleeps(self, minutes):
        self.world.sleeps(minutes)
        self.run(self.world.looks_around())

    @rule(day=st.sampled_from([22, 22, 23]))
    def it_is_nine(self, day):
        self.run(self.world.sleeps_until_nine(day))

    @rule(channel=st.sampled_from([OPS, NIGHTS, LATER]), at=st.sampled_from(["14:31", "14:42", "15:05", "off", ""]))
    def a_digest_has_another_hour(self, channel, at):
        zone = "UTC" if at[:1] == "1" else ""
        self.run(self.world.set_prefs(channel, digest=at, digest_zone=zone))

    # ── channels, and other programs ──

    @precondition(lambda self: self.world.channels)
    @rule(channel=st.sampled_from([NIGHTS, LATER]), archived=st.booleans())
    def a_channel_is_archived_or_back(self, channel, archived):
        (self.world.channels.archives if archived else self.world.channels.opens)(channel)

    @precondition(lambda self: self.world.channels)
    @rule(
        channel=st.sampled_from([NIGHTS, LATER, OPS]),
        change=st.sampled_from(
            [{"mentions": False}, {"reminders": False}, {"replies": "channel"}, {"mentions": None, "reminders": None}]
        ),
    )
    def preferences_change(self, channel, change):
        self.run(self.world.set_prefs(channel, **change))

    @precondition(lambda self: self.world.channels)
    @rule(language=st.sampled_from(["zh", "en", ""]))
    def a_channel_speaks_another_language(self, language):
        self.run(self.world.set_prefs(LATER, language=language))

    @precondition(lambda self: self.world.channels)
    @rule(flow=st.sampled_from(FLOWS))
    def is_paged(self, flow):
        self.run(self.world.channels.page(flow))

    @precondition(lambda self: self.world.channels)
    @rule(bridge=st.sampled_from(list(Bridge)), answer=st.sampled_from([OK, DOWN, SILENT, ANSWER_LOST, LIMITED]))
    def a_receiver_answers(self, bridge, answer):
        self.world.channels.receivers.answers[bridge] = answer

    # ── people ──

    @rule(what=st.sampled_from(ORDERS), flow=st.sampled_from(FLOWS))
    def is_ordered(self, what, flow):
        self.run(self.world.orders(what, flow))

    @rule(word=st.sampled_from(["accept", "accept", "decline", "withdraw"]), number=st.integers(0, 5))
    def an_offer_is_answered(self, word, number):
        self.run(self.world.answers(word, number))

    @precondition(lambda self: self.world.said)
    @rule(number=st.integers(0, 20))
    def is_delivered_again(self, number):
        said = list(self.world.said.values())[number % len(self.world.said)]
        self.run(self.world.says(said.text, key=said.key, by=said.by))

    @rule(call=st.sampled_from(["trigger", "enable", "disable"]), effect=st.booleans())
    def enos_will_lose_an_answer(self, call, effect):
        self.world.enos.faults.setdefault(call, []).append(Unanswered(effect=effect))

    # ── the outbox ──

    def queue(self, channel, thread_of=None):
        id_ = f"q{len(self.queued)}"
        self.run(self.world.queue(message(id_, channel, due=self.world.clock(), thread_of=thread_of)))
        self.queued.append(id_)

    @rule(channel=st.sampled_from(["C1", "C2", "U1"]))
    def is_said(self, channel):
        self.queue(channel)

    @precondition(lambda self: self.queued)
    @rule(number=st.integers(0, 20))
    def is_replied(self, number):
        self.queue("C1", self.queued[number % len(self.queued)])

    @precondition(lambda self: self.queued)
    @rule(number=st.integers(0, 20))
    def is_changed(self, number):
        target = self.queued[number % len(self.queued)]
        text = f"edit {len(self.edits)} of {target} at {self.world.clock()}"
        self.run(self.world.queue(edit(f"e{self.world.slack._ts()}", target, text, due=self.world.clock())))
        self.edits[target] = text

    # ── Slack, and death ──

    @rule(method=st.sampled_from(["post", "post", "edit", "find", "delete", "ephemeral"]), fault=FAULTS)
    def slack_will_fail(self, method, fault):
        if method in ("find", "delete") and not isinstance(fault, Exception):
            fault = SlackUnreachable("x")
        if method == "edit" and isinstance(fault, Late):
            fault = Lost()
        self.world.slack.faults.setdefault(method, []).append(fault)

    @rule(number=st.integers(0, 20), word=st.sampled_from(["", "", "edit_window_closed", "cant_update_message"]))
    def a_card_is_lost(self, number, word):
        self.run(self.world.loses_a_card(number, word=word))

    @rule(left=st.integers(0, 120))
    def will_die(self, left):
        """After so many statements at the latest."""
        self.world.process.budget.left = left

    @precondition(lambda self: self.is_on_postgres)
    @rule(left=st.integers(0, 120), answer=st.booleans())
    def the_line_will_be_cut(self, left, answer):
        """After so many statements; or it is the answer to the last that is lost."""
        self.world.line.is_cut_at(left, answer=answer)

    def teardown(self):
        try:
            self.loop.run_until_complete(self.comes_to_rest())
        finally:
            self.loop.run_until_complete(self.world.ends())
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()
            with closing(self.databases):
                self.directory.cleanup()

    async def comes_to_rest(self):
        await self.world.come_to_rest()
        await self.world.check_invariants()
        by_id = {each.id: each for each in self.world.slack.messages}
        assert set(self.queued) <= set(by_id)
        for target, text in self.edits.items():
            assert by_id[target].text == text


class KilledOnPostgres(Killed):
    """As well; and the line to the database is cut, and who hangs is replaced by who was there all the time."""

    is_on_postgres = True


def _settings(few, many):
    return settings(
        max_examples=many if HISTORIES else few,
        stateful_step_count=40 if HISTORIES else 25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=not HISTORIES,
        database=None,
    )


Killed.TestCase.settings = _settings(10, HISTORIES)
KilledOnPostgres.TestCase.settings = _settings(3, max(1, HISTORIES // 4))
TestKilledAnywhere = Killed.TestCase
TestKilledOnPostgres = KilledOnPostgres.TestCase
