"""Retry rules: who may set and end them, what they hold, and where that is said."""

from datetime import timedelta

import pytest

from bot.core.flow.model import FlowId, UserName

RULE = 'retry 3377 on "Connection reset"'


async def test_an_owner_sets_a_rule_that_replaces_the_one_before(world, maya):
    (told,) = await maya.says(RULE)
    assert told.place == "#data-ops"
    assert "<@U0MAYA00001> set a retry rule for `3377` *daily-energy-report*." in told.text
    await maya.says('retry 3377 on "timed out" after 10m')
    (rule,) = await world.store.retry_rules()
    assert (rule.flow_id, rule.text, rule.wait) == (FlowId(3377), "timed out", timedelta(minutes=10))
    assert (rule.by, rule.user_name, rule.at) == (maya.person, UserName("maya.chen"), world.now)
    assert [row[1:3] for row in await world.audited()] == [
        (RULE, "done"),
        ('retry 3377 on "timed out" after 10m', "done"),
    ]


async def test_in_an_incidents_thread_the_flow_may_be_left_out(world, maya):
    card = await world.breaks()
    (told,) = await maya.mentions('retry on "Connection reset"', thread=card.ts)
    assert told.place == "thread in #data-ops"
    assert [rule.flow_id for rule in await world.store.retry_rules()] == [3377]
    (told,) = await maya.mentions("retry", thread=card.ts)
    assert "`retry 3377 on" in told.text


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("jonas", "Only owners can change"),
        ("sam", "You're not linked to an EnOS user yet"),
        ("priya", "You're not linked to an EnOS user yet"),
        ("guest", "I answer guests only after they are linked"),
    ],
)
@pytest.mark.parametrize("words", [RULE, "retry 3377 off"])
async def test_nobody_else_may(world, who, says, words):
    (told,) = await world.actors[who].says(words)
    assert told.place == f"only {who} sees"
    assert says in told.text
    assert await world.store.retry_rules() == ()


async def test_who_set_a_rule_ends_it_even_where_the_flow_is_not_theirs_any_more(world, maya, jonas):
    await maya.says(RULE)
    world.enos.change(3377, owners=("alex.kim",))
    world.enos.hidden[3377] = {"u15432100000000011"}
    await jonas.says("retry 3377 off")
    assert len(await world.store.retry_rules()) == 1
    (told,) = await maya.says("retry 3377 off")
    assert "<@U0MAYA00001> ended the retry rule of `3377` *daily-energy-report*." in told.text
    assert await world.store.retry_rules() == ()


async def test_every_owner_ends_it(world, maya):
    await maya.says(RULE)
    world.enos.change(3377, owners=("maya.chen", "alex.kim"))
    await world.alex.says("retry 3377 off")
    assert await world.store.retry_rules() == ()


async def test_a_secret_in_the_text_is_masked(world, maya):
    (told,) = await maya.says('retry 3377 on "password=hunter2 refused"')
    (rule,) = await world.store.retry_rules()
    assert "hunter2" not in rule.text
    assert "hunter2" not in told.text
    assert all("hunter2" not in row[1] for row in await world.audited())


async def test_a_rule_is_not_set_where_the_link_changes_meanwhile(world, maya):
    class Enos(type(world.enos)):
        async def flow(self, flow, *, as_user=None):
            await world.store.remove_link(maya.person)
            return await super().flow(flow, as_user=as_user)

    world.enos.__class__ = Enos
    (told,) = await maya.says(RULE)
    assert "Your link to EnOS changed" in told.text
    assert await world.store.retry_rules() == ()


async def test_show_says_the_rule_and_who_set_it(world, maya, jonas):
    await maya.says(RULE)
    (told,) = await jonas.says("show 3377")
    assert "an error that contains `Connection reset` is retried once after 1 min. Set by `maya.chen`" in told.text


async def test_a_question_about_a_flow_that_nobody_shows_gives_nothing_away(world, maya):
    world.enos.hidden[3377] = {"u15432100000000012"}
    (told,) = await world.jonas.says("unretry 3377")
    assert "EnOS has no flow 3377" in told.text
