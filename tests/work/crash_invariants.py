"""The invariants of a crash world that has come to rest, whatever has died in it."""

import itertools
import json
import re
from collections import Counter

from crash_asks import Snoozed, all_snoozes, check_asks
from crash_channels import TOLD_THERE, check_channels
from crash_injection import in_transaction
from crash_platforms import MAYA
from reminder_invariants import Looks, check_reminders, steps_taken

from bot.core.flow.model import UserName
from bot.core.flow.run import RunState
from bot.core.incident.groups import Occasion, count_phases
from bot.core.outbox.blocks import rendered
from bot.core.outbox.lost_messages import LossOutcome
from bot.core.outbox.posts import Lane, PostId, PostKind, PostState
from bot.core.people.model import DONE, FREEING
from bot.messages.cards.incident import RenderContext, card
from bot.work.monitor.page_facts import TOLD_ONE_BY_ONE

LOST = {each.value for each in LossOutcome if each is not LossOutcome.REPOSTED}
_LOOK = RenderContext({UserName("maya.chen"): MAYA})
UNTOLD = {"take", "unsnooze", "assign", "handover", "accept", "decline", "withdraw"}  # their answers look alike
_TOKEN = re.compile(r"n\d+x|2026-11-21[T ]\d\d:\d\d|50\d\d")  # what tells an order from all others


async def check_invariants(world):
    """Check the promise."""
    store = world.process.store
    posts = await _posts(store)
    incidents = await store.incidents(live=False)
    stand = _newest(world.slack.messages)
    places = _places(world.slack)
    _stands_once(posts, world.slack.standing(), world.slack.gone.values(), {TOLD_THERE} if world.channels else set())
    _threads_in_order(posts, stand, places)
    lost = {post.new.id for post in posts if post.why in LOST or post.ts in world.slack.gone}
    ended = {each.id for each in incidents if each.ended_at is not None}  # a card that takes no edit may stay as it is
    lost |= {post.new.id for post in posts if post.ts in world.slack.fixed and post.new.incident in ended}
    _failures_told(incidents, world.expected)
    await _storms_shown(store, stand, lost)
    alone = [each for each in incidents if each.threads]
    found = await in_transaction(store, all_snoozes)
    snoozed = Snoozed(found)
    if world.channels:
        await check_channels(world.channels, posts, incidents, stand, lost, snoozed)
        looks = world.channels.looks(world.check_times, snoozed)
    else:
        _cards_shown(alone, stand, posts, lost, snoozed)
        looks = Looks(world.check_times, snoozed, snoozed.surely)
    check_reminders(posts, alone, looks)
    steps = await store.escalation_steps([each.id for each in alone])
    for each in alone:
        assert len(steps.get(each.id, ())) == steps_taken(posts, each), f"a step of {each.id} is lost or doubled"
    await check_asks(world, posts, incidents)
    await _nothing_left_open(store)
    _acted_once([key for key, _ in world.enos.acts])
    await _answered(world, posts)
    for entry in await store.audit_entries(world.clock.after(-1e6), world.clock.after(1)):
        acted = _acted(world.enos, entry.attempt, posts, [each.because for each in found])
        if acted is None:
            continue
        assert not (acted and entry.outcome.ending in FREEING), f"{entry} has acted, and says it has not"
        assert not (entry.outcome == DONE and not acted), f"{entry} has not acted, and says it has"


async def _posts(store):
    """Return every post of the outbox, in the order in which they were queued."""
    ids = await in_transaction(store, lambda db: [row[0] for row in db.execute("SELECT id FROM posts ORDER BY seq")])
    return [await store.post(PostId(id_)) for id_ in ids]


# ── posts ──


def _base(name):
    """Return the id of the post that a message was, however often that was lost and said again."""
    return name.partition("~")[0]


def _newest(messages):
    """The messages that are there, by post; of one posted again while the old one is still there, the newest."""
    return {_base(each.id): each for each in sorted(messages, key=lambda each: float(each.ts))}


def _places(slack):
    """Every ts at which a post is or was."""
    places = {}
    for each in (*slack.messages, *slack.gone.values()):
        places.setdefault(_base(each.id), set()).add(each.ts)
    return places


def _stands_once(posts, standing, gone, told_elsewhere):
    assert len(standing) == len(set(standing)), "something is posted twice"
    given_up = [post for post in posts if post.state is PostState.GIVEN_UP and post.new.kind is not PostKind.EDIT]
    withdrawn = [post for post in given_up if post.new.reminds_of and post.why.startswith("withdrawn")]
    lost = [post for post in given_up if post not in withdrawn and post.why not in told_elsewhere]
    assert {post.why for post in lost} <= {"too late: unclear", *LOST}, lost
    assert all(post.new.lane is not Lane.ALERT or post.why in LOST for post in lost), lost
    assert not {post.new.id for post in withdrawn} & set(standing), "something that is posted was withdrawn"
    messages = {post.new.id for post in posts if post.new.kind is PostKind.MESSAGE}
    stood = {_base(name) for name in standing}
    assert messages - {post.new.id for post in given_up} - {_base(each.id) for each in gone} <= stood <= messages


