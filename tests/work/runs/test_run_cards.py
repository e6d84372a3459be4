"""The message of a run: what it says in each state, and on a phone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.flow.model import FlowId, Graph, Instance, InstanceId, Parameter, Task, TaskId
from bot.core.flow.run import Run, RunState, StartDetails
from bot.core.flow.status import Status
from bot.core.outbox.blocks import fit
from bot.core.outbox.blocks import rendered as as_sent
from bot.core.people.model import Person
from bot.core.text.language import LANGUAGES
from bot.core.text.message import rendered, slack_date
from bot.messages.cards import runs, taken_minutes

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
MAYA = Person("T0DEMO0001", "U0MAYA00001")
JONAS = Person("T0DEMO0001", "U0JONAS0001")
RUN = Run(
    InstanceId("3377-20261121143000"),
    FlowId(3377),
    "daily",
    str(MAYA),
    "p1",
    NOW,
    "C0DATAOPS1",
    trigger_ms=int(NOW.timestamp() * 1000),
)


def texts(card):
    return [block["text"]["text"] for block in as_sent(card)["blocks"] if block["type"] == "section"]


def beginning(**more):
    return rendered(runs.notes(StartDetails(**more)))


def test_what_was_asked_besides_the_flow_is_kept_short():
    assert beginning() == ""
    assert beginning(moved=(NOW, NOW + timedelta(minutes=1))) == (
        f"{slack_date(NOW)} already has a run, so this run has trigger time {slack_date(NOW + timedelta(minutes=1))}. "
        "The data date is the same."
    )
    assert beginning(unknown_keys=("a",)) == "`a` is not a parameter of this flow. I sent it anyway."
    assert beginning(unknown_keys=("a", "b")) == "`a`, `b` are not parameters of this flow. I sent them anyway."
    names = tuple(f"t{n}" for n in range(12))
    assert beginning(skips=names).endswith("*t9* and 2 more")
    assert beginning(skips=("a",)) == "Not run again: *a*"
    assert beginning(parameters=(Parameter("k", "v"),)) == "*For this run only*\n`k` = `v`"


def test_what_was_asked_besides_the_flow_is_shown_in_each_language():
    kept = StartDetails(skips=("extract",), moved=(NOW, NOW + timedelta(minutes=1))).kept()
    shown = {language: str(as_sent(runs.started(replace(RUN, notes=kept)), language)) for language in LANGUAGES}
    assert all("extract" in text and slack_date(NOW) in text for text in shown.values())
    old = runs.started(replace(RUN, notes="Not run again: extract"))  # as an earlier version kept it
    assert texts(old) == texts(runs.started(RUN))


def instance(status, *statuses):
    tasks = tuple(Task(TaskId(n), f"t{n}", status=each) for n, each in enumerate(statuses, start=1))
    return Instance(RUN.instance, RUN.flow_id, "daily", status, graph=Graph(tasks))


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (instance(Status.SUCCESS, Status.SUCCESS), ">, succeeded."),
        (instance(Status.SUCCESS, Status.SUCCESS, Status.SUCCESS), "succeeded. Both tasks are done."),
        (instance(Status.SUCCESS, *[Status.SUCCESS] * 3), "succeeded. All 3 tasks are done."),
        (instance(Status.SUCCESS, Status.SUCCESS, Status.SKIP), ">, succeeded."),
        (instance(Status.FAIL), ">, failed."),
        (instance(Status.FAIL, Status.FAIL), ">, failed in task *t1*."),
        (instance(Status.FAIL, Status.TIMEOUT, Status.FAIL), ">, failed in task *t2*."),
        (instance(Status.TIMEOUT), ">, timed out."),
        (instance(Status.TIMEOUT, Status.TIMEOUT), ">, timed out in task *t1*."),
        (instance(Status.TIMEOUT, Status.FAIL, Status.TIMEOUT), ">, timed out in task *t2*."),
        (instance(Status.TIMEOUT, Status.FAIL), ">, timed out. Task *t1* failed."),
        (instance(Status.FAIL, Status.INTERNAL_ERROR), ">, failed in task *t1*."),
        (instance(Status.INTERNAL_ERROR), ">, failed."),
        (instance(Status.CANCEL), ">, was canceled."),
        (instance(Status.SKIP), ">, has ended (skipped)."),
    ],
)
def test_a_result_in_words(run, text):
    assert texts(runs.ended(RUN, run, None))[0].endswith(text)


@pytest.mark.parametrize(
    ("card", "headline"),
    [
        (runs.ended(RUN, instance(Status.FAIL, Status.SUCCESS, Status.FAIL), None), "Failed · daily · task t2"),
        (runs.ended(RUN, instance(Status.TIMEOUT), None), "Timed out · daily"),
        (runs.ended(RUN, instance(42), None), "status 42 · daily"),
        (runs.started(replace(RUN, flow_name="*a* <!here>")), "Started · a &lt;!here&gt;"),
        (runs.found(RUN, instance(Status.SUCCESS)), "Succeeded · daily"),
        (runs.found(RUN, instance(Status.WAIT)), "Waiting · daily"),
        (runs.found(RUN, instance(Status.RUNNING)), "Running · daily"),
        (runs.progress(RUN, instance(Status.FAIL, Status.FAIL, Status.RUNNING)), "Running · daily"),
        (runs.progress(RUN, instance(Status.SUSPEND)), "Suspended · daily"),
        (runs.started(replace(RUN, flow_name="")), "Started · 3377"),
    ],
)
def test_a_phone_shows_the_state_the_flow_and_the_task(card, headline):
    assert as_sent(card)["text"] == headline


def test_a_result_says_how_long_it_took_and_from_which_task_it_ran():
    took, part = timedelta(minutes=2), replace(RUN, task=2)
    failed = instance(Status.FAIL, Status.SKIP, Status.FAIL)
    assert texts(runs.ended(RUN, instance(Status.SUCCESS), took))[0].endswith(">, succeeded after 2 min.")
    assert texts(runs.ended(part, failed, took))[0].endswith(
        ">, failed in task *t2*. It started from task *t2*. It ran for 2 min."
    )
    assert texts(runs.found(part, replace(failed, graph=Graph())))[0].endswith("It started from task `2`.")


def test_a_task_without_a_name_is_shown_by_its_id():
    nameless = Graph((Task(TaskId(7), "", status=Status.FAIL),))
    body = runs.ended(RUN, replace(instance(Status.FAIL), graph=nameless), None)
    assert texts(body)[0].endswith("failed in task `7`.")
    assert as_sent(body)["text"] == "Failed · daily · task 7"


@pytest.mark.parametrize(
    ("run", "text"),
    [
        (instance(Status.RUNNING, Status.INIT), "Its only task has not ended yet."),
        (instance(Status.RUNNING, Status.RUNNING), "Its only task, *t1*, is running."),
        (instance(Status.RUNNING, Status.SUCCESS), "Its only task has ended."),
        (instance(Status.RUNNING, Status.SUCCESS, Status.RUNNING), "1 of 2 tasks done. Running: *t2*."),
        (instance(Status.RUNNING, *[Status.RUNNING] * 5), "Running: *t1*, *t2*, *t3* and 2 more."),
        (instance(Status.RUNNING), "*daily*. Status now: running."),
    ],
)
def test_how_far_a_run_is(run, text):
    assert texts(runs.progress(RUN, run))[0].endswith(text)


def test_a_lost_answer_may_have_a_reason_or_none():
    assert "EnOS did not confirm (it is out). I'm checking" in texts(runs.start_unconfirmed(RUN, "it is out"))[0]
    assert "EnOS did not confirm. I'm checking" in texts(runs.start_unconfirmed(RUN))[0]


MINUTE = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
AGAIN = "trigger 3377 from 2 at 2026-11-21T14:31Z"
PERIOD = "EnOS allows one run a minute for each flow, and the same data date has no later free minute. "
HELD = f"Run `3377-20261121143000` has trigger time {slack_date(MINUTE)}."


@pytest.mark.parametrize(
    ("run", "found", "by", "state", "more"),
    [
        (RUN, instance(Status.RUNNING), "You started it 5 min ago.", "has not ended (running). Wait until", False),
        (RUN, instance(Status.SUCCESS), "You started it 5 min ago.", "and succeeded. You may not need", True),
        (
            RUN,
            None,
            "You triggered it 5 min ago, and EnOS has not confirmed it yet.",
            "EnOS does not show you its status now. Try again",
            True,
        ),
        (None, instance(Status.FAIL), "EnOS does not say who started it.", "has ended (failed). Rerun `3377-2", True),
    ],
)
def test_without_a_free_minute_the_refusal_shows_whose_run_has_it_and_its_status(run, found, by, state, more):
    ours = replace(run, state=RunState.RUNNING if found else RunState.ASKED) if run else None
    held = taken_minutes.MinuteHolder(RUN.instance, MINUTE, ours, found, MAYA, repeats=False)
    text = rendered(taken_minutes.no_minute(held, InstanceId("3377-202611211430"), AGAIN, NOW + timedelta(minutes=5)))
    assert text.startswith(f"{HELD} {by}\n{PERIOD}Nothing was started.\n")
    assert state in text
    assert (AGAIN in text) is more


def test_a_rerun_may_be_another_persons_or_take_its_own_minute():
    def refusal(held, old):
        return rendered(taken_minutes.no_minute(held, old, "", NOW))

    held = taken_minutes.MinuteHolder(RUN.instance, MINUTE, RUN, instance(Status.FAIL), JONAS, repeats=False)
    assert "<@U0MAYA00001> triggered it just now, and EnOS" in refusal(held, InstanceId("x"))
    running = replace(held, run=replace(RUN, state=RunState.RUNNING))
    assert f"{HELD} <@U0MAYA00001> started it just now.\n" in refusal(running, InstanceId("x"))
    text = refusal(replace(held, repeats=True), RUN.instance)
    assert text.startswith(f"{HELD}\nEnOS allows")
    assert text.endswith("It has ended (failed). Rerun `3377-20261121143000` in the EnOS console.")


def test_a_wide_flow_has_a_bar_of_twenty_characters():
    run = instance(Status.RUNNING, *[Status.SUCCESS] * 15, *[Status.INIT] * 15)
    body = runs.progress(RUN, run)
    assert "▰" * 10 + "▱" * 10 + "  15 of 30" in str(as_sent(body))


def test_a_run_without_words_or_a_readable_id_still_has_its_time():
    body = as_sent(runs.started(replace(RUN, instance=InstanceId("odd"))))
    assert "Run `odd` · trigger time <!date^1795271400^" in str(body)
    assert "↳" not in str(body)
    early = replace(RUN, instance=InstanceId("odd"), trigger_ms=-62135596800000)
    assert "data date" not in str(as_sent(runs.started(early)))


def test_a_card_is_within_what_slack_takes():
    kept = StartDetails(skips=("x" * 5000,) * 50, unknown_keys=("x" * 5000,) * 50).kept()
    body = as_sent(runs.started(replace(RUN, notes=kept, words="y" * 5000, flow_name="z" * 500)))
    for block in body["blocks"]:
        for part in (block.get("text"), *block.get("elements", ())):
            assert part is None or len(part["text"]) <= 3000
    assert fit("a" * 10, 10) == "a" * 10


INSTANCE = instance(Status.SUCCESS)


@pytest.mark.parametrize(
    ("card", "english", "chinese"),
    [
        (runs.found(RUN, INSTANCE), "Status now: succeeded.", "成功"),
        (
            runs.stopped_following(RUN, instance(Status.WAIT)),
            "has not ended after 24 hours (waiting), so I stopped following it.",
            "24 小时后仍未结束（等待中），已停止跟踪",
        ),
        (
            runs.no_longer_shown(replace(RUN, state=RunState.RUNNING)),
            "EnOS no longer shows this run of `3377` *daily*",
            "EnOS 不再显示 `3377` *daily* 的这个实例",
        ),
        (
            runs.no_longer_shown(replace(RUN, state=RunState.ASKED)),
            "EnOS never confirmed that <@U0MAYA00001> started `3377` *daily*",
            "EnOS 始终未确认 <@U0MAYA00001> 是否已触发 `3377` *daily*",
        ),
        (
            runs.started_elsewhere(RUN, "", "C0FINANCE1"),
            "Its progress is shown in <#C0FINANCE1>.",
            "进展显示在 <#C0FINANCE1>。",
        ),
        (
            runs.cannot_be_followed(replace(RUN, state=RunState.RUNNING), "a1b2c3d4"),
            "I can't follow this run of `3377` *daily*, started by <@U0MAYA00001>. Something broke on my side.",
            "无法跟踪 <@U0MAYA00001> 触发的 `3377` *daily* 实例。我这边出错了，可用",
        ),
        (
            runs.cannot_be_followed(replace(RUN, state=RunState.ASKED), "a1b2c3d4"),
            "Give a flowbot admin this reference: `a1b2c3d4`.",
            "请把编号 `a1b2c3d4` 告诉 flowbot 管理员。",
        ),
    ],
)
def test_what_is_not_known_to_run_is_not_said_to_run(card, english, chinese):
    for language, words in (("en", english), ("zh", chinese)):
        sent = as_sent(card, language)
        shown = next(block["text"]["text"] for block in sent["blocks"] if block["type"] == "section")
        assert words in shown
        for untrue in ("running", "运行中", "仍在运行"):
            assert untrue not in sent["text"] + shown


def test_a_start_that_could_not_be_noted_is_told_with_what_to_look_at():
    text = runs.start_not_noted(RUN, "database is locked")
    assert "may have been started" in rendered(text)
    assert (
        f"随后 flowbot 的数据库不可用（database is locked）。重试前请先用 `查看 {RUN.instance}` 查看该实例。"
        in rendered(text, "zh")
    )
