"""The platform panel and the tour."""

import time
from typing import Any

import pytest
from fake_control import DATA_OPS, JONAS, MAYA, WEI, bar, mrkdwn, person, run
from playwright.async_api import expect

RED, ORANGE, GREEN = "#d1242f", "#d4720b", "#1a7f37"

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def flow_of(control, number: int) -> dict[str, Any]:
    return next(one for one in control.platform["flows"] if one["id"] == number)


async def test_a_lever_is_pulled(visit, control):
    page = (await visit()).page
    await page.get_by_label("Task at which daily-energy-report fails").select_option("at load")
    levers = {
        "Fail": ("fail", {"task": 33772}),
        "Time out": ("timeout", {"task": 33772}),
        "Recover": ("recover", {}),
        "Run now": ("run", {}),
    }
    for lever, (path, body) in levers.items():
        await page.locator('[data-flow="3377"]').get_by_role("button", name=lever).click()
        assert await control.until(f"/sim/platform/flow/3377/{path}") == [body]


async def test_the_state_of_a_flow_is_seen(visit, control):
    now = time.time()
    flow_of(control, 3377).update(
        failing={"kind": "FAIL", "tasks": [33771]},
        last_runs=[run("3377-1", "FAIL", now - 60, now - 50), run("3377-0", "SUCCESS", now - 900, now - 800)],
    )
    page = (await visit()).page
    row = page.locator('[data-flow="3377"]')
    await expect(row.get_by_role("img", name="Last runs: succeeded, failed")).to_be_visible()
    await expect(row).to_contain_text("Its runs fail at transform until you fix it.")
    await expect(page.locator(".platform-state")).to_have_text("1 flow broken")
    await row.get_by_role("button", name="Fix").click()
    assert await control.until("/sim/page/flow/3377/mend") == [{}]


async def test_flows_are_found_by_name_id_or_owner(visit):
    page = (await visit()).page
    await expect(page.locator(".flow")).to_have_count(3)
    await page.get_by_label("Find a flow").fill("weather")
    await expect(page.locator(".flow")).to_have_count(1)
    await expect(page.locator(".flow")).to_contain_text("<!channel> weather & wind")
    await page.get_by_label("Find a flow").fill("nothing like it")
    await expect(page.get_by_text("No flow matches.")).to_be_visible()


async def test_what_a_lever_refuses_is_said(visit, control):
    control.answers["/sim/platform/flow/3377/run"] = (400, {"error": "Flow 3377 has no tasks. It cannot run."})
    window = await visit()
    window.expects("status of 400")
    await window.page.locator('[data-flow="3377"]').get_by_role("button", name="Run now").click()
    await expect(window.page.get_by_role("alert")).to_contain_text("Flow 3377 has no tasks. It cannot run.")


async def test_enos_is_taken_away_and_given_back(visit, control):
    page = (await visit()).page
    await page.get_by_role("tab", name="Faults").click()
    switch = page.get_by_role("switch", name="Take EnOS away")
    await expect(switch).to_have_attribute("aria-checked", "false")
    await switch.click()
    assert await control.until("/sim/platform/fault", 2) == [{"name": "gone"}, {"name": "gone", "action": "token"}]
    control.platform["faults"] = [{"name": "gone"}, {"name": "gone"}]
    await expect(switch).to_have_attribute("aria-checked", "true")
    await expect(page.locator(".platform-state")).to_have_text("1 fault on")
    await switch.click()
    assert (await control.until("/sim/platform/fault", 3))[-1] == {"clear": "gone"}


async def test_slacks_faults_are_armed_one_beside_the_other(visit, control):
    control.slack_faults = [{"name": "http_500"}]
    page = (await visit()).page
    await page.get_by_role("tab", name="Faults").click()
    await expect(page.locator('[data-fault="slack-http_500"]')).to_have_attribute("aria-checked", "true")
    await page.get_by_role("switch", name="Answer 429").click()
    assert await control.until("/sim/slack/fault", 3) == [
        {"name": "none"},
        {"name": "http_500"},
        {"name": "ratelimited", "seconds": 3},
    ]
    await page.get_by_role("button", name="Drop the sockets now").click()
    assert (await control.until("/sim/slack/fault", 4))[-1] == {"name": "drop"}
    await page.get_by_role("button", name="Fix everything").click()
    assert (await control.until("/sim/slack/fault", 5))[-1] == {"name": "none"}


async def test_a_contradiction_is_switched(visit, control):
    control.platform["switches"] = [
        {"name": "page_base", "value": "1", "default": "1", "choices": ["1", "0"], "says": "first page [C1]"},
        {"name": "server_zone", "value": "GMT+8", "default": "GMT+8", "choices": [], "says": "what getTimeZone says"},
    ]
    page = (await visit()).page
    await page.get_by_role("tab", name="Faults").click()
    await page.get_by_text("Where EnOS’s pages contradict each other").click()
    await page.get_by_label("page_base").select_option("0")
    assert await control.until("/sim/platform/switch") == [{"name": "page_base", "value": "0"}]