def _threads_in_order(posts, stand, places):
    threads = {}
    for post in posts:
        if post.new.kind is PostKind.MESSAGE and (stands := stand.get(post.new.id)):
            if post.new.thread_of is not None:
                assert stands.thread in {*places[post.new.thread_of], *_loose(posts, post)}
            threads.setdefault(stands.thread, []).append((post.new.due, float(stands.ts)))
    for thread, replies in threads.items():
        for (due, ts), (later_due, later_ts) in itertools.combinations(replies, 2):
            assert not thread or due > later_due or ts < later_ts, "a thread is out of order"


def _loose(posts, reply):
    """Return "" where a reply may stand in the channel: its thread's first message was not said again."""
    first = next(each for each in posts if each.new.id == reply.new.thread_of)
    return {""} if first.why in LOST else set()


# ── failures ──


def _failures_told(incidents, expected):
    told = [(each.instance, each.end_time) for incident in incidents for each in incident.occurrences]
    assert len(told) == len(set(told)), "a failure was told twice"
    assert expected <= set(told), "a failure that a poll was shown was not told"


async def _storms_shown(store, stand, lost):
    for storm in await store.incident_groups():
        if storm.occasion is Occasion.STORM and storm.post not in lost:
            now = count_phases(await store.grouped(storm.post))
            counts = f"{now.open} open, {now.acknowledged} acknowledged, {now.recovered} recovered"
            assert counts in stand[storm.post].headline, "an edit did not reach a storm's message"


def _cards_shown(incidents, stand, posts, lost, snoozed):
    for incident in incidents:
        if incident.home.post not in lost:
            first = stand[incident.home.post]
            shown = rendered(card(incident, "", _LOOK))
            assert _without_ids(first.body) == _without_ids(shown), "an edit did not reach it"
        ids = [post.new.id for post in posts if post.new.incident == incident.id and post.new.id != incident.home.post]
        replies = [stand[id_].headline for id_ in ids if id_ in stand]
        again = [text for text in replies if text.startswith("FAILED AGAIN · ")]
        at_once = Counter(each.seen_at for each in incident.occurrences if not snoozed(incident, each.seen_at))
        at_once[incident.opened_at] -= 1  # the card itself tells the first
        assert len(again) == sum(min(max(0, count), TOLD_ONE_BY_ONE) for count in at_once.values())


def _without_ids(body):
    return re.sub(r"1\|[^|\"]*\|", "1||", json.dumps(body, sort_keys=True))


# ── commands ──


async def _nothing_left_open(store):
    assert not await store.unfinished_attempts(), "an attempt has no end"
    assert not await store.unanswered(), "something that was said has no answer"
    runs = await store.runs(live=False)
    assert not [run for run in runs if run.state is RunState.ASKED], "a run whose answer was lost was never looked up"


def _acted_once(keys):
    assert None not in keys, "something acted that nobody had asked for just then"
    assert len(keys) == len(set(keys)), "a command acted twice"


async def _answered(world, posts):
    seen = [each.body for each in world.slack.messages] + world.slack.ephemeral_bodies
    dropped = [post.new.body for post in posts if post.state is PostState.GIVEN_UP]
    texts = [json.dumps(body) for body in (*seen, *dropped)]
    for said in world.said.values():
        if await in_transaction(world.process.store, lambda db, key=said.key: _arrived(db, key)):
            assert any(_names(said.text, text) for text in texts), f"{said} was never answered"


def _arrived(db, key):
    return db.execute("SELECT 1 FROM deliveries WHERE key = ?", [key]).fetchone() is not None


def _names(words, text):
    """Whether a message tells the outcome of a command: by its words, or by the run it started."""
    if words.split()[0] in UNTOLD:
        return True
    token = _TOKEN.search(words)[0]
    run = f"{words.split()[1]}-{re.sub('[^0-9]', '', token)}"
    return token in text or token.replace("T", " ") in text or (words.startswith("trigger") and run in text)


def _acted(enos, attempt, posts, reasons):
    """Whether a command took effect; None of one that nothing tells from all others."""
    if attempt.verb in {"ask", *UNTOLD}:
        return None
    token = _TOKEN.search(attempt.words)[0]
    if attempt.verb == "snooze":
        return any(token in each for each in reasons)
    told = {"ack": rf"> acknowledged \*.*{token}", "close": rf"> closed \*.*{token}"}.get(attempt.verb)
    if told:
        return any(re.search(told, json.dumps(post.new.body)) for post in posts)
    if attempt.verb == "trigger":
        digits = re.sub(r"\D", "", token)
        return any(id_.startswith(f"{attempt.words.split()[1]}-{digits}") for id_ in enos.rows)
    return enos.flows[int(token)].active == (attempt.verb == "enable")
