"""What holds for the whole page: names for everything, contrast, small screens, no noise in the console."""

import pytest
from fake_control import DATA_OPS, JONAS, MAYA, button, mrkdwn, option
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NAMELESS = """() => [...document.querySelectorAll("button, a[href], input, select, textarea, [role=img], img")]
  .filter((node) => node.checkVisibility())
  .filter((node) => !(node.ariaLabel || node.alt || node.textContent.trim() || node.labels?.length || node.title))
  .map((node) => node.outerHTML)"""

PALE = """() => {
  const colour = (text) => {
    const parts = text.match(/[\\d.]+/g).map(Number);
    const scale = text.startsWith("color(") ? 255 : 1;
    return [parts[0] * scale, parts[1] * scale, parts[2] * scale, parts[3] ?? 1];
  };
  const over = (top, under) => top.slice(0, 3).map((value, index) => value * top[3] + under[index] * (1 - top[3]));
  const light = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255)
      .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) layers.unshift(colour(getComputedStyle(at).backgroundColor));
    return layers.reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const opacity = (node) => {
    let all = 1;
    for (let at = node; at; at = at.parentElement) all *= Number(getComputedStyle(at).opacity);
    return all;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (!text || !node.checkVisibility({opacityProperty: true})) continue;
    if (node.closest(":disabled, .hidden, option, svg")) continue;
    const under = ground(node);
    const top = colour(getComputedStyle(node).color);
    const seen = over([...top.slice(0, 3), top[3] * opacity(node)], under);
    const [bright, dark] = [light(seen), light(under)].sort((a, b) => b - a);
    const ratio = (bright + 0.05) / (dark + 0.05);
    if (ratio < 4.5) found.push(`${ratio.toFixed(2)} ${node.className} ${text.slice(0, 40)}`);
  }
  return [...new Set(found)];
}"""


OVERHANGING = """() => {
  const wide = document.documentElement.clientWidth;
  const may = ".file-preview, .table-scroll, .field-input, .composer-text, .hidden, .skip, svg";
  return [...document.querySelectorAll("body *")].filter((node) => {
    if (!node.checkVisibility({visibilityProperty: true}) || node.closest(may)) return false;
    const box = node.getBoundingClientRect();
    const {overflowX} = getComputedStyle(node);
    if (["auto", "scroll"].includes(overflowX) && node.scrollWidth > node.clientWidth) return true;
    return box.width > 0 && (box.right > wide + 1 || box.left < -1);
  }).map((node) => `${node.tagName}.${node.className} ${node.getBoundingClientRect().right}`);
}"""


def rich(control) -> dict:
    menu = {"type": "overflow", "action_id": "menu:3", "options": [option("Close", "c")]}
    card = control.message(
        "card",
        attachments=[{"color": "#d0342c", "blocks": [
            {
                "type": "section", "block_id": "x", "fields": [mrkdwn("*Run*\n`1`")],
                "text": mrkdwn("*FAIL* `3377` <@U0MAYA00001> <!here> <https://a.b|link>\n> quoted"),
            },
            {"type": "actions", "block_id": "y", "elements": [
                button("Acknowledge", "a", 0, style="primary"), button("Stop", "s", 1, style="danger"),
                button("Log", "l", 2), menu,
            ]},
            {"type": "context", "block_id": "z", "elements": [mrkdwn("Flow `3377`")]},
        ]}],
    )  # fmt: skip
    control.message("a reply", thread_ts=card["ts"], by=JONAS)
    control.message("private", to=MAYA)
    control.message("talk", by=JONAS, reactions=[{"name": "eyes", "users": [MAYA], "count": 1}])
    control.world["channels"][1]["unread"] = 3
    control.platform["flows"][1]["failing"] = {"kind": "FAIL", "tasks": [33771]}
    return card


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everything_can_be_read_in_light_and_dark(visit, control, scheme):
    card = rich(control)
    page = (await visit(color_scheme=scheme, hash=f"#c={DATA_OPS}&t={card['ts']}")).page
    await expect(page.locator(".thread .message")).to_have_count(2)
    await expect(page.locator(".flow")).to_have_count(3)
    assert await page.evaluate(PALE) == []
    await page.get_by_role("tab", name="Faults").click()
    await page.get_by_role("button", name="Acting as Maya Chen").click()
    assert await page.evaluate(PALE) == []
    assert (await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)") is (
        scheme == "light"
    )


async def test_everything_to_press_has_a_name(visit, control):
    card = rich(control)
    page = (await visit(hash=f"#c={DATA_OPS}&t={card['ts']}")).page
    await expect(page.locator(".thread .message")).to_have_count(2)
    assert await page.evaluate(NAMELESS) == []
    await page.get_by_role("tab", name="Faults").click()
    assert await page.evaluate(NAMELESS) == []


