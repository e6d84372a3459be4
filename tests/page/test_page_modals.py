"""Modals: filling in, what is refused, what stays, and how they close."""

import pytest
from fake_control import MAYA, mrkdwn, option, plain
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def field(block: str, label: str, element: dict, **more):
    return {"type": "input", "block_id": block, "label": plain(label), "element": element | {"action_id": "a"}, **more}


def view(*blocks, hash="1", **more):  # noqa: A002  Slack's name
    submit = {"title": plain("Close the incident"), "submit": plain("Close it"), "close": plain("Keep it open")}
    return {
        "id": "V1",
        "type": "modal",
        "hash": hash,
        "blocks": list(blocks),
        "state": {"values": {}},
        **submit,
        **more,
    }


REASON = field("why", "Reason", {"type": "plain_text_input", "multiline": True}, hint=plain("Everyone reads it."))
WHEN = field(
    "when", "Remind me", {"type": "static_select", "options": [option("tomorrow", "1"), option("in a week", "2")]}
)
WHOM = field(
    "whom",
    "Tell",
    {"type": "checkboxes", "options": [option("the owners", "1"), option("on call", "2")]},
    optional=True,
)
HOW = field(
    "how", "How", {"type": "radio_buttons", "options": [option("quietly", "q"), option("aloud", "a")]}, optional=True
)
DAY = field("day", "Day", {"type": "datepicker", "initial_date": "2026-11-20"}, optional=True)
ONE = field("one", "Person", {"type": "users_select"}, optional=True)


async def test_what_is_entered_is_sent_as_slack_writes_it(visit, control):
    control.change(modal=view(REASON, WHEN, WHOM, HOW, DAY, ONE))
    page = (await visit()).page
    await expect(page.get_by_role("dialog", name="Close the incident")).to_be_visible()
    await expect(page.get_by_label("Reason")).to_be_focused()
    await page.get_by_label("Reason").fill("not needed any more")
    await page.get_by_label("Remind me").select_option("in a week")
    await page.get_by_label("the owners").check()
    await page.get_by_label("aloud").check()
    await page.get_by_label("Person (optional)").select_option("Jonas Weber")
    await page.get_by_role("button", name="Close it").click()
    (sent,) = await control.until("/sim/modal/submit")
    assert sent == {
        "as": MAYA,
        "view_id": "V1",
        "values": {
            "why": {"a": {"type": "plain_text_input", "value": "not needed any more"}},
            "when": {"a": {"type": "static_select", "selected_option": option("in a week", "2")}},
            "whom": {"a": {"type": "checkboxes", "selected_options": [option("the owners", "1")]}},
            "how": {"a": {"type": "radio_buttons", "selected_option": option("aloud", "a")}},
            "day": {"a": {"type": "datepicker", "selected_date": "2026-11-20"}},
            "one": {"a": {"type": "users_select", "selected_user": "U0JONAS0001"}},
        },
    }
    control.change(modal=None)
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_errors_stand_at_their_field_and_nothing_typed_is_lost(visit, control):
    control.change(modal=view(WHEN, REASON))
    page = (await visit()).page
    await page.get_by_label("Reason").fill("short")
    control.change(modal=view(WHEN, REASON), modal_errors={"why": "Say a little more."})
    reason = page.get_by_label("Reason")
    await expect(page.get_by_role("alert")).to_have_text("Say a little more.")
    await expect(reason).to_have_value("short")
    await expect(reason).to_be_focused()
    await expect(reason).to_have_attribute("aria-invalid", "true")
    await expect(reason).to_have_accessible_description("Everyone reads it. Say a little more.")


async def test_a_loading_view_becomes_the_real_one(visit, control):
    loading = view({"type": "section", "text": mrkdwn("Loading…")}, submit=None, close=plain("Close"))
    control.change(modal=loading)
    page = (await visit()).page
    await expect(page.get_by_text("Loading…")).to_be_visible()
    await expect(page.get_by_role("button", name="Close it")).to_have_count(0)
    control.change(modal=view(REASON, hash="2"))
    await page.get_by_label("Reason").fill("x" * 10)
    kept = {"why": {"a": {"type": "plain_text_input", "value": "older"}}}
    control.change(modal=view(REASON, hash="3", state={"values": kept}))
    await expect(page.get_by_label("Reason")).to_have_value("x" * 10)


async def test_trouble_is_shown_and_can_be_tried_again(visit, control):
    control.change(modal=view(REASON), trouble="We had some trouble connecting. Try again?")
    page = (await visit()).page
    await expect(page.get_by_role("alert")).to_have_text("We had some trouble connecting. Try again?")
    await expect(page.get_by_role("button", name="Close it")).to_be_enabled()


@pytest.mark.parametrize(("how", "cleared"), [("Keep it open", False), ("Close", True), ("Escape", True)])
async def test_cancel_closes_one_view_and_the_cross_all(visit, control, how, cleared):
    control.change(modal=view(REASON))
    page = (await visit()).page
    await expect(page.get_by_role("dialog")).to_be_visible()
    if how == "Escape":
        await page.keyboard.press("Escape")
    else:
        await page.get_by_role("button", name=how, exact=True).click()
    assert await control.until("/sim/modal/close") == [{"as": MAYA, "view_id": "V1", "cleared": cleared}]


async def test_a_button_in_a_modal_is_a_press_on_the_view(visit, control):
    press = {"type": "button", "text": plain("Search"), "action_id": "go", "value": "v"}
    control.change(modal=view({"type": "actions", "block_id": "act", "elements": [press]}))
    page = (await visit()).page
    await page.get_by_role("button", name="Search").click()
    assert await control.until("/sim/press") == [
        {"as": MAYA, "view_id": "V1", "block_id": "act", "action_id": "go", "value": "v"}
    ]