async def test_the_log_tells_what_happened(visit, control):
    now = time.time()
    control.platform["instances"] = [run("3377-1", "FAIL", now - 60, now - 50)]
    page = (await visit()).page
    await page.get_by_role("tab", name="Flows").focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("ArrowRight")
    log = page.get_by_role("list", name="What happened, newest first")
    await expect(log.locator(".log-text")).to_have_text(
        [
            "posted in #data-ops",
            "triggered a flow 3377",
            "daily-energy-report (3377) failed",
            "daily-energy-report (3377) started",
        ]
    )


async def test_the_tour_checks_itself_off(visit, control):
    page = (await visit()).page
    tour = page.get_by_role("region", name="Guided tour")
    current = tour.locator('[aria-current="step"] .step-title')
    await expect(current).to_have_text("Make 3377 fail")
    await tour.get_by_role("button", name="Make it fail").click()
    assert await control.until("/sim/platform/flow/3377/fail") == [{"task": 33771}]

    now = time.time()
    failed = run("3377-1", "FAIL", now, now + 0.001)
    flow = flow_of(control, 3377)
    flow.update(failing={"kind": "FAIL", "tasks": [33771]}, last_runs=[failed])
    control.changed()
    await expect(current).to_have_text("Read the card")

    control.base = now
    card = control.message(attachments=[bar(RED, 认领="ack 3377", 重跑="rerun 3377-1")])
    await expect(current).to_have_text("Acknowledge")
    await expect(tour).to_contain_text("Press 认领 on the card")
    control.edit(card, attachments=[bar(ORANGE, 重跑="rerun 3377-1", 取消认领="unack 3377")])
    await expect(current).to_have_text("Rerun")
    await tour.get_by_role("button", name="Fix the cause").click()
    await control.until("/sim/page/flow/3377/mend")

    flow.update(failing=None)
    control.changed()
    await expect(tour).to_contain_text("Press 重跑 on the card")
    again = run("3377-2", "RUNNING", now + 0.002)
    flow.update(running="3377-2", last_runs=[again, failed])
    control.changed()
    await expect(current).to_have_text("Watch it recover")
    flow.update(running=None, last_runs=[again | {"status": "SUCCESS", "end": now + 0.003}, failed])
    control.edit(card, attachments=[bar(GREEN, 查看任务流="show 3377")])
    await expect(current).to_have_text("Trigger by a form")
    await tour.get_by_role("button", name="Type /flow trigger").click()
    control.message(blocks=[{"type": "context", "elements": [mrkdwn("↳ `trigger 3377 with path=/once`")]}])
    await expect(current).to_have_text("Ask in Chinese")

    control.message("", to=MAYA)
    control.change(people=[*control.world["people"], person(WEI, "Wei Lin", tz="Asia/Shanghai")])
    await tour.get_by_role("button", name="Act as Wei Lin").click()
    await expect(page.get_by_role("button", name="Acting as Wei Lin, Owner")).to_be_visible()
    await tour.get_by_role("button", name="Type /flow 失败 今天").click()
    await page.keyboard.press("Enter")
    (said,) = await control.until("/sim/say")
    assert said == {"as": WEI, "channel": DATA_OPS, "text": "/flow 失败 今天"}
    await expect(current).to_have_text("Ask in Chinese")
    control.message("今天失败的实例：1 个", to=WEI)
    await expect(tour).to_contain_text("That was the whole story")
    await tour.get_by_role("button", name="Type /flow 统计").click()
    await expect(page.get_by_role("combobox").first).to_have_value("/flow 统计")
    await tour.get_by_role("button", name="Start over").click()
    await expect(current).to_have_text("Make 3377 fail")
    await tour.get_by_role("button", name="Hide the tour").click()
    await expect(tour).to_be_hidden()


async def test_the_tour_goes_on_after_a_reload_and_starts_over_in_a_new_demo(visit, control):
    now = time.time()
    flow_of(control, 3377).update(last_runs=[run("3377-1", "FAIL", now + 5, now + 6)])
    page = (await visit()).page
    current = page.locator('[aria-current="step"] .step-title')
    await expect(current).to_have_text("Read the card")
    flow_of(control, 3377).update(last_runs=[])
    await page.reload()
    await expect(current).to_have_text("Read the card")
    control.world["version"] = 0
    await page.reload()
    await expect(current).to_have_text("Make 3377 fail")


async def test_the_tour_takes_up_what_is_broken_already(visit, control):
    now = time.time()
    failed = run("3377-1", "FAIL", now - 300, now - 290)
    flow_of(control, 3377).update(failing={"kind": "FAIL", "tasks": [33771]}, last_runs=[failed])
    control.base = now - 280
    control.message(attachments=[bar(ORANGE, 取消认领="unack 3377")])
    page = (await visit(hash=f"#c={DATA_OPS}&as={JONAS}")).page
    await expect(page.locator('[aria-current="step"] .step-title')).to_have_text("Rerun")
    flow_of(control, 3377).update(failing=None)
    control.changed()
    await page.get_by_role("button", name="Act as Maya Chen, its owner").click()
    await expect(page.get_by_role("button", name="Acting as Maya Chen")).to_be_visible()


