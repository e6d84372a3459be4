"""Failed, runs, show, log and incidents: what people read, with the rights that EnOS gives them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from answer_enos import chain
from answer_world import FAILED

from bot.core.flow.model import Graph
from bot.core.flow.status import OwnStatus, Status
from bot.core.incident.facts import ChangeSet
from bot.core.incident.model import Phase
from bot.core.text.escape import Markup
from bot.work.commands.listing import paragraphs
from bot.work.commands.reading import MOST_ROWS

MAYA = "u15432100000000011"


def searched(world):
    return [call[2] for call in world.enos.calls if call[0] == "search"]


def rows_of(seen):
    return [line for line in seen.text.split("\n") if " · `" in line]


async def test_every_scheduling_type_is_searched_in_the_askers_own_day(world, maya):
    await maya.says("runs today fail timeout of 3377 by me")
    terms = searched(world)
    assert [each.kind for each in terms] == [0, 1, 2]
    day = datetime(2026, 11, 20, 16, tzinfo=UTC)  # midnight in Shanghai
    assert {each.since for each in terms} == {int(day.timestamp() * 1000)}
    assert {each.until for each in terms} == {int((day + timedelta(days=1)).timestamp() * 1000)}
    assert {(each.statuses, each.owner, each.expression) for each in terms} == {((-1, 7), "maya.chen", "3377")}
    assert {call[1] for call in world.enos.calls} == {MAYA}


async def test_empty_filters_mean_none(world, maya):
    await maya.says("runs")
    assert {(each.statuses, each.owner, each.expression) for each in searched(world)} == {((), "", "")}


async def test_failed_asks_for_the_alert_statuses(world, maya):
    world.answer_settings = replace(world.answer_settings, alert_statuses=(-1,))
    world.restart()
    await maya.says("failed")
    assert {each.statuses for each in searched(world)} == {(-1,)}


@pytest.mark.parametrize(
    ("owner", "name"), [("by jonas.weber", "jonas.weber"), ("by <@U0JONAS0001>", "jonas.weber"), ("by me", "maya.chen")]
)
async def test_an_owner_can_be_named_in_three_ways(world, maya, owner, name):
    (seen,) = await maya.says(f"runs {owner}")
    assert {each.owner for each in searched(world)} == {name}
    assert f"owner `{name}`" in seen.text


async def test_a_search_by_id_shows_no_other_flow_whose_id_holds_the_digits(world, maya):
    world.enos.add(13377, "another", "maya.chen")
    world.enos.run("13377-2026112102", Status.SUCCESS)
    world.enos.run(FAILED)
    (seen,) = await maya.says("runs of 3377")
    assert len(rows_of(seen)) == 1


async def test_newest_first_over_all_types_and_pages(world, maya):
    for hour in range(14):
        world.enos.run(f"3377-20261121{hour:02}", Status.SUCCESS, kind=hour % 3)
    world.enos.flows[3377] = replace(world.enos.flows[3377])
    (first,) = await maya.says("runs")
    hours = [line.split("`")[3][-2:] for line in rows_of(first)]
    assert hours == [f"{hour:02}" for hour in range(13, 3, -1)]
    (second,) = await maya.presses(first, "Next")
    assert [line.split("`")[3][-2:] for line in rows_of(second)] == ["03", "02", "01", "00"]
    assert set(second.buttons) == {"Previous"}
    (back,) = await maya.presses(second, "Previous")
    assert rows_of(back) == rows_of(first)


async def test_a_truncated_list_says_so(world, maya):
    row = world.enos.run(FAILED, Status.SUCCESS, kind=1)
    for number in range(MOST_ROWS + 60):
        at = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(minutes=number % 800)
        id_ = f"{3377 + number // 800}-{at:%Y%m%d%H%M}"
        world.enos.rows[id_] = replace(row, id=id_)
    (seen,) = await maya.says("runs 2026-11-20..2026-11-22")
    assert "I read only the newest 1,000 runs of each scheduling type." in seen.text
    assert "Page 1 of 100" in seen.text


async def test_a_list_of_exactly_the_limit_is_not_truncated(world, maya):
    row = world.enos.run(FAILED, Status.SUCCESS, kind=1)
    world.enos.rows.clear()
    for number in range(MOST_ROWS):
        at = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(minutes=number % 500)
        id_ = f"{3377 + number // 500}-{at:%Y%m%d%H%M}"
        world.enos.rows[id_] = replace(row, id=id_)
    (seen,) = await maya.says("runs 2026-11-20..2026-11-22")
    assert "Runs: 1,000" in seen.text
    assert "I read only" not in seen.text


def test_paragraphs_are_few_and_split_no_line():
    long, short = Markup("x" * 2000), Markup("y" * 700)
    assert list(map(str, paragraphs([long, short, short, long]))) == [f"{long}\n{short}", f"{short}\n{long}"]
    assert list(map(str, paragraphs([Markup("z" * 5000), Markup("a")]))) == ["z" * 5000, "a"]
    assert list(map(str, paragraphs([Markup("a"), Markup("b")]))) == ["a\nb"]
    assert paragraphs([]) == []


# ── failures, and what became of them ──


async def ended(world, phase, *, backfilled):
    incident = await world.incident("3377-2026111902")
    failures = tuple(replace(each, backfilled=backfilled) for each in incident.occurrences)
    new = replace(incident, phase=phase, occurrences=failures)
    await world.store.change(incident.id, lambda _old: ChangeSet(incidents=(new,)))


@pytest.mark.parametrize(
    ("phase", "backfilled", "note"),
    [
        (Phase.RECOVERED, False, "triggered before this period · the flow has recovered"),
        (Phase.RECOVERED, True, "triggered before this period · a rerun succeeded"),
        (Phase.CLOSED, False, "triggered before this period · closed by a person"),
        (Phase.ACKNOWLEDGED, False, "triggered before this period"),
    ],
)
async def test_a_listed_failure_says_what_became_of_it(world, maya, phase, backfilled, note):
    await world.breaks("3377-2026111902")
    await ended(world, phase, backfilled=backfilled)
    (seen,) = await maya.says("failed")
    assert f"_{note}_" in seen.text


@pytest.mark.parametrize(
    ("words", "note"),
    [
        ("failed", "triggered before this period"),
        ("failed 2026-11-21..2026-11-22", "triggered before this period"),
        ("failed 2026-11-19..2026-11-22", "its status in EnOS has changed"),
    ],
)
async def test_failures_that_only_flowbot_knows_are_marked(world, maya, words, note):
    await world.breaks("3377-2026111902")
    (seen,) = await maya.says(words)
    assert f"_{note}_" in seen.text


@pytest.mark.parametrize("status", OwnStatus)
async def test_what_is_only_late_has_not_failed(world, maya, status):
    await world.breaks("3377-2026112102")
    incident = await world.incident("3377-2026112102")
    late = replace(incident, occurrences=(replace(incident.occurrences[-1], status=int(status)),))
    await world.store.change(incident.id, lambda _old: ChangeSet(incidents=(late,)))
    (seen,) = await maya.says("failed")
    assert "No failures today." in seen.text


async def test_failures_of_another_day_or_owner_are_not_listed(world, maya):
    await world.breaks("3377-2026111902", seen_at=world.now - timedelta(days=2))
    await world.breaks("2809-202611211000", flow=2809, name="turbine-10min", owners=("jonas.weber",))
    (seen,) = await maya.says("failed by me")
    assert "No failures today.\nFilter: today (2026-11-21, Asia/Shanghai) · owner `maya.chen`" in seen.text
    (seen,) = await maya.says("failed of 3377")
    assert "No failures today.\nFilter: today (2026-11-21, Asia/Shanghai) · flow `3377`" in seen.text


async def test_a_failure_that_enos_still_lists_says_what_ended_it(world, maya):
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    await world.breaks()
    (seen,) = await maya.says("failed")
    assert "closed" not in seen.text
    await maya.says("close 3377 because not needed")
    (seen,) = await maya.says("failed")
    assert "_closed by a person_" in seen.text
    assert len(rows_of(seen)) == 1


# ── one flow, one run ──


async def test_a_unique_prefix_of_a_name_is_enough_to_read(world, maya):
    (seen,) = await maya.says("show daily")
    assert "`3377` *daily-energy-report*" in seen.text


async def test_a_run_of_an_unknown_form_shows_its_printed_time(world, maya):
    world.enos.run("3377-20261121020304567", trigger_time="2026-11-21 10:03:04 <b>")
    (seen,) = await maya.says("show 3377-20261121020304567")
    assert "*Trigger time* 2026-11-21 10:03:04 &lt;b&gt; (time zone not known) | *Data date* Unknown" in seen.text
    world.enos.run("3377-20261121020304568", trigger_time="")
    (seen,) = await maya.says("show 3377-20261121020304568")
    assert "*Trigger time* Unknown" in seen.text


async def test_a_wide_flow_shows_thirty_tasks_and_counts_the_others(world, maya):
    world.enos.change(4500, graph=chain(*((n, f"step {n}") for n in range(1, 36))), freq="", cycle="H")
    (seen,) = await maya.says("show 4500")
    assert "*step 30*" in seen.text
    assert "… and 5 more" in seen.text
    assert "*Schedule* every hour" in seen.text


async def test_the_data_date_is_the_one_of_enos(world, maya):
    world.enos.run(FAILED, data_date="2026-11-19")
    (seen,) = await maya.says(f"show {FAILED}")
    assert "*Data date* 2026-11-19" in seen.text


async def test_a_run_that_never_started_shows_no_start(world, maya):
    world.enos.run(FAILED, Status.CANCEL)
    (seen,) = await maya.says(f"show {FAILED}")
    assert "*Start time* Unknown | *End time* Unknown" in seen.text
    assert set(seen.buttons) == {"View log", "View flow", "View task graph"}


# ── logs ──


async def test_log_means_the_task_that_failed_first(world, maya):
    world.enos.run(FAILED, log="x")
    await maya.says(f"log {FAILED}")
    assert world.enos.calls[-1] == ("log", MAYA, "108580-2026112102")


async def test_log_of_a_running_run_means_its_last_task(world, maya):
    states = {108579: Status.SUCCESS, 108580: Status.RUNNING, 108581: Status.INIT}
    world.enos.run(FAILED, Status.RUNNING, tasks=states, log="x")
    await maya.says(f"log {FAILED}")
    assert world.enos.calls[-1] == ("log", MAYA, "108580-2026112102")


async def test_a_task_that_has_no_instance_has_no_log(world, maya):
    run = world.enos.run(FAILED)
    tasks = tuple(replace(task, instance_id="") for task in run.graph.tasks)
    world.enos.rows[FAILED] = replace(run, graph=Graph(tasks, (), run.graph.relations))
    (seen,) = await maya.says(f"log {FAILED}")
    assert "EnOS has no log of task *transform*" in seen.text


async def test_the_command_line_stays_hidden(world, maya):
    head = "=======\ncmdline: spark --password hunter2\ncurrent time: 2026\n=======\n"
    world.enos.run(FAILED, log=f"{head}the output")
    (seen,) = await maya.says(f"log {FAILED}")
    assert "the output" in seen.text
    assert "spark" not in seen.text


async def test_a_long_log_shown_in_the_thread_is_its_end(world, maya):
    card = await world.breaks()
    world.enos.run(FAILED, log="y" * 6000)
    (private, file) = await maya.mentions("log", thread=card.ts)
    assert (private.place, file.place) == ("only maya sees", "file for maya")
    assert len(file.body["content"]) == 6000
    (shown,) = await maya.presses(private, "Show in thread")
    assert shown.place == "thread in #data-ops"
    assert shown.text.startswith("<@U0MAYA00001> ")
    assert "…yyy" in shown.text


async def test_here_outside_of_an_incident_stays_private(world, maya):
    world.enos.run(FAILED, log="x")
    (seen,) = await maya.says(f"log {FAILED} here")
    assert seen.place == "only maya sees"