async def test_the_focus_is_seen(visit):
    page = (await visit()).page
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the message box")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox", name="Message #data-ops")).to_be_focused()
    await page.keyboard.press("Tab")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


async def test_a_phone_shows_one_thing_at_a_time(visit, control):
    card = rich(control)
    page = (await visit(width=390, height=844)).page
    await expect(page.get_by_role("button", name="Acknowledge")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await expect(page.get_by_role("complementary", name="Platform")).to_be_hidden()
    await page.get_by_role("button", name="Show channels").click()
    await page.get_by_role("button", name="general").click()
    await expect(page.locator("h1")).to_have_text("general")
    await expect(page.get_by_role("complementary", name="Workspace")).to_be_hidden()
    await page.goto(page.url.split("#")[0] + f"#c={DATA_OPS}&t={card['ts']}")
    await expect(page.get_by_role("complementary", name="Thread")).to_be_visible()
    await page.get_by_role("button", name="Close the thread").click()
    await page.get_by_role("button", name="Platform", exact=True).click()
    await expect(page.get_by_role("heading", name="Platform")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("complementary", name="Platform")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_nothing_hangs_over_the_edge(visit, control):
    """Long words, long ids and a long error stay inside the window, with a thread open and without."""
    card = rich(control)
    control.message("Long" * 90 + " https://a.b/" + "c/" * 90, by=JONAS)
    control.message("x" * 300, thread_ts=card["ts"])
    page = (await visit()).page
    await expect(page.get_by_text("LongLong")).to_be_visible()
    for thread in ("", card["ts"]):
        await page.goto(page.url.split("#")[0] + f"#c={DATA_OPS}&t={thread}")
        await expect(page.locator(".thread .message")).to_have_count(3 if thread else 0)
        for width, height in ((1440, 900), (1280, 800), (900, 700), (390, 844)):
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate(OVERHANGING) == []


async def test_a_thread_and_the_panel_take_turns_where_there_is_no_room_for_both(visit, control):
    card = rich(control)
    page = (await visit(width=1280, height=800)).page
    panel = page.get_by_role("complementary", name="Platform")
    thread = page.get_by_role("complementary", name="Thread")
    await expect(panel).to_be_visible()
    await page.get_by_role("button", name="1 reply").click()
    await expect(thread).to_be_visible()
    await expect(panel).to_be_hidden()
    await page.reload()
    await expect(thread).to_be_visible()
    await expect(panel).to_be_hidden()
    await page.get_by_role("button", name="Close the thread").click()
    await expect(panel).to_be_visible()
    await expect(page.locator(f'#channel-list [data-ts="{card["ts"]}"]')).to_be_focused()


async def test_in_a_small_window_a_thread_takes_the_middle(visit, control):
    card = rich(control)
    page = (await visit(width=900, height=700, hash=f"#c={DATA_OPS}&t={card['ts']}")).page
    await expect(page.get_by_role("complementary", name="Thread")).to_be_visible()
    await expect(page.get_by_role("combobox", name="Message #data-ops")).to_be_hidden()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("combobox", name="Message #data-ops")).to_be_visible()


async def test_the_end_stays_in_sight_when_the_room_changes(visit, control):
    for number in range(12):
        card = control.message(f"message {number} " + "with many words " * 12)
    control.message("a reply", thread_ts=card["ts"])
    page = (await visit()).page
    replies = page.get_by_role("button", name="1 reply")
    await expect(replies).to_be_in_viewport()
    await replies.click()
    await expect(page.get_by_role("complementary", name="Thread")).to_be_visible()
    await expect(replies).to_be_in_viewport()
    await page.set_viewport_size({"width": 1440, "height": 420})
    await expect(replies).to_be_in_viewport()


async def test_the_newest_message_is_seen_unless_one_reads_further_up(visit, control):
    for number in range(40):
        control.message(f"message {number}", by=JONAS)
    page = (await visit(height=500)).page
    await expect(page.get_by_text("message 39", exact=True)).to_be_in_viewport()
    control.message("message 40")
    await expect(page.get_by_text("message 40", exact=True)).to_be_in_viewport()
    await page.locator("#channel-list .scroller").evaluate("node => { node.scrollTop = 0; }")
    await expect(page.get_by_text("message 0", exact=True)).to_be_in_viewport()
    control.message("message 41")
    newer = page.get_by_role("button", name="Newer messages")
    await expect(newer).to_be_visible()
    await newer.click()
    await expect(page.get_by_text("message 41", exact=True)).to_be_in_viewport()
