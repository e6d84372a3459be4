"""Words and presses on a card that was lost, and the link to the new one."""

import pytest
from answer_world import OPS
from crash_injection import in_transaction

from bot.core.incident.model import Phase
from bot.core.outbox.conversations import SlackUnclear
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind


async def loses(world, message, *, delivered=True):
    """Slack refuses to edit the card, so it is posted again. Returns the new one."""
    incident = await world.incident()
    edit = NewPost(
        PostId(world.new_id()), PostKind.EDIT, Lane.ALERT, OPS, dict(message.body), world.now, target=incident.home.post
    )
    await world.store.queue([edit])
    await world.store.start_sending(edit.id, world.now)
    await world.store.mark_lost(edit.id, message.channel, message.ts, world.now, still_visible=True)
    if not delivered:
        return None
    (new,) = await world.delivered()
    return new


async def test_a_press_on_the_old_card_is_answered_with_the_state_and_the_way_to_the_new_one(world, maya):
    old = await world.breaks()
    new = await loses(world, old)
    (seen,) = await maya.presses(old, "Acknowledge")
    assert seen.place == "only maya sees"
    assert f"Press in the <https://slack.test/{OPS}/{new.ts}|new message> instead." in seen.text
    assert "Nothing was changed." in seen.text
    assert "Now: FAILED · daily-energy-report" in seen.text
    assert (await world.incident()).phase is Phase.OPEN
    seen = await maya.presses(new, "Acknowledge")
    assert (await world.incident()).phase is Phase.ACKNOWLEDGED
    assert {each.place for each in seen} <= {"thread in #data-ops", "#data-ops"}


async def test_a_question_pressed_on_the_old_card_is_answered(world, maya):
    old = await world.breaks()
    await loses(world, old)
    seen = await maya.carries(old, old.buttons["Acknowledge"].replace("ack 3377", "show 3377"))
    assert "daily-energy-report" in seen[0].text
    assert "replaced" not in seen[0].text


@pytest.mark.parametrize("trouble", [None, SlackUnclear()])
async def test_while_the_new_card_is_not_posted_nothing_links_to_it(world, maya, trouble):
    old = await world.breaks()
    await loses(world, old, delivered=trouble is not None)
    if trouble:
        world.slack.broken["permalink"] = trouble
    where = [each for each in await maya.presses(old, "Acknowledge") if each.place == "only maya sees"]
    assert "|" not in where[0].text.partition("Now:")[0]
    assert "out of date" in where[0].text


async def test_words_in_the_old_thread_act_and_are_answered_there(world, maya):
    old = await world.breaks()
    new = await loses(world, old)
    seen = await maya.mentions("ack", thread=old.ts)
    assert (await world.incident()).phase is Phase.ACKNOWLEDGED
    (pointer,) = [each for each in seen if each.place == "only maya sees"]
    assert f"The change is in the <https://slack.test/{OPS}/{new.ts}|incident thread>." in pointer.text
    (reply,) = [each for each in seen if "> acknowledged" in each.text]
    assert reply.thread == new.ts


async def test_an_answer_does_not_name_a_thread_that_is_not_posted_yet(world, maya):
    old = await world.breaks()
    await loses(world, old, delivered=False)
    seen = await maya.says("ack 3377")
    (pointer,) = [each for each in seen if each.place == "only maya sees"]
    assert (
        "The incident has no message in Slack yet. The change will be in its thread in <#C0DATAOPS1>." in pointer.text
    )
    assert "The change is in" not in pointer.text


async def test_where_there_is_no_thread_any_more_the_channel_is_named(world, maya):
    await world.breaks()
    incident = await world.incident()
    await in_transaction(
        world.store,
        lambda db: db.execute("UPDATE posts SET state = 'given up', ts = '' WHERE id = ?", [incident.home.post]),
    )
    seen = await maya.says("ack 3377")
    (pointer,) = [each for each in seen if each.place == "only maya sees"]
    assert "so the change is in <#C0DATAOPS1>." in pointer.text
    assert [each.place for each in seen if "> acknowledged" in each.text] == ["#data-ops"]


async def test_incidents_links_to_the_new_card(world, maya):
    old = await world.breaks()
    new = await loses(world, old)
    (seen,) = await maya.says("incidents")
    assert new.ts in seen.text
    assert old.ts not in seen.text


async def test_an_answer_in_the_channel_is_not_said_to_be_in_a_thread(world, maya):
    old = await world.breaks()
    incident = await world.incident()
    await loses(world, old)
    await in_transaction(
        world.store,
        lambda db: db.execute("UPDATE posts SET state = 'given up', ts = '' WHERE id = ?", [incident.home.post]),
    )
    seen = await maya.mentions("trigger 3377", thread=old.ts)
    (pointer,) = [each for each in seen if each.place == "only maya sees"]
    assert "so I answered in <#C0DATAOPS1>." in pointer.text
    assert "#data-ops" in [each.place for each in seen]


async def test_an_answer_in_the_new_thread_is_pointed_to_from_the_old_one(world, maya):
    old = await world.breaks()
    new = await loses(world, old)
    seen = await maya.mentions("trigger 3377", thread=old.ts)
    (pointer,) = [each for each in seen if each.place == "only maya sees"]
    assert "in the thread of the incident" in pointer.text
    assert new.ts in [each.thread for each in seen]
