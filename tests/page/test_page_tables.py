"""Tables, replies that the channel shows too, and the panel of the workspace itself."""

import pytest
from fake_control import BOT, DATA_OPS, JONAS, MAYA, button, mrkdwn
from playwright.async_api import expect
from test_page_looks import OVERHANGING, PALE

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LONG = "a reason that is too long for one line of a narrow window, " * 3


def cell(text, **style):
    inline = {"type": "text", "text": text, **({"style": style} if style else {})}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [inline]}]}


def table(rows=3):
    heading = [cell(text, bold=True) for text in ("Flow", "Owner", "Last run", "Failures", "Why")]
    listed = [
        [cell(f"daily-energy-report-{row}"), cell("maya.chen"), cell("14:30"), cell("7"), cell(LONG)]
        for row in range(rows)
    ]
    settings = [{}, {}, {}, {"align": "right"}, {"is_wrapped": True}]
    return {"type": "table", "rows": [heading, *listed], "column_settings": settings}  # fmt: skip


def parts():
    row = {"type": "actions", "elements": [button("Refresh", "1|P1|list")]}
    return [{"type": "section", "text": mrkdwn("Three flows")}, table(), row]


@pytest.mark.parametrize("attached", [False, True])
async def test_a_table_is_below_all_else_of_its_message(visit, control, attached):
    if attached:
        control.message("x", attachments=[{"color": "good", "fallback": "fallback", "blocks": parts()}])
    else:
        control.message("x", blocks=parts())
    page = (await visit()).page
    content = page.locator(".message .content")
    await expect(content.get_by_role("columnheader")).to_have_text(["Flow", "Owner", "Last run", "Failures", "Why"])
    await expect(content.locator("th").first.locator("strong")).to_have_text("Flow")
    await expect(content.locator(":scope > *").last).to_have_class("block table-scroll")
    above, below = content.get_by_role("button", name="Refresh"), content.get_by_role("table")
    assert (await above.bounding_box())["y"] < (await below.bounding_box())["y"]


async def test_an_attachment_that_holds_a_table_alone_shows_nothing_else(visit, control):
    control.message("x", blocks=parts()[:1], attachments=[{"fallback": "fallback", "blocks": [table()]}])
    page = (await visit()).page
    await expect(page.get_by_role("table")).to_be_visible()
    await expect(page.locator(".message .content")).not_to_contain_text("fallback")
    await expect(page.locator(".attachment")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_table_has_enough_contrast_in_both_schemes(visit, control, scheme):
    control.message("x", blocks=parts())
    page = (await visit(color_scheme=scheme)).page
    await expect(page.get_by_role("table")).to_be_visible()
    assert await page.evaluate(PALE) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_a_table_moves_sideways_beside_its_first_column(visit, control, scheme):
    control.message("x", blocks=parts())
    page = (await visit(width=390, height=844, color_scheme=scheme)).page
    box = page.locator(".table-scroll")
    await expect(box).to_be_visible()
    assert await page.evaluate(OVERHANGING) == []
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    first, last = page.get_by_role("cell", name="daily-energy-report-0"), page.get_by_role("cell", name=LONG).last
    assert 0.23 * 390 <= (await first.bounding_box())["width"] <= 0.45 * 390
    assert (await last.bounding_box())["width"] >= 110
    left = (await first.bounding_box())["x"]
    await box.evaluate("node => { node.scrollLeft = node.scrollWidth; }")
    assert (await first.bounding_box())["x"] == left
    await expect(last).to_be_in_viewport()
    assert await page.evaluate(PALE) == []


async def test_a_reply_to_all_is_in_the_channel_and_in_its_thread(visit, control):
    card = control.message("the *card*")
    facts = {"thread_ts": card["ts"], "subtype": "thread_broadcast"}
    reply = control.message("calling for help", **facts)
    control.world["messages"][DATA_OPS].append(reply | {"replies": [], "root": card})
    control.changed()
    page = (await visit()).page
    inside = page.locator("#channel-list").get_by_text("calling for help")
    await expect(inside).to_be_visible()
    note = page.get_by_role("button", name="Replied to a thread: the card")
    await expect(note).to_be_visible()
    await note.click()
    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread.get_by_text("calling for help")).to_be_visible()
    await expect(thread.get_by_text("Also sent to the channel")).to_be_visible()
    await expect(thread.locator(".message")).to_have_count(2)
    assert await page.evaluate(PALE) == []


async def test_to_reply_to_it_opens_its_thread_even_where_its_root_is_gone(visit, control):
    card = control.message("card")
    reply = {**control.message("help", thread_ts=card["ts"], subtype="thread_broadcast"), "replies": []}
    control.world["messages"][DATA_OPS].append(reply)
    control.changed()
    page = (await visit()).page
    await expect(page.get_by_role("button", name="Replied to a thread: a message that was deleted")).to_be_visible()
    shown = page.locator(f'#channel-list [data-ts="{reply["ts"]}"]')
    await shown.hover()
    await shown.get_by_role("button", name="Reply in thread").click()
    await expect(page.get_by_role("complementary", name="Thread").get_by_text("help")).to_be_visible()


async def test_the_workspace_is_changed_in_the_panel(visit, control):
    page = (await visit()).page
    await page.get_by_role("tab", name="Slack").click()
    panel = page.get_by_role("tabpanel", name="Slack")
    switches = {
        "No tables": ("/sim/slack/switch", {"name": "tables", "value": False}),
        "Archive #data-ops": ("/sim/slack/switch", {"name": f"archived {DATA_OPS}", "value": True}),
        "Keep flowbot out of #data-ops": ("/sim/leave", {"as": BOT, "channel": DATA_OPS}),
        "Keep flowbot out of #general": ("/sim/join", {"as": BOT, "channel": "C0GENERAL1"}),
        "Disable @oncall-data": ("/sim/slack/switch", {"name": "disabled S0ONCALL01", "value": True}),
        "Jonas Weber is away": ("/sim/slack/switch", {"name": f"away {JONAS}", "value": True}),
        "Deactivate Maya Chen": ("/sim/slack/switch", {"name": f"deactivated {MAYA}", "value": True}),
    }
    for label, asked in switches.items():
        await panel.get_by_role("switch", name=label).click()
        await control.until(asked[0], len(control.bodies(asked[0])) or 1)
        await expect(panel.get_by_role("switch", name=label)).to_be_enabled()
    for asked in switches.values():
        assert asked in control.asked
    assert await page.evaluate(PALE) == []


async def test_what_is_switched_in_the_workspace_is_seen_and_switched_back(visit, control):
    page = (await visit()).page
    await page.get_by_role("tab", name="Slack").click()
    away, tables = page.get_by_role("switch", name="Jonas Weber is away"), page.get_by_role("switch", name="No tables")
    await expect(away).not_to_be_checked()
    people = [{**one, "active": one["id"] != JONAS} for one in control.world["people"]]
    control.change(people=people, tables=False)
    await expect(away).to_be_checked()
    await expect(tables).to_be_checked()
    await away.click()
    await tables.click()
    assert await control.until("/sim/slack/switch", 2) == [
        {"name": f"away {JONAS}", "value": False},
        {"name": "tables", "value": True},
    ]
