"""What a visitor sees of messages and does with them."""

import re
from typing import Any

import pytest
from fake_control import BOT, DATA_OPS, DIRECT, GENERAL, JONAS, MAYA, PRIYA, button, mrkdwn, option, plain
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

INJECTION = "&lt;img src=x onerror=alert(1)&gt; &lt;!channel&gt; &amp;lt;b&amp;gt;"


def section(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": mrkdwn(text), **more}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


async def test_what_is_escaped_stays_text(visit, control):
    control.message(INJECTION, by=JONAS)
    control.message("", blocks=[section(INJECTION), {"type": "header", "text": plain("<img src=x onerror=alert(2)>")}])
    page = (await visit()).page
    await expect(page.locator(".message").nth(0)).to_contain_text("<img src=x onerror=alert(1)> <!channel> &lt;b&gt;")
    await expect(page.locator(".block.header")).to_have_text("<img src=x onerror=alert(2)>")
    assert await page.locator(".messages img").count() == 0
    assert await page.locator(".broadcast").count() == 0


async def test_an_active_mention_of_the_channel_is_marked(visit, control):
    control.message("<!channel> and <@U0MAYA00001> in <#C0GENERAL1>")
    page = (await visit()).page
    await expect(page.locator(".broadcast")).to_have_text("@channel")
    await expect(page.locator(".mention.own")).to_have_text("@Maya Chen")
    await page.get_by_role("link", name="#general").click()
    await expect(page.locator("h1")).to_have_text("general")


async def test_chinese_texts_are_marked_as_chinese_and_english_ones_that_quote_some_are_not(visit, control):
    control.message("任务流 `daily-energy-report` 失败，请 <@U0MAYA00001> 查看")
    control.message("Run of *日报-华北* failed in task 抽取, please look")
    page = (await visit()).page
    chinese, english = page.locator(".message .text").nth(0), page.locator(".message .text").nth(1)
    await expect(chinese).to_have_attribute("lang", "zh-CN")
    await expect(english).not_to_have_attribute("lang", re.compile("."))
    await expect(english.locator("[lang]")).to_have_text("日报-华北")


async def test_no_text_can_become_markup(visit):
    window = await visit()
    window.expects("TrustedHTML")
    refused = await window.page.evaluate(
        "() => { try { document.body.innerHTML = '<b>x</b>'; return 'made'; } catch (error) { return error.name; } }"
    )
    assert refused == "TypeError"


async def test_a_press_says_what_was_pressed_by_whom(visit, control):
    card = control.message("card", blocks=[actions(button("Acknowledge", "1|p3f9|ack 3377", style="primary"))])
    page = (await visit()).page
    await page.get_by_role("button", name="Acknowledge").click()
    assert await control.until("/sim/press") == [
        {
            "as": MAYA,
            "channel": DATA_OPS,
            "ts": card["ts"],
            "block_id": "b0",
            "action_id": "say:0",
            "value": "1|p3f9|ack 3377",
        }
    ]
    await expect(page.get_by_text("flowbot is working…")).to_be_visible()
    control.message("Maya Chen has acknowledged it.")
    await expect(page.get_by_text("flowbot is working…")).to_have_count(0)


async def test_a_second_click_while_the_first_is_under_way_is_not_sent(visit, control):
    control.message("card", blocks=[actions(button("Rerun", "1|p|rerun"))])
    page = (await visit()).page
    rerun = page.get_by_role("button", name="Rerun")
    await rerun.dblclick()
    await control.until("/sim/press")
    await expect(rerun).to_have_attribute("aria-disabled", "true")
    assert len(control.bodies("/sim/press")) == 1


async def test_a_button_can_be_pressed_again_once_flowbot_has_answered(visit, control):
    control.message("card", blocks=[actions(button("Log", "1|p|log"))])
    page = (await visit()).page
    log = page.get_by_role("button", name="Log", exact=True)
    await log.click()
    await control.until("/sim/press")
    await expect(log).to_have_attribute("aria-disabled", "true")
    control.message("The log.", to=MAYA)
    await expect(log).not_to_have_attribute("aria-disabled", "true", timeout=4000)
    await log.click()
    await control.until("/sim/press", 2)


async def test_text_from_right_to_left_reads_right(visit, control):
    control.message("שלום עולם", by=JONAS)
    control.message("left", by=JONAS)
    page = (await visit()).page
    places = """node => { const range = document.createRange(); range.selectNodeContents(node);
      const [text, box] = [range.getBoundingClientRect(), node.getBoundingClientRect()];
      return [Math.round(text.left - box.left), Math.round(box.right - text.right)]; }"""
    await expect(page.locator(".message .text")).to_have_count(2)
    assert (await page.locator(".message .text").nth(0).evaluate(places))[1] == 0
    assert (await page.locator(".message .text").nth(1).evaluate(places))[0] == 0
    box = page.get_by_role("combobox", name="Message #data-ops")
    await box.fill("שלום")
    await expect(box).to_have_css("direction", "rtl")


async def test_a_confirm_dialog_comes_first(visit, control):
    confirm = {
        "title": plain("Cancel it?"),
        "text": mrkdwn("*3377* stops."),
        "confirm": plain("Stop it"),
        "deny": plain("Leave it"),
    }
    control.message(
        "card",
        blocks=[actions(button("Cancel run", "1|p|cancel", style="danger", confirm=confirm | {"style": "danger"}))],
    )
    page = (await visit()).page
    opener = page.get_by_role("button", name="Cancel run")
    await opener.click()
    await expect(page.get_by_role("heading", name="Cancel it?")).to_be_visible()
    await expect(page.get_by_role("button", name="Leave it")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert control.bodies("/sim/press") == []
    await opener.click()
    await page.get_by_role("button", name="Stop it").click()
    assert (await control.until("/sim/press"))[0]["value"] == "1|p|cancel"


async def test_an_overflow_menu_works_by_keyboard(visit, control):
    menu = {
        "type": "overflow",
        "action_id": "menu:1",
        "options": [option("Close", "1|p|close"), option("Show the flow", "1|p|show")],
    }
    control.message("card", blocks=[actions(menu)])
    page = (await visit()).page
    more = page.get_by_role("button", name="More actions")
    await more.focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("menuitem", name="Close")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(more).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    assert (await control.until("/sim/press"))[0]["selected_option"] == option("Show the flow", "1|p|show")


async def test_a_choice_is_a_press_and_stays_chosen(visit, control):
    select = {
        "type": "static_select",
        "action_id": "day",
        "placeholder": plain("Another day"),
        "options": [option("Monday", "1"), option("Tuesday", "2")],
    }
    chosen = {"b0": {"day": {"type": "static_select", "selected_option": option("Tuesday", "2")}}}
    card = control.message("", blocks=[section("Which day", accessory=select)])
    page = (await visit()).page
    await page.get_by_label("Another day").select_option("Tuesday")
    assert (await control.until("/sim/press"))[0] == {
        "as": MAYA, "channel": DATA_OPS, "ts": card["ts"], "block_id": "b0", "action_id": "day",
        "selected_option": option("Tuesday", "2"),
    }  # fmt: skip
    control.edit(card, chosen=chosen)
    await expect(page.locator(".edited")).to_be_visible()
    assert await page.get_by_label("Another day").evaluate("node => node.selectedOptions[0].text") == "Tuesday"


async def test_an_external_select_asks_the_app_while_one_types(visit, control):
    select = {"type": "external_select", "action_id": "flow", "min_query_length": 1, "placeholder": plain("Which flow")}
    control.message("", blocks=[actions(select)])
    page = (await visit()).page
    await page.get_by_label("Which flow").press_sequentially("en")
    await page.get_by_role("option", name="en-2").click()
    assert (await control.until("/sim/press"))[0]["selected_option"] == option("en-2", "2")
    assert control.bodies("/sim/options")[-1]["value"] == "en"


async def test_a_thread_opens_beside_and_has_its_own_text_box(visit, control):
    card = control.message("FAIL daily-energy-report")
    control.message("It failed again.", thread_ts=card["ts"])
    control.message("I look at it.", by=JONAS, thread_ts=card["ts"])
    control.message("Only Maya reads this.", thread_ts=card["ts"], to=MAYA)
    page = (await visit()).page
    await page.get_by_role("button", name="3 replies").click()
    thread = page.get_by_role("complementary", name="Thread")
    await expect(thread.locator(".message")).to_have_count(4)
    await expect(thread.locator(".ephemeral")).to_contain_text("Only visible to you")
    await thread.get_by_role("combobox", name="Reply…").fill("@flowbot ack")
    await page.keyboard.press("Enter")
    assert (await control.until("/sim/say"))[0] == {
        "as": MAYA,
        "channel": DATA_OPS,
        "text": "@flowbot ack",
        "thread_ts": card["ts"],
    }
    await expect(thread.get_by_text("flowbot is working…")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(thread).to_be_hidden()
    await expect(page.locator(f'#channel-list [data-ts="{card["ts"]}"]')).to_be_focused()


async def test_an_ephemeral_is_dashed_and_can_be_dismissed(visit, control):
    ephemeral = control.message("Not an owner.", to=MAYA)
    control.message("For Jonas alone.", to=JONAS)
    page = (await visit()).page
    shown = page.locator(".message.ephemeral")
    await expect(shown).to_have_count(1)
    await expect(shown).to_contain_text("Only visible to you")
    assert await shown.locator(".content").evaluate("node => getComputedStyle(node).borderStyle") == "dashed"
    await shown.hover()
    await shown.get_by_role("button", name="Dismiss message").click()
    assert await control.until("/sim/delete") == [{"as": MAYA, "channel": DATA_OPS, "ts": ephemeral["ts"]}]


async def test_an_admin_of_the_workspace_may_delete_what_the_bot_said(visit, control):
    control.change(people=[{**each, "admin": each["id"] == MAYA} for each in control.world["people"]])
    card = control.message("FAIL daily")
    control.message("mine", by=JONAS)
    page = (await visit()).page
    await page.locator(".message").last.hover()
    await expect(page.locator(".message").last.get_by_role("button", name="Delete message")).to_have_count(0)
    await page.locator(".message").first.hover()
    await page.get_by_role("button", name="Delete message").click()
    assert await control.until("/sim/delete") == [{"as": MAYA, "channel": DATA_OPS, "ts": card["ts"]}]


async def test_messages_are_grouped_under_days_and_authors(visit, control):
    control.message("one", by=JONAS)
    control.message("two", by=JONAS)
    control.message("three")
    page = (await visit()).page
    await expect(page.locator(".message")).to_have_count(3)
    assert await page.locator(".message .author").all_text_contents() == ["Jonas Weber", "flowbot"]
    assert await page.locator(".message .badge").all_text_contents() == ["APP"]
    await expect(page.locator(".day")).to_have_count(1)


async def test_acting_as_somebody_else_shows_what_they_see(visit, control):
    control.message("Only for Maya.", to=MAYA)
    page = (await visit()).page
    await expect(page.get_by_text("Only for Maya.")).to_be_visible()
    await page.get_by_role("button", name="Acting as Maya Chen").click()
    await expect(page.get_by_role("option", name="Maya Chen")).to_be_focused()
    await page.get_by_role("option", name="Priya Nair").click()
    await expect(page.get_by_role("button", name="Acting as Priya Nair, Not linked")).to_be_visible()
    await expect(page.get_by_text("Only for Maya.")).to_have_count(0)
    assert control.seen_as[-1] == PRIYA
    await page.get_by_role("combobox", name="Message #data-ops").fill("hello")
    await page.keyboard.press("Enter")
    assert (await control.until("/sim/say"))[0]["as"] == PRIYA
    await page.reload()
    await expect(page.get_by_role("button", name="Acting as Priya Nair, Not linked")).to_be_visible()


async def test_unread_channels_are_marked_until_they_are_opened(visit, control):
    control.world["channels"][1]["unread"] = 2
    page = (await visit()).page
    await expect(page).to_have_title("(2) #data-ops · flowbot demo")
    await page.get_by_role("button", name="general 2 unread").click()
    assert await control.until("/sim/read") == [{"as": MAYA, "channel": GENERAL}]


async def test_new_messages_are_announced_and_edits_are_not(visit, control):
    card = control.message("FAIL daily-energy-report")
    page = (await visit()).page
    await expect(page.get_by_text("FAIL daily-energy-report")).to_be_visible()
    await expect(page.locator("#announcer")).to_have_text("")
    control.message("*Bold* news &amp; more", by=JONAS)
    await expect(page.locator("#announcer")).to_have_text("Jonas Weber in data-ops: Bold news & more")
    control.edit(card, text="RECOVERED daily-energy-report")
    await expect(page.get_by_text("RECOVERED daily-energy-report")).to_be_visible()
    await expect(page.locator("#announcer")).to_have_text("Jonas Weber in data-ops: Bold news & more")


async def test_the_keyboard_stays_where_it_was_when_a_card_changes(visit, control):
    card = control.message("card", blocks=[section("open"), actions(button("Log", "1|p|log", 2))])
    page = (await visit()).page
    await page.get_by_role("button", name="Log").focus()
    control.edit(
        card,
        blocks=[
            section("acknowledged") | {"block_id": "b0"},
            actions(button("Log", "1|q|log", 2)) | {"block_id": "b1"},
        ],
    )
    await expect(page.get_by_text("acknowledged")).to_be_visible()
    await expect(page.get_by_role("button", name="Log")).to_be_focused()


async def test_a_file_is_a_card_with_its_first_lines(visit, control):
    control.files["F1"] = "\n".join(f"line {number} <b>" for number in range(30)) + "\n"
    control.message(
        "The log.", files=[{"id": "F1", "name": "transform.log", "title": "Log of transform", "size": 2048}]
    )
    page = (await visit()).page
    preview = page.get_by_label("Preview of transform.log")
    await expect(preview).to_contain_text("line 11 <b>")
    await expect(preview).not_to_contain_text("line 12")
    await expect(page.locator(".file-note")).to_have_text("transform.log · 2.0 KB")
    await page.get_by_role("button", name="Show all 30 lines").click()
    await expect(preview).to_contain_text("line 29")


async def test_a_picture_is_shown_with_its_words_and_opens_in_full(visit, control):
    control.files["F1"] = "<svg xmlns='http://www.w3.org/2000/svg' width='900' height='300'/>"
    named = {"id": "F1", "name": "3377.png", "title": "3377 daily", "size": 2048, "alt_txt": "3 tasks, 1 failed"}
    control.message("The graph.", files=[named])
    page = (await visit()).page
    picture = page.get_by_role("img", name="3 tasks, 1 failed")
    await expect(picture).to_have_attribute("src", f"/sim/page/file/F1?as={MAYA}")
    await expect(page.locator(".file-link")).to_have_attribute("target", "_blank")
    await expect(page.locator(".file-note")).to_have_text("3377.png · 2.0 KB")


async def test_reactions_partners_and_times_are_shown_for_the_person_acted_as(visit, control):
    control.world["people"].append(
        {**control.world["people"][1], "id": "U0OTHER", "name": "Dana Partner", "stranger": True}
    )
    control.base = 1_795_241_400  # 2026-11-21 06:10 UTC
    control.message(
        "<!date^1795241400^{date_num} {time}|fallback>",
        by="U0OTHER",
        reactions=[{"name": "eyes", "users": [MAYA], "count": 1}],
    )
    page = (await visit()).page
    await expect(page.locator(".content time")).to_have_text("2026-11-21 14:10")
    await expect(page.locator(".message .time")).to_have_text("14:10")
    await expect(page.locator(".reaction.own")).to_contain_text("1")
    await expect(page.locator(".badge")).to_have_text("Partner")


async def test_an_empty_channel_teaches(visit, control):
    page = (await visit()).page
    await expect(page.get_by_text("This is the very beginning of #data-ops")).to_be_visible()
    await page.get_by_role("button", name="/flow show 3377").click()
    await expect(page.get_by_role("combobox", name="Message #data-ops")).to_have_value("/flow show 3377")
    await page.locator(f'[data-channel="{DIRECT}"]').click()
    await expect(page.get_by_text("Ask flowbot anything about your flows")).to_be_visible()


async def test_flowbot_can_be_added_to_a_channel(visit, control):
    page = (await visit(hash=f"#c={GENERAL}")).page
    await page.get_by_role("button", name="Add flowbot").click()
    assert await control.until("/sim/join") == [{"as": BOT, "channel": GENERAL}]


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"archived": True}, "This channel is archived. Nobody can post here."),
        ({"read_only": True}, "Only admins can post here."),
    ],
)
async def test_where_one_cannot_post_the_box_says_why(visit, control, facts, sentence):
    control.world["channels"][0] |= facts
    page = (await visit()).page
    await expect(page.locator("#channel-composer .composer-refusal")).to_contain_text(sentence)
    await expect(page.get_by_role("combobox", name="Message #data-ops")).to_be_hidden()
