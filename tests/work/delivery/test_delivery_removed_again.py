"""A message that is removed again and again, or takes no edit: bounded, and told once."""

from datetime import timedelta

from delivery_fakes import SlackRefused, edit, message


async def removed_again_and_again(world, times, minutes=0, *, first=0):
    for number in range(first, first + times):
        world.slack.person_deletes(await world.ts_of())
        world.clock.now += timedelta(minutes=minutes)
        await world.queue(edit(f"e{number}", "card", f"state {number}", due=world.clock()))
        await world.pass_time(5)


async def test_a_card_that_is_removed_again_and_again_is_bounded_and_told_once(world):
    world.delivery = world.new_delivery(admins=["U0ALEX00001"])
    await world.stands()
    await removed_again_and_again(world, 3)
    assert world.slack.texts() == ["state 2"]
    await removed_again_and_again(world, 3, first=3)
    assert world.slack.texts() == []
    (told,) = world.slack.texts(channel="D0ALEX00001")
    assert "<#C1>" in told
    assert [(alarm.name, alarm.over) for alarm in world.alarms] == [("lost messages", False)]
    await world.queue(message("second", thread_of="card", due=world.clock()))
    await world.pass_time(5)
    assert world.slack.texts() == ["second"]  # what is new is told all the same
    await world.queue(message("other"))
    await world.pass_time(3)
    await world.queue(edit("oe", "other", due=world.clock()))
    await world.pass_time(3)
    assert world.alarms[-1].over
    world.clock.now += timedelta(hours=1)
    await world.queue(edit("later", "card", "an hour later", due=world.clock()))
    await world.pass_time(3)
    assert "an hour later" in world.slack.texts()


async def test_where_no_message_takes_an_edit_the_last_card_keeps_its_thread(world):
    """Whatever setting it is: bounded, and nothing more stands loose in the channel than the cards."""
    await world.stands()

    async def closed(_channel, _ts, _body, *, id):
        raise SlackRefused("edit_window_closed")

    world.slack.edit = closed
    for number in range(6):
        now = world.clock()
        await world.queue(
            edit(f"e{number}", "card", f"state {number}", due=now), message(f"r{number}", thread_of="card", due=now)
        )
        await world.pass_time(6)
    assert world.slack.texts() == ["card", "state 0", "state 1", "state 2"]
    assert world.slack.texts(thread=await world.ts_of())[-3:] == ["r3", "r4", "r5"]
    assert world.alarms[-1].name == "lost messages"


async def test_a_card_that_is_removed_now_and_then_is_bounded_too(world):
    await world.stands()
    await removed_again_and_again(world, 10, minutes=40)
    assert world.slack.texts() == ["state 9"]
    await removed_again_and_again(world, 2, minutes=40, first=10)
    assert world.slack.texts() == []


async def test_a_channel_that_deletes_every_message_at_once_ends(world):
    """A reply that finds the card gone, each time: nothing goes round in circles."""
    await world.stands()

    async def gone(channel, body, **more):
        place, ts = await posted(channel, body, **more)
        if channel == "C1" and not more.get("thread"):
            world.slack.person_deletes(ts)
        return place, ts

    posted, world.slack.post = world.slack.post, gone
    world.slack.person_deletes(await world.ts_of())
    await world.queue(message("second", thread_of="card", due=world.clock()))
    await world.pass_time(120)
    assert world.slack.calls.count("post C1") <= 10
    assert await world.state("second") == "sent"
    assert (await world.store.to_look_up(world.clock()))[0] == ()
