"""What must hold in a town that has come to rest, whatever has died in it."""

import itertools
import json
import re
from collections import Counter

from mortal_places import MAYA
from mortal_reminders import reminded

from bot.core.audit import frees
from bot.core.cards.incident import Look, card
from bot.core.flows import UserName
from bot.core.pages import TOLD_ONE_BY_ONE
from bot.core.posts import Kind, Lane, PostId, State
from bot.core.storms import Occasion, numbers

_LOOK = Look({UserName("maya.chen"): MAYA})
_TOKEN = re.compile(r"n\d+x|2026-11-21[T ]\d\d:\d\d|50\d\d")  # what tells an order from all others


async def held(town):
    """Check the promise."""
    store = town.process.store
    posts = await _posts(store)
    incidents = await store.incidents(live=False)
    stand = {each.id: each for each in town.slack.messages}
    _stands_once(posts, town.slack.standing())
    _threads_in_order(posts, stand)
    _failures_told(incidents, town.expected)
    await _storms_shown(store, stand)
    alone = [each for each in incidents if not each.gathered]
    _cards_shown(alone, stand)
    reminded(posts, alone, town.looks)
    await _nothing_left_open(store)
    _acted_once([key for key, _ in town.enos.acts])
    await _answered(town, posts)
    for entry in await store.audit(town.clock.after(-1e6), town.clock.after(1)):
        acted = _acted(town.enos, entry.attempt, posts)
        assert not (acted and frees(entry.outcome)), f"{entry} has acted, and says it has not"
        assert not (entry.outcome == "done" and not acted), f"{entry} has not acted, and says it has"


async def _posts(store):
    """Return every post of the outbox, in the order in which they were queued."""
    ids = await store._read(lambda db: [row[0] for row in db.execute("SELECT id FROM posts ORDER BY seq")])
    return [await store.post(PostId(id_)) for id_ in ids]


# ── posts ──


def _stands_once(posts, standing):
    assert len(standing) == len(set(standing)), "something stands twice"
    given_up = [post for post in posts if post.state is State.GIVEN_UP and post.new.kind is not Kind.EDIT]
    withdrawn = [post for post in given_up if post.new.reminds_of and post.why.startswith("withdrawn")]
    lost = [post for post in given_up if post not in withdrawn]
    assert {post.why for post in lost} <= {"too late: unclear"}, lost
    assert all(post.new.lane is not Lane.ALERT for post in lost), lost
    assert not {post.new.id for post in withdrawn} & set(standing), "something that stands was withdrawn"
    messages = {post.new.id for post in posts if post.new.kind is Kind.MESSAGE}
    assert messages - {post.new.id for post in given_up} <= set(standing) <= messages


def _threads_in_order(posts, stand):
    threads = {}
    for post in posts:
        if post.new.kind is Kind.MESSAGE and (stands := stand.get(post.new.id)):
            if post.new.thread_of is not None:
                assert stands.thread == stand[post.new.thread_of].ts
            threads.setdefault(stands.thread, []).append((post.new.due, float(stands.ts)))
    for thread, replies in threads.items():
        for (due, ts), (later_due, later_ts) in itertools.combinations(replies, 2):
            assert not thread or due > later_due or ts < later_ts, "a thread is out of order"


# ── failures ──


def _failures_told(incidents, expected):
    told = [(each.instance, each.end_time) for incident in incidents for each in incident.occurrences]
    assert len(told) == len(set(told)), "a failure was told twice"
    assert expected <= set(told), "a failure that a poll was shown was not told"


async def _storms_shown(store, stand):
    for storm in await store.gatherings():
        if storm.occasion is Occasion.STORM:
            now = numbers(await store.gathered(storm.post))
            counts = f"{now.open} open, {now.acknowledged} acknowledged, {now.recovered} recovered"
            assert counts in stand[storm.post].text, "an edit did not reach a storm's message"


def _cards_shown(incidents, stand):
    for incident in incidents:
        first = stand[incident.post]
        assert _without_ids(first.body) == _without_ids(card(incident, "", _LOOK)), "an edit did not reach it"
        replies = [each.text for each in stand.values() if each.thread == first.ts]
        again = [text for text in replies if text.startswith(("FAIL ", "TIMEOUT "))]
        at_once = Counter(each.seen_at for each in incident.occurrences)
        at_once[incident.opened_at] -= 1  # the card itself tells the first
        assert len(again) == sum(min(count, TOLD_ONE_BY_ONE) for count in at_once.values())


def _without_ids(body):
    return re.sub(r"1\|[^|\"]*\|", "1||", json.dumps(body, sort_keys=True))


# ── commands ──


async def _nothing_left_open(store):
    assert not await store.unended(), "an attempt has no end"
    assert not await store.unanswered(), "something that was said has no answer"
    runs = await store.runs(live=False)
    assert not [run for run in runs if run.state == "asked"], "a run whose answer was lost was never looked up"


def _acted_once(keys):
    assert None not in keys, "something acted that nobody had asked for just then"
    assert len(keys) == len(set(keys)), "a command acted twice"


async def _answered(town, posts):
    seen = [each.body for each in town.slack.messages] + town.slack.whispered
    dropped = [post.new.body for post in posts if post.state is State.GIVEN_UP]
    texts = [json.dumps(body) for body in (*seen, *dropped)]
    for said in town.said.values():
        if await town.process.store._read(lambda db, key=said.key: _arrived(db, key)):
            assert any(_names(said.text, text) for text in texts), f"{said} was never answered"


def _arrived(db, key):
    return db.execute("SELECT 1 FROM deliveries WHERE key = ?", [key]).fetchone() is not None


def _names(words, text):
    """Whether a message tells the outcome of a command: by its words, or by the run it started."""
    token = _TOKEN.search(words)[0]
    run = f"{words.split()[1]}-{re.sub('[^0-9]', '', token)}"
    return token in text or token.replace("T", " ") in text or (words.startswith("trigger") and run in text)


def _acted(enos, attempt, posts):
    """Whether a command took effect."""
    token = _TOKEN.search(attempt.words)[0]
    told = {"ack": f"has acknowledged.*{token}", "close": f"closed.*{token}"}.get(attempt.verb)
    if told:
        return any(re.search(told, post.new.body.get("text", "")) for post in posts)
    if attempt.verb == "trigger":
        digits = re.sub(r"\D", "", token)
        return any(id_.startswith(f"{attempt.words.split()[1]}-{digits}") for id_ in enos.rows)
    return enos.flows[int(token)].active == (attempt.verb == "enable")
