"""The page with flowbot itself behind it: its forms, its home, and what one person asks of another."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from fake_control import JONAS, MAYA, WEI
from playwright.async_api import Locator, Page, expect

from bot.sim import serve
from bot.sim.demo import demo
from bot.sim.serve import Running
from bot.sim.slack.seed import DATA_OPS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town() -> AsyncIterator[Running]:
    """The demo's world, with one flowbot for all of these tests."""
    running = await serve.start(demo.demo_world(), page_port=0)
    with tempfile.TemporaryDirectory(prefix="flowbot-page-") as name:
        settings = demo.environment(running, Path(name)) | {"FLOWBOT_POLL_SECONDS": "0.7"}
        try:
            async with demo.bot(settings, Path(name)) as process:
                await demo.connected(running, process)
                yield running
        finally:
            await running.stop()


@pytest.fixture
def acting(opening, town):
    """Open the page as somebody, in a channel or in their direct messages with flowbot."""

    async def act(who: str, channel: str = DATA_OPS, **size) -> Page:
        window = await opening(f"{town.page_url}/#c={channel}&as={who}", **size)
        await window.page.locator("#persona .persona").wait_for(state="attached")
        return window.page

    return act


async def say(page: Page, text: str) -> None:
    box = page.locator("#channel-composer textarea")
    await box.fill(text)
    await box.press("Escape")
    await box.press("Enter")


def field(page: Page, name: str) -> Locator:
    return page.locator(f'[data-action="field:{name}"]')


def submit(page: Page) -> Locator:
    return page.locator("[data-part=submit]")


async def test_a_flow_is_found_changed_looked_at_and_started_in_chinese_on_a_phone(acting, town):
    page = await acting(WEI, width=390, height=844)
    await say(page, "/flow 触发")
    await field(page, "flow").fill("daily")
    await page.locator(".offer", has_text="daily-energy-report (3377)").locator("visible=true").click()
    await expect(field(page, "p0")).to_have_value("/user/db_demo/energy/")
    await expect(page.get_by_role("option", name="daily-energy-report").locator("visible=true")).to_have_count(0)
    await field(page, "task").select_option(index=2)
    await field(page, "p0").fill("/once")
    await submit(page).click()
    await expect(page.get_by_role("alert")).to_contain_text("从某个任务节点触发时，EnOS 不能更改参数")
    await field(page, "task").select_option(index=1)
    await submit(page).click()
    await expect(page.get_by_role("dialog")).to_contain_text("触发 3377 参数 path=/once")
    assert town.world.platform.called("updateAndTrigger") == []
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await submit(page).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator("#channel-list")).to_contain_text("trigger 3377 with path=/once")
    assert len(town.world.platform.called("updateAndTrigger")) == 1


async def test_a_form_from_the_menu_of_a_card_says_what_is_wrong_at_its_field(acting, town):
    flow = 4611
    town.world.platform.fail(flow)
    town.world.platform.start_scheduled(flow)
    page = await acting(JONAS)
    card = page.locator("#channel-list .message", has_text="turbine-health")
    await card.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Snooze").click()
    await field(page, "until").fill("25:99")
    await field(page, "note").fill("TICKET-17")
    await submit(page).click()
    await expect(page.get_by_role("alert")).to_contain_text("I don't understand the time 25:99.")
    await expect(field(page, "until")).to_be_focused()
    await expect(field(page, "note")).to_have_value("TICKET-17")
    await field(page, "until").fill("")
    await submit(page).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(card).to_contain_text("TICKET-17")


async def test_a_failure_appears_in_an_open_home_and_is_acknowledged_there(acting, town):
    flow = 4604
    page = await acting(MAYA, town.world.workspace.dm(MAYA).id)
    await page.get_by_role("button", name="Home", exact=True).click()
    home = page.locator("#home")
    await expect(home).to_contain_text("Your flows")
    await expect(home).not_to_contain_text("not acknowledged")
    town.world.platform.fail(flow)
    town.world.platform.start_scheduled(flow)
    await home.get_by_role("button", name="Acknowledge").click()
    await expect(home).to_contain_text("acknowledged by you until")
    await expect(home.get_by_role("button", name="Hand back")).to_be_visible()
    await page.get_by_role("button", name="Messages", exact=True).click()
    await expect(page.locator("#channel-list")).to_contain_text("You acknowledged")


async def test_a_colleague_asks_and_the_owner_runs_it(acting, town):
    flow = 4614
    asking = await acting(JONAS)
    await say(asking, f"/flow trigger {flow}")
    await asking.get_by_role("button", name="Ask an owner").click()
    await expect(asking.locator("#channel-list")).to_contain_text("I asked @Maya Chen to run")
    assert town.world.platform.called("trigger") == []

    owner = await acting(MAYA, town.world.workspace.dm(MAYA).id)
    await expect(owner.locator("#channel-list")).to_contain_text("@Jonas Weber asks you to run")
    await owner.get_by_role("button", name="Run it").click()
    await expect(owner.locator("#channel-list")).to_contain_text("@Maya Chen ran this for @Jonas Weber")
    await expect(owner.get_by_role("button", name="Run it")).to_have_count(0)
    assert len(town.world.platform.called("trigger")) == 1