async def test_the_log_names_no_channel_that_the_person_does_not_see(visit, control):
    control.posted_in = ["C0SECRET01", "D0JONAS0001"]
    page = (await visit()).page
    await page.get_by_role("tab", name="Log").click()
    log = page.get_by_role("list", name="What happened, newest first")
    await expect(log.get_by_text("posted in another channel")).to_be_visible()
    await expect(log.get_by_text("posted in a direct message")).to_be_visible()


async def test_an_older_card_does_not_count_for_the_tour(visit, control):
    control.message(attachments=[bar(GREEN, 查看任务流="show 3377")])
    page = (await visit()).page
    await expect(page.locator('[aria-current="step"] .step-title')).to_have_text("Make 3377 fail")


@pytest.mark.parametrize(
    ("command", "current"), [("ack 3377", "Rerun"), ("show 3377", "Acknowledge")], ids=["acknowledged", "not"]
)
async def test_the_tour_knows_from_the_thread_that_an_incident_was_acknowledged(visit, control, command, current):
    now = time.time() + 30  # after the page was opened
    flow_of(control, 3377).update(last_runs=[run("3377-1", "FAIL", now + 1, now + 2)])
    control.base = now + 3
    card = control.message(attachments=[bar(GREEN, 查看任务流="show 3377")])
    answered = {"type": "context", "elements": [mrkdwn(f"↳ `{command}`")]}
    control.message(thread_ts=card["ts"], blocks=[answered])
    page = (await visit(hash=f"#c={DATA_OPS}")).page
    await expect(page.locator('[aria-current="step"] .step-title')).to_have_text(current)


@pytest.mark.parametrize(("color", "current"), [(ORANGE, "Watch it recover"), (GREEN, "Trigger by a form")])
async def test_the_tour_waits_for_the_card_to_turn_green(visit, control, color, current):
    now = time.time() + 30  # after the page was opened
    runs = [run("3377-2", "SUCCESS", now + 3, now + 4), run("3377-1", "FAIL", now + 1, now + 2)]
    flow_of(control, 3377).update(last_runs=runs)
    control.base = now + 3
    card = control.message(attachments=[bar(color, 取消认领="unack 3377")])
    answered = {"type": "context", "elements": [mrkdwn("↳ `rerun 3377-1`")]}
    control.message(thread_ts=card["ts"], blocks=[answered])
    page = (await visit(hash=f"#c={DATA_OPS}")).page
    await expect(page.locator('[aria-current="step"] .step-title')).to_have_text(current)


@pytest.mark.parametrize(
    "message",
    [
        {"text": "FAIL daily-energy-report"},
        {"attachments": [bar(RED, Acknowledge="ack 2809")]},
        {"attachments": [bar(GREEN, Show="show 3377-1")]},
        {"blocks": bar(RED, Acknowledge="ack 3377")["blocks"]},
    ],
    ids=["words", "another flow", "a run", "no colour"],
)
async def test_other_messages_are_no_card(visit, control, message):
    now = time.time() + 30  # after the page was opened
    flow_of(control, 3377).update(last_runs=[run("3377-1", "FAIL", now + 1, now + 2)])
    control.base = now + 3
    control.message(**message)
    page = (await visit(hash=f"#c={DATA_OPS}")).page
    await expect(page.get_by_role("region", name="Guided tour")).to_contain_text("The run takes a few seconds to fail.")


async def test_what_arrives_at_pagerduty_and_at_the_webhook_is_seen(visit, control):
    page = (await visit()).page
    await page.get_by_role("tab", name="PagerDuty").click()
    alerts = page.get_by_role("list", name="Alerts at PagerDuty, newest first")
    await expect(page.get_by_text("No alert yet.")).to_be_visible()
    now = time.time()
    alert = {"key": "k", "status": "triggered", "summary": "FAIL · daily-energy-report", "steps": []}
    steps = [{"at": now, "action": "trigger"}]
    control.arrived = {
        "alerts": [alert | {"steps": steps}],
        "events": [{"at": now, "step": "failed_again", "flow": "daily-energy-report", "id": "e1"}],
    }
    await expect(alerts.get_by_text("FAIL · daily-energy-report")).to_be_visible()
    await expect(alerts.locator(".chip")).to_have_text("triggered")
    await expect(page.get_by_role("tab", name="PagerDuty")).to_have_attribute("data-count", "1")
    events = page.get_by_role("list", name="Events at the webhook, newest first")
    await expect(events.locator(".log-text")).to_have_text(["daily-energy-report failed again"])
    resolved = {"status": "resolved", "steps": [*steps, {"at": now + 60, "action": "resolve"}]}
    control.arrived = {"alerts": [alert | resolved], "events": []}
    await expect(alerts.locator(".alert-steps li")).to_contain_text(["triggered", "resolved"])
    await expect(page.get_by_role("tab", name="PagerDuty")).to_have_attribute("data-count", "")
    await expect(page.get_by_text("No event yet.")).to_be_visible()
