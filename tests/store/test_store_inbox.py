"""The inbox: what was said is known until it is answered, or the audit knows of it."""

from contextlib import closing
from dataclasses import replace
from sqlite3 import connect

from store_makers import MAYA, NOW, attempt, later, message

from bot.core.people.model import IncomingMessage, Origin, Surface
from bot.store.store import Store

WORDS = IncomingMessage(
    key="Ev1",
    text="trigger 3377 with password=hunter2",
    by=MAYA,
    origin=Origin(Surface.BUTTON, "C1", "1.1", "1.2", "https://hooks.slack.com/commands/T/1/secret"),
    at=NOW,
    post="p7",
    hint="talk",
)


async def test_what_was_said_comes_back_whole_oldest_first_also_after_a_restart(address):
    async with Store.open(address) as store:
        newer = replace(WORDS, key="Ev0", at=later(seconds=5))
        assert await store.record_delivery(newer.key, newer.at, newer)
        assert await store.record_delivery(WORDS.key, WORDS.at, WORDS)
    async with Store.open(address) as store:
        assert await store.unanswered() == (WORDS, newer)
        assert not await store.record_delivery(WORDS.key, NOW, WORDS)


async def test_words_that_a_former_version_wrote_have_no_hint(path):
    async with Store.open(path) as store:
        await store.record_delivery(WORDS.key, WORDS.at, WORDS)
    with closing(connect(path)) as db, db:
        db.execute("UPDATE deliveries SET said = json_remove(said, '$.hint')")
    async with Store.open(path) as store:
        assert await store.unanswered() == (replace(WORDS, hint=""),)


async def test_an_answer_forgets_the_words_and_remembers_the_delivery(store, path):
    await store.record_delivery(WORDS.key, NOW, WORDS)
    await store.queue([message("answer")], delivery=WORDS.key)
    assert await store.unanswered() == ()
    assert not await store.record_delivery(WORDS.key, NOW, WORDS)


async def test_an_attempt_stands_for_its_delivery_and_one_that_is_not_written_does_not(store):
    await store.record_delivery(WORDS.key, NOW, WORDS)
    await store.begin_attempt(attempt("other"))
    assert await store.begin_attempt(attempt("other"), delivery=WORDS.key) is None
    assert await store.unanswered() == (WORDS,)
    await store.begin_attempt(attempt("k"), delivery=WORDS.key)
    assert await store.unanswered() == ()


async def test_a_delivery_without_words_is_only_remembered(store):
    await store.record_delivery("Ev9", NOW)
    assert await store.unanswered() == ()
