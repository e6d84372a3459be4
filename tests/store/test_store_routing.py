"""Watches and preferences: a change and what is said of it are written together, or not at all."""

from dataclasses import replace
from datetime import time

import pytest
from store_makers import NOW, attempt, edit, message

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, UserId, UserName
from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import PostKind
from bot.core.people.model import DONE, AttemptResult, Link, Person
from bot.core.routing.prefs import DEFAULTS, OFF, Prefs
from bot.core.routing.quiet import QuietHours
from bot.core.routing.watch import Filters, Watch
from bot.core.text import catalogue
from bot.core.text.language import ZH
from bot.core.text.message import msg

MAYA = Person("T1", "UMAYA")
LINK = Link(MAYA, UserId("u1"), UserName("maya.chen"), verified=True)
NIGHT = QuietHours(time(22), time(7), "Asia/Shanghai")
FULL = Filters(FlowId(3377), "maya.chen", "Meter-*", 3, NIGHT)


def watch(filters=FULL, channel="C1"):
    return Watch(0, channel, filters, MAYA, NOW, "daily-energy-report")


def said(watch):
    return [message(f"about {watch.id}")]


def nothing(_new):
    return []


async def add(store, filters=FULL, channel="C1", told=nothing, **more):
    return await store.add_watch(watch(filters, channel), told, **more)


async def test_a_watch_is_as_it_was_said(store):
    added, is_new = await add(store)
    assert is_new
    assert added == replace(watch(), id=added.id)
    plain, _ = await add(store, Filters())
    assert await store.watches("C1") == (added, plain)


async def test_each_channel_has_its_own_and_all_are_read_together(store):
    first, _ = await add(store)
    second, _ = await add(store, channel="UMAYA")
    assert await store.watches("UMAYA") == (second,)
    assert await store.watches() == (first, second)
    assert await store.watches("C2") == ()


async def test_the_same_again_changes_nothing_and_says_nothing(store):
    first, _ = await add(store)
    again, is_new = await add(store, replace(FULL, glob="METER-*"), told=said)
    assert (again, is_new) == (first, False)
    assert await store.post_counts() == {}
    assert (await add(store, replace(FULL, quiet=None)))[1]


async def test_a_number_is_never_given_to_another(store):
    first, _ = await add(store)
    assert await store.remove_watch(first, [])
    second, _ = await add(store)
    assert second.id > first.id


async def test_two_who_remove_one_say_it_once(store):
    first, _ = await add(store)
    assert await store.remove_watch(first, [message("removed")])
    assert not await store.remove_watch(first, [message("removed again")])
    assert await store.post_counts() == {"queued": 1}
    assert await store.watches() == ()


async def test_what_is_said_of_a_new_watch_names_it_and_ends_the_attempt(store):
    number = await store.begin_attempt(attempt())
    added, _ = await add(store, told=said, attempt_result=AttemptResult(number, DONE, NOW))
    assert await store.post(f"about {added.id}") is not None
    assert await store.unfinished_attempts() == ()


async def test_nothing_is_changed_by_somebody_whose_link_changed(store):
    number = await store.begin_attempt(attempt())
    ended = AttemptResult(number, DONE, NOW, linked=LINK)
    for change in (
        lambda: add(store, told=said, attempt_result=ended),
        lambda: store.remove_watch(watch(), [], attempt_result=ended),
        lambda: store.change_prefs("C1", lambda old: replace(old, mentions=False), said, attempt_result=ended),
    ):
        with pytest.raises(Refusal, match="Your link to EnOS changed"):
            await change()
    assert await store.watches() == ()
    assert await store.prefs("C1") == DEFAULTS


async def test_preferences_are_as_they_were_set(store):
    every = Prefs(False, True, "channel", ZH, "08:30", "Asia/Shanghai")
    new = await store.change_prefs("C1", lambda _old: every, lambda _new: [message("changed")])
    assert new == every == await store.prefs("C1")
    assert await store.post("changed") is not None
    await store.change_prefs("C1", lambda old: replace(old, digest=OFF, mentions=None), nothing)
    assert await store.prefs("C1") == replace(every, digest=OFF, mentions=None)
    assert await store.prefs("C2") == DEFAULTS


async def test_a_note_that_comes_with_preferences_is_made_of_what_it_held(store):
    for value in ("first", "second"):
        notes = {"digest C1": lambda old, value=value: f"{old} {value}"}
        await store.change_prefs("C1", lambda old: old, nothing, notes=notes)
    assert (await store.notes())["digest C1"] == " first second"


# ── the language of a channel ──


class Chinese:
    def sentence(self, text, plural, number):
        return {"It failed.": "失败了。"}[text]


@pytest.fixture
def _chinese(monkeypatch):
    monkeypatch.setattr(catalogue, "of", {ZH: Chinese()}.__getitem__)


def post(id_, channel="C1", **more):
    return replace(message(id_, channel, **more), body=Card(msg("It failed."), ()))


@pytest.mark.usefixtures("_chinese")
async def test_a_channel_reads_its_own_language_from_the_change_on(store):
    await store.set_language("UMAYA", "en")
    await store.queue([post("before")])
    await store.change_prefs("C1", lambda old: replace(old, language=ZH), lambda _new: [post("changed")])
    await store.queue([post("after"), post("elsewhere", "C2"), post("hers", "UMAYA"), post("new", "UNEW")])
    texts = {each: (await store.post(each)).body["text"] for each in ("before", "changed", "after")}
    assert texts == {"before": "It failed.", "changed": "失败了。", "after": "失败了。"}
    assert [(await store.post(each)).body["text"] for each in ("elsewhere", "hers", "new")] == ["It failed."] * 3


@pytest.mark.usefixtures("_chinese")
async def test_whose_language_is_not_known_reads_that_of_the_channel_they_are_in(store):
    await store.set_language("UMAYA", "en")
    await store.change_prefs("C1", lambda old: replace(old, language=ZH), nothing)
    await store.queue([post(each, kind=PostKind.EPHEMERAL, user=each) for each in ("UMAYA", "UNEW")])
    assert [(await store.post(each)).body["text"] for each in ("UMAYA", "UNEW")] == ["It failed.", "失败了。"]


@pytest.mark.usefixtures("_chinese")
async def test_an_edit_is_in_the_language_of_the_channel_it_is_in(store):
    await store.change_prefs("C1", lambda old: replace(old, language=ZH), nothing)
    await store.queue([post("a")])
    await store.start_sending("a", NOW)
    await store.mark_sent("a", "C1", "1.0", NOW)
    await store.queue([replace(edit("a2", "a"), body=post("x").body, channel="C9")])
    assert (await store.post("a2")).body["text"] == "失败了。"


async def test_a_preference_without_a_language_leaves_it_to_the_settings(store):
    await store.change_prefs("C1", lambda old: replace(old, mentions=False), nothing)
    await store.queue([post("a")])
    assert (await store.post("a")).body["text"] == "It failed."
    assert store.language == "en"
