"""Runs that people started: progress in one message, the result, lost answers, and what a crash left open."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from answer_enos import EXTRACT, LOAD, TRANSFORM
from answer_world import FAILED, FINANCE, OPS, Lost
from incident_cards import changed

from bot.core.errors import Refusal
from bot.core.flow.model import Parameter
from bot.core.flow.run import RunState
from bot.core.flow.status import Status
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import IncidentCard
from bot.core.outbox.conversations import SlackUnreachable
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.text.message import msg
from bot.enos.errors import NoResponse
from bot.messages.cards.incident import RenderContext
from bot.messages.cards.incident import card as incident_card
from bot.work.runs import progress as run_progress

RUN = "3377-20261121143000"
DONE, AT_WORK, WAITS, SKIPPED = Status.SUCCESS, Status.RUNNING, Status.INIT, Status.SKIP


async def started(world, words="trigger 3377"):
    (message,) = await world.maya.says(words)
    return message


async def test_progress_edits_one_message_up_to_the_result(world):
    message = await started(world)
    assert [each.text for each in await world.tick(seconds=1)] == []
    await world.tick(seconds=3)
    assert "started `3377` *daily-energy-report*. It is about to start." in message.text
    world.enos.becomes(RUN, Status.RUNNING, [DONE, AT_WORK, WAITS])
    await world.tick(seconds=3)
    assert "1 of 3 tasks done. Running: *transform*." in message.text
    assert "▰▱▱  1 of 3" in message.text
    before = len(message.texts)
    await world.tick(seconds=3)
    assert len(message.texts) == before  # nothing new, no edit
    world.enos.becomes(RUN, Status.SUCCESS, [DONE] * 3, start="2026-11-21 22:30:15", end="2026-11-21 22:32:20")
    await world.tick(seconds=3)
    assert "🟢 `3377` *daily-energy-report*, started by <@U0MAYA00001>, succeeded after 2 min." in message.text
    assert "All 3 tasks are done." in message.text
    assert len(world.seen) == len(message.texts) + 1
    assert await world.tick(minutes=5) == []


async def test_whatever_changes_the_message_is_edited_every_three_seconds_at_most(world):
    await started(world)
    edited = []
    for second in range(1, 22):
        states = [(AT_WORK, WAITS, WAITS), (DONE, AT_WORK, WAITS), (DONE, DONE, AT_WORK)]
        world.enos.becomes(RUN, Status.RUNNING, states[second % 3 or second % 2])
        edited += [second] * len(await world.tick(seconds=1))
    assert len(edited) > 4
    assert all(after - before >= 3 for before, after in pairwise([0, *edited]))


async def test_the_result_says_its_words_once_above_the_coloured_bar(world):
    message = await started(world)
    world.enos.becomes(RUN, Status.SUCCESS, [DONE] * 3)
    await world.tick(seconds=3)
    above, beside = message.body["blocks"], message.body["attachments"]
    assert message.text.count("succeeded.") == 1
    assert "succeeded." in str(above)
    assert beside[0]["color"] == "#1a7f37"


async def test_the_monitor_polls_soon_after_a_start_and_an_end(world):
    await started(world)
    assert world.polls_requested == 1
    world.enos.becomes(RUN, Status.SUCCESS, [DONE] * 3)
    await world.tick(seconds=3)
    assert world.polls_requested == 2
    await world.maya.says("trigger 9")
    assert world.polls_requested == 2


async def test_a_run_waits_for_another(world):
    message = await started(world)
    world.enos.becomes(RUN, Status.WAIT, [WAITS] * 3)
    await world.tick(seconds=4)
    assert "Waiting for its turn or its time." in message.text


async def test_a_run_whose_graph_cannot_be_read_shows_its_status(world):
    message = await started(world, "trigger 4500")
    instance = "4500-20261121143000"
    world.enos.flows[4500] = world.enos.flows[4102]
    world.enos.rows[instance] = world.enos.rows[instance].__class__(instance, 4500, "forecast-wide", Status.SUSPEND)
    await world.tick(seconds=4)
    assert "started `4500` *forecast-wide*. Status now: suspended." in message.text


async def test_a_failure_is_final_only_when_no_task_runs_any_more(world):
    message = await started(world)
    world.enos.becomes(RUN, Status.FAIL, [Status.FAIL, AT_WORK, WAITS])
    await world.tick(seconds=4)
    assert "1 of 3 tasks done" in message.text
    world.enos.becomes(RUN, Status.FAIL, [Status.FAIL, DONE, WAITS])
    await world.tick(seconds=4)
    assert "🔴 `3377` *daily-energy-report*, started by <@U0MAYA00001>, failed in task *extract*." in message.text
    assert set(message.buttons) == {"View log", "Rerun"}


async def test_a_failed_run_ends_with_a_link_to_its_incident_instead_of_a_second_alarm(world):
    message = await started(world)
    world.enos.becomes(RUN, Status.FAIL, [DONE, Status.FAIL, WAITS])
    await world.tick(seconds=4)
    assert "Open thread" not in message.text
    edits = len(message.texts)
    await world.tick(seconds=4)
    assert len(message.texts) == edits
    card = await world.breaks(RUN)
    await world.tick(seconds=4)
    assert f"Its incident: <https://slack.test/{OPS}/{card.ts}|Open thread>." in message.text
    assert await world.store.runs(live=True) == ()


# ── an incident with several cards ──


async def two_cards(world):
    """An incident with a card in each of two channels: the cards, that of data-ops first."""
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    ops = await world.breaks()
    card = IncidentCard(FINANCE, PostId("finance"), told_at=world.now)

    def added(old):
        new = old.with_card(card)
        body = incident_card(new, card.post, RenderContext())
        post = NewPost(card.post, PostKind.MESSAGE, Lane.ALERT, FINANCE, body, world.now, incident=new.id)
        return ChangeSet(incidents=(new,), posts=(post,))

    await world.store.change(f"incident-{FAILED}", added)
    (finance,) = await world.delivered()
    return ops, finance


def replies(world, card):
    return [each for each in world.messages.values() if each.channel == card.channel and each.thread == card.ts]


async def test_the_other_thread_has_one_line_with_who_reran_and_then_the_result(world):
    ops, finance = await two_cards(world)
    await world.maya.starts(finance, "Rerun")
    (progress,), (line,) = replies(world, finance), replies(world, ops)
    assert "This message follows the run." in progress.text
    assert "<@U0MAYA00001> started `3377` *daily-energy-report* from *transform*." in line.text
    assert f"Its progress is shown in <#{FINANCE}>." in line.text
    (run,) = await world.store.runs(live=True)
    world.enos.becomes(run.instance, Status.RUNNING, [DONE, AT_WORK, WAITS])
    await world.tick(seconds=4)
    assert line.texts == [], "the steps of the progress are shown in one thread"
    world.enos.becomes(run.instance, Status.SUCCESS, [DONE] * 3)
    await world.tick(seconds=4)
    for each in (progress, line):
        assert "🟢 `3377` *daily-energy-report*, started by <@U0MAYA00001>, succeeded." in each.text
    assert len(line.texts) == 1
    assert len(replies(world, ops)) == 1


async def test_the_buttons_of_the_result_work_in_the_other_thread_too(world):
    ops, finance = await two_cards(world)
    await world.maya.starts(finance, "Rerun")
    (run,) = await world.store.runs(live=True)
    world.enos.becomes(run.instance, Status.FAIL, [DONE, Status.FAIL, WAITS])
    await world.tick(seconds=4)
    await world.tick(seconds=run_progress.WAIT_FOR_INCIDENT.total_seconds() + 4)
    (line,) = [each for each in replies(world, ops) if "failed in task" in each.text]
    await world.tick(minutes=2)
    seen = await world.maya.presses(line, "View log")
    assert f"↳ `log {run.instance}`" in seen[0].text


async def test_a_rerun_whose_answer_was_lost_is_told_in_the_other_thread_when_it_is_found(world):
    ops, finance = await two_cards(world)
    world.enos.faults["triggerFromTask"] = [Lost(effect=True)]
    await world.maya.starts(finance, "Rerun")
    assert replies(world, ops) == []
    await world.tick(seconds=4)
    (line,) = replies(world, ops)
    assert "<@U0MAYA00001> started `3377` *daily-energy-report*" in line.text


async def test_the_result_does_not_wait_for_ever_for_an_incident(world):
    message = await started(world)
    world.enos.becomes(RUN, Status.TIMEOUT, [DONE, Status.TIMEOUT, WAITS])
    await world.tick(seconds=4)
    await world.breaks(FAILED)  # another run of the flow
    await world.tick(seconds=91)
    assert "🟣" in message.text
    assert await world.store.runs(live=True) == ()


async def test_slack_and_enos_may_be_down_meanwhile(world, caplog):
    message = await started(world)
    world.enos.faults["instance"] = [NoResponse(60)]
    await world.tick(seconds=4)
    world.enos.becomes(RUN, Status.FAIL, [DONE, Status.FAIL, WAITS])
    await world.breaks(RUN)
    world.slack.broken["permalink"] = SlackUnreachable()
    await world.tick(seconds=4)
    world.slack.broken.clear()
    await world.tick(seconds=4)
    assert "|Open thread>." in message.text
    assert not caplog.records


async def test_a_bug_with_one_run_does_not_stop_the_others(world, caplog):
    first = await started(world)
    second = await started(world, "trigger 3318")
    world.enos.faults["instance"] = [KeyError("bug"), None]
    await world.tick(seconds=4)
    assert sum("is about to start" in each.text for each in (first, second)) == 1
    assert "flowbot tries again" in caplog.text
    await world.tick(seconds=4)
    assert "about to start" in first.text
    assert "about to start" in second.text


async def test_a_bug_that_stays_is_told_once_with_its_reference_and_the_run_is_not_followed_any_more(world, caplog):
    message = await started(world)
    world.enos.faults["instance"] = [KeyError("bug")] * 99
    for _ in range(run_progress.BUGS - 1):
        await world.tick(seconds=10)
    assert "I can't follow" not in message.text
    await world.tick(seconds=10)
    (logged,) = {each.args[1] for each in caplog.records}
    assert "I can't follow this run of `3377` *daily-energy-report*, started by <@U0MAYA00001>. " in message.text
    assert f"See how the run is doing with `show {RUN}`. Give a flowbot admin this reference: `{logged}`." in (
        message.text
    )
    assert set(message.buttons) == {"View run"}
    assert [run.state for run in await world.store.runs(live=False)] == [RunState.LOST]
    before = len(caplog.records)
    await world.tick(hours=1)
    assert len(caplog.records) == before == run_progress.BUGS


async def test_bugs_that_pass_count_from_the_beginning_again(world):
    message = await started(world)
    for _ in range(2):
        world.enos.faults["instance"] = [KeyError("bug")] * (run_progress.BUGS - 1)
        for _ in range(run_progress.BUGS):
            await world.tick(seconds=10)
    assert "I can't follow" not in message.text
    assert await world.store.runs(live=True) != ()


async def test_a_bug_in_saying_so_ends_the_attempts_too(world, caplog, monkeypatch):
    await started(world)
    world.enos.faults["instance"] = [KeyError("bug")] * 99
    monkeypatch.setattr(world.store, "put_run", None)
    for _ in range(run_progress.BUGS + 5):
        await world.tick(seconds=10)
    assert [each.getMessage().partition(".")[0] for each in caplog.records][run_progress.BUGS :] == [
        f"Run {RUN} could not be given up"
    ]


async def test_a_run_that_does_not_end_in_a_day_is_followed_no_longer(world):
    message = await started(world)
    await world.tick(hours=25)
    assert "has not ended after 24 hours (ready), so I stopped following it." in message.text
    assert set(message.buttons) == {"View run"}
    assert [run.state for run in await world.store.runs(live=False)] == [RunState.LOST]


async def test_a_run_that_vanishes_is_followed_for_a_day(world):
    message = await started(world)
    del world.enos.rows[RUN]
    assert await world.tick(hours=2) == []
    await world.tick(hours=23)
    assert "EnOS no longer shows this run of `3377` *daily-energy-report*" in message.text
    assert "not ended" not in message.text


async def test_a_run_that_is_hidden_is_followed_for_a_day(world):
    message = await started(world)
    world.enos.faults["instance"] = [Refusal("hidden", msg("You may not see it."))] * 2
    assert await world.tick(hours=2) == []
    await world.tick(hours=23)
    assert "EnOS no longer shows this run of `3377` *daily-energy-report*" in message.text


async def test_a_start_that_was_never_confirmed_is_not_said_to_have_run(world):
    world.enos.faults["trigger"] = [Lost(effect=False)]
    world.enos.faults["instance"] = [None, *[Refusal("hidden", msg("You may not see it."))] * 2]
    message = await started(world)
    assert await world.tick(hours=2) == []
    await world.tick(hours=23)
    assert "EnOS never confirmed that <@U0MAYA00001> started" in message.text
    assert [row[2] for row in await world.audited()] == ["unclear:lost"]


def test_checks_become_less_frequent():
    ages = [timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=5)]
    assert [run_progress.wait_until_next(age).total_seconds() for age in ages] == [3, 10, 30, 60]


async def test_a_run_without_an_attempt_ends_none(world):
    await started(world)
    (run,) = await world.store.runs(live=True)
    await world.store.put_run(replace(run, attempt=0, state=RunState.ASKED))
    del world.enos.rows[RUN]
    await world.tick(seconds=90)
    await world.tick(seconds=60)
    assert [each.state for each in await world.store.runs(live=False)] == [RunState.NOT_STARTED]


async def test_an_incident_whose_card_is_not_posted_yet_is_not_linked(world):
    message = await started(world)
    world.enos.becomes(RUN, Status.FAIL, [DONE, Status.FAIL, WAITS])
    await world.breaks(RUN)
    incident = await world.incident(RUN)
    await world.store.change(incident.id, lambda old: ChangeSet(incidents=(changed(old, post=PostId("later")),)))
    await world.tick(seconds=4)
    assert "failed in task *transform*" in message.text
    assert "Open thread" not in message.text


# ── lost answers ──


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("trigger 3377", "trigger"),
        ("trigger 3377 from 108580", "triggerFromTask"),
        ("trigger 3377 with path=/new", "updateAndTrigger"),
    ],
)
async def test_a_lost_answer_is_looked_up_and_the_run_found(world, words, call):
    world.enos.faults[call] = [Lost(effect=True)]
    message = await started(world, words)
    assert "I'm checking whether the run started." in message.text
    assert [row[2] for row in await world.audited()] == [""]
    await world.tick(seconds=1)
    assert "<@U0MAYA00001> triggered" in message.text
    assert "EnOS shows the run. EnOS does not say who started it. Status now: ready." in message.text
    assert [row[2:] for row in await world.audited()] == [("done", call, "u15432100000000011", RUN)]
    assert len(world.enos.done()) == 1
    world.enos.becomes(RUN, Status.SUCCESS, [DONE] * 3)
    await world.tick(seconds=4)
    assert "succeeded" in message.text


async def test_a_run_that_is_found_after_its_end_is_not_said_to_be_running(world):
    world.enos.faults["trigger"] = [Lost(effect=True)]
    message = await started(world)
    world.enos.becomes(RUN, Status.FAIL, [DONE, Status.FAIL, WAITS])
    await world.tick(seconds=1)
    assert "Status now: failed." in message.text
    assert "running" not in message.text


async def test_a_lost_answer_to_a_run_that_never_started_ends_after_a_minute_and_frees_the_button(world):
    (card,) = await world.maya.says("show 3377")
    world.enos.faults["trigger"] = [Lost(effect=False)]
    (preview,) = await world.maya.presses(card, "Trigger")
    (message,) = await world.maya.presses(preview, "Trigger")
    assert await world.tick(seconds=1) == []
    assert await world.tick(seconds=55) == []
    await world.tick(seconds=8)
    assert "was not started." in message.text
    assert "<@U0MAYA00001>, try again if you still need it." in message.text
    assert [row[2] for row in await world.audited()] == ["outage:not_started"]
    await world.maya.presses(preview, "Trigger")
    assert [call[0] for call in world.enos.done()] == ["trigger", "trigger"]


@pytest.mark.parametrize(
    "other",
    [
        {"tasks": {EXTRACT: WAITS, TRANSFORM: WAITS, LOAD: WAITS}},
        {
            "tasks": {EXTRACT: SKIPPED, TRANSFORM: WAITS, LOAD: WAITS},
            "parameters": (Parameter("path", "/else"), Parameter("overwrite", "true")),
        },
    ],
)
async def test_another_run_in_that_minute_is_not_followed_as_ours(world, other):
    world.enos.faults["triggerFromTask"] = [Lost(effect=False)]
    message = await started(world, "trigger 3377 from 108580")
    world.enos.run(RUN, Status.READY, **other)
    await world.tick(seconds=1)
    assert f"was not started. Run `{RUN}` has this trigger time already" in message.text
    assert [row[2] for row in await world.audited()] == ["outage:taken_by_another"]
    assert await world.tick(minutes=1) == []
