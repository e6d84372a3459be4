"""The text box: what it sends, what it offers while one types, and what it says when something goes wrong."""

import pytest
from fake_control import DATA_OPS, DIRECT, MAYA
from playwright.async_api import expect

from bot.core.command.table import SHOWN, usage_hint

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_enter_sends_and_shift_enter_starts_a_line(visit, control):
    page = (await visit()).page
    box = page.get_by_role("combobox", name="Message #data-ops")
    await expect(page.get_by_role("button", name="Send")).to_be_disabled()
    await box.press_sequentially("first")
    await page.keyboard.press("Shift+Enter")
    await box.press_sequentially("second")
    await page.keyboard.press("Enter")
    assert await control.until("/sim/say") == [{"as": MAYA, "channel": DATA_OPS, "text": "first\nsecond"}]
    await expect(box).to_have_value("")
    await expect(page.get_by_text("flowbot is working…")).to_have_count(0)


async def test_a_slash_offers_the_command_then_its_verbs_then_their_syntax(visit, control):
    page = (await visit()).page
    box = page.get_by_role("combobox", name="Message #data-ops")
    await box.press_sequentially("/")
    await expect(page.get_by_role("option", name="/flow Run and watch flows")).to_be_visible()
    await page.keyboard.press("Tab")
    await expect(box).to_have_value("/flow ")
    await expect(page.locator(".offer")).to_have_count(5)
    await box.press_sequentially("tr")
    await expect(page.locator(".offer")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(box).to_have_value("/flow trigger ")
    await expect(page.locator(".offer")).to_have_text("triggerFLOW [from TASK]")
    await box.press_sequentially("3377")
    await page.keyboard.press("Enter")
    assert (await control.until("/sim/say"))[0]["text"] == "/flow trigger 3377"
    await expect(page.get_by_text("flowbot is working…")).to_be_visible()
    control.message("It runs.", to=MAYA)
    await expect(page.get_by_text("flowbot is working…")).to_have_count(0)


async def test_a_whole_verb_is_sent_at_once(visit, control):
    page = (await visit()).page
    await page.get_by_role("combobox", name="Message #data-ops").press_sequentially("/flow help")
    await expect(page.locator(".offer")).to_have_count(1)
    await page.keyboard.press("Enter")
    assert (await control.until("/sim/say"))[0]["text"] == "/flow help"


async def test_people_groups_and_channels_are_completed(visit):
    page = (await visit()).page
    box = page.get_by_role("combobox", name="Message #data-ops")
    await box.press_sequentially("ask @jo")
    await page.keyboard.press("Enter")
    await box.press_sequentially("or @onc")
    await page.get_by_role("option", name="@oncall-data").click()
    await box.press_sequentially("in #ge")
    await page.keyboard.press("Tab")
    await expect(box).to_have_value("ask @jonas.weber or @oncall-data in #general ")


async def test_a_direct_message_needs_no_slash(visit, control):
    page = (await visit(hash=f"#c={DIRECT}")).page
    await page.get_by_role("combobox", name="Message flowbot").press_sequentially("inc")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    assert (await control.until("/sim/say"))[0] == {"as": MAYA, "channel": DIRECT, "text": "incidents"}


async def test_what_could_not_be_sent_comes_back_with_the_reason(visit, control):
    control.answers["/sim/say"] = (400, {"ok": False, "error": "#data-ops is archived"})
    window = await visit()
    window.expects("status of 400")
    page = window.page
    box = page.get_by_role("combobox", name="Message #data-ops")
    await box.fill("hello")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("#data-ops is archived")
    await expect(box).to_have_value("hello")
    await page.get_by_role("button", name="Close this notice").click()
    await expect(page.get_by_role("alert")).to_have_count(0)


async def test_a_draft_waits_in_its_channel(visit):
    page = (await visit()).page
    await page.get_by_role("combobox", name="Message #data-ops").fill("half a thought")
    await page.get_by_role("button", name="general").click()
    await expect(page.get_by_role("combobox", name="Message #general")).to_have_value("")
    await page.get_by_role("button", name="data-ops").click()
    await expect(page.get_by_role("combobox", name="Message #data-ops")).to_have_value("half a thought")


async def test_it_is_said_when_flowbot_or_the_demo_is_away(visit, control):
    window = await visit()
    window.expects("status of 503", "ERR_")
    page = window.page
    line = page.locator("#line")
    await expect(line).to_be_hidden()
    control.change(app=control.world["app"] | {"connected": False})
    await expect(line).to_have_text("flowbot is not connected to Slack right now. What you send may go unanswered.")
    control.away = True
    control.changed()
    await expect(line).to_have_text("The demo’s server does not answer. This page tries again by itself.")
    control.away = False
    control.change(app=control.world["app"] | {"connected": True})
    await expect(line).to_be_hidden()


async def test_every_verb_of_flowbot_is_offered(library):
    found = await library.evaluate("hint => import('/complete.js').then(module => module.usages(hint))", usage_hint())
    assert [usage.split(" ")[0] for usage in found] == [row.verb for row in SHOWN]
