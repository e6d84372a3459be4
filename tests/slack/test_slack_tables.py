"""Messages with a table: how they are sent, and what Slack's refusals of them mean."""

import pytest
from fake_slack import Fault, refusal

from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card, rendered
from bot.core.outbox.conversations import SlackRefused, SlackRefusedTable

BODY = rendered(
    Card(
        "Two flows",
        [blocks.section("Two flows"), blocks.table(["Flow", "Runs"], [["north", "1"], ["south", "2"]])],
        fallback=[blocks.section("north 1, south 2")],
    )
)


def kinds(sent):
    return [each["type"] for each in sent.get("blocks", ())]


async def test_a_body_with_a_table_is_sent_with_it_and_without_its_other_form(poster, slack):
    await poster.post("C1", BODY, id="p1")
    (sent,) = slack.called("chat.postMessage")
    assert kinds(sent) == ["section", "table"]
    assert "fallback" not in sent


@pytest.mark.parametrize("word", ["invalid_blocks", "invalid_attachments", "unsupported_block"])
async def test_a_refusal_of_the_blocks_is_one_of_the_table_and_nothing_else_is_sent(poster, slack, word):
    slack.fail("chat.postMessage", refusal(word, errors=["unsupported type: table"]))
    with pytest.raises(SlackRefusedTable) as refused:
        await poster.post("C1", BODY, id="p1")
    assert (refused.value.error, refused.value.detail) == (word, "unsupported type: table")
    assert len(slack.called("chat.postMessage")) == 1


async def test_another_refusal_is_not_about_the_table(poster, slack):
    slack.fail("chat.postMessage", refusal("is_archived"))
    with pytest.raises(SlackRefused) as refused:
        await poster.post("C1", BODY, id="p1")
    assert not isinstance(refused.value, SlackRefusedTable)


async def test_a_table_beyond_slacks_limits_is_not_sent_at_all(poster, slack):
    large = {**BODY, "blocks": [{"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101}]}
    await poster.post("C1", large, id="p1")
    await poster.post_ephemeral("C1", "U1", large, response_url=slack.response_url)
    for sent in (*slack.called("chat.postMessage"), *slack.called("response_url")):
        assert kinds(sent) == ["section"]


async def test_a_private_answer_with_a_table_is_refused_in_the_same_way(poster, slack):
    await poster.post_ephemeral("C1", "U1", BODY, response_url=slack.response_url)
    slack.fail("response_url", Fault(json={"ok": False, "error": "invalid_blocks"}))
    with pytest.raises(SlackRefusedTable):
        await poster.post_ephemeral("C1", "U1", BODY, response_url=slack.response_url)
    assert [kinds(sent) for sent in slack.called("response_url")] == [["section", "table"]] * 2


async def test_a_dead_response_url_says_nothing_about_tables(poster, slack):
    slack.fail("response_url", *[Fault(status=404, text="expired_url")] * 2)
    await poster.post_ephemeral("C1", "U1", BODY, response_url=slack.response_url)
    assert len(slack.called("chat.postEphemeral")) == 1
