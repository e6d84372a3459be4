"""In which language a post is queued: that of the one person who reads it, else the channel's."""

from dataclasses import replace

import pytest
from store_makers import NOW, edit, message

from bot.core.outbox.blocks import Card
from bot.core.outbox.posts import PostKind
from bot.core.text import catalogue
from bot.core.text.language import ZH
from bot.core.text.message import msg
from bot.store.store import Store

CARD = Card(msg("It failed."), ())


class Chinese:
    def sentence(self, text, plural, number):
        return {"It failed.": "失败了。"}[text]


@pytest.fixture(autouse=True)
def _chinese(monkeypatch):
    monkeypatch.setattr(catalogue, "of", {ZH: Chinese()}.__getitem__)


def post(id_="p1", channel="C1", **more):
    return replace(message(id_, channel, **more), body=CARD)


async def text_of(store, id_="p1"):
    return (await store.post(id_)).body["text"]


async def test_what_one_person_reads_is_in_their_language(store):
    await store.set_language("UWEI", ZH)
    await store.queue([post("a", "UWEI"), post("b", kind=PostKind.EPHEMERAL, user="UWEI"), post("c", user="UWEI")])
    assert [await text_of(store, each) for each in "abc"] == ["失败了。", "失败了。", "It failed."]


async def test_a_person_may_change_their_language(store):
    await store.set_language("UWEI", ZH)
    await store.set_language("UWEI", "en")
    await store.queue([post(channel="UWEI")])
    assert await text_of(store) == "It failed."


async def test_whose_language_is_not_known_reads_the_channels(address):
    async with Store.open(address, language=ZH) as store:
        await store.set_language("UMAYA", "en")
        await store.queue([post("a"), post("b", "UNEW"), post("c", "UMAYA")])
        assert [await text_of(store, each) for each in "abc"] == ["失败了。", "失败了。", "It failed."]


async def test_an_edit_is_in_the_language_of_what_it_edits(store):
    await store.set_language("UWEI", ZH)
    await store.queue([post("a", "D1", user="UWEI"), post("b")])
    for each in "ab":
        await store.start_sending(each, NOW)
        await store.mark_sent(each, "D1" if each == "a" else "C1", "1.0", NOW)
    await store.queue([replace(edit(f"{each}2", each), body=CARD) for each in "ab"])
    assert [await text_of(store, each) for each in ("a2", "b2")] == ["失败了。", "It failed."]


async def test_a_language_survives_a_restart(address):
    async with Store.open(address) as store:
        await store.set_language("UWEI", ZH)
    async with Store.open(address) as store:
        await store.queue([post(channel="UWEI")])
        assert await text_of(store) == "失败了。"
