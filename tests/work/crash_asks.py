"""What must hold at rest of offers, snoozes and digests, whatever has died meanwhile.

offer     asked once in each thread, or once in direct messages; it ends exactly once, and that is said once
command   that is asked for: asked once, run once by an owner, and told once
snooze    while it holds nobody is called; its end is said once, in each thread of a flow that still fails or elsewhere
digest    each failure is in exactly one digest of a channel
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from crash_injection import in_transaction

from bot.core.digest import A_DAY, LastDigest
from bot.core.incident import snoozes
from bot.core.incident.handover import OfferKind, OfferState
from bot.core.incident.lifecycle import is_live
from bot.core.incident.model import Snooze, SnoozeEnd
from bot.core.outbox.posts import PostKind, is_direct
from bot.core.people.model import FREEING
from bot.messages.incident_posts import HOLD
from bot.store import offer_rows
from bot.store import snoozes as snooze_rows

A_MOMENT = timedelta(seconds=2)  # a card may be told while a digest is written
OVER = r"^⏰ The snooze of .* is over\. "
_ENDS = {
    OfferState.ACCEPTED: r"^<@\w+> took over ",
    OfferState.DECLINED: r"> declined to take ",
    OfferState.WITHDRAWN: r"> no longer asks ",
    OfferState.EXPIRED: r"> did not answer within ",
}
_TOLD = {  # to who asked for a command
    OfferState.ACCEPTED: r"> ran this for you",
    OfferState.DECLINED: r"> declined to run this for you",
    OfferState.EXPIRED: r"^⏰ Nobody answered your request",
}
_COUNTED = re.compile(r"Since .*?: (\d+) failures? in")


def all_offers(db):
    """Each offer that there ever was, oldest first."""
    return [offer_rows.load(db, row[0]) for row in db.execute("SELECT id FROM offers ORDER BY rowid").fetchall()]


def all_snoozes(db):
    """Each snooze that there ever was."""
    return list(snooze_rows.of_ids(db, [row[0] for row in db.execute("SELECT id FROM snoozes").fetchall()]).values())


@dataclass(frozen=True)
class Stay:
    """When a snooze held."""

    snooze: Snooze
    begins: datetime
    ends: datetime

    @classmethod
    def of(cls, snooze):
        by_time = snooze.end in {None, SnoozeEnd.TIME}
        return cls(snooze, snooze.at, snooze.until if by_time else min(snooze.ended_at, snooze.until))

    def concerns(self, incident):
        return self.snooze.flow_id in {None, incident.flow_id}


class Snoozed:
    """When which incident was snoozed."""

    def __init__(self, found):
        self.stays = [Stay.of(each) for each in found]

    def __call__(self, incident, at):
        """Whether it was, also in the second in which that began."""
        return any(each.begins <= at < each.ends for each in self.stays if each.concerns(incident))

    def surely(self, incident, at):
        """Whether it was, since an earlier second."""
        return any(each.begins < at < each.ends for each in self.stays if each.concerns(incident))


async def check_asks(world, posts, incidents):
    """Check the promise of offers, snoozes and digests."""
    store, look = world.process.store, world.check_times[-1]
    offers = await in_transaction(store, all_offers)
    attempts = await store.audit_entries(world.clock.after(-1e6), world.clock.after(1))
    for offer in offers:
        if offer.is_command:
            _command(offer, posts, attempts, look)
        else:
            _offer(offer, posts, incidents, look)
    for incident in incidents:
        asked = incident.ask and next(each for each in offers if each.id == incident.ask.offer)
        assert asked is None or (asked.state is OfferState.OPEN and incident.id in asked.incidents)
    found = await in_transaction(store, all_snoozes)
    scopes = Counter(each.flow_id for each in found if each.end is None)
    assert max(scopes.values(), default=1) == 1, f"two snoozes of one flow: {scopes}"
    for snooze in found:
        _snooze(snooze, found, posts, incidents, look)
    for incident in filter(is_live, incidents):
        holds = snoozes.snooze_of(incident.flow_id, world.clock(), found)
        late = snoozes.snooze_of(incident.flow_id, look, found)
        assert incident.snooze in {holds, late}, f"{incident.id} shows {incident.snooze} instead of {holds}"
    _digests(posts, incidents, await store.notes(), world.channels.ever_archived if world.channels else ())


def _text(post):
    first = next(iter(post.new.body.get("blocks", ())), {})
    return first["text"]["text"] if first.get("type") == "section" else ""


# ── offers ──


def _offer(offer, posts, incidents, look):
    mine = [each for each in incidents if each.id in offer.incidents]
    questions = [post.new for post in posts if f'|accept {offer.id}"' in json.dumps(post.new.body)]
    in_threads = Counter(each.channel for each in questions if each.thread_of is not None)
    directly = Counter(each.channel for each in questions if each.thread_of is None)
    assert max([*in_threads.values(), *directly.values()], default=0) == 1, f"asked twice: {offer}"
    assert bool(in_threads) == (offer.kind is OfferKind.ASSIGN)
    assert directly.keys() == {offer.to.user} or (offer.kind is OfferKind.ASSIGN and not directly)
    assert all(each.due == offer.asked_at for each in questions)
    assert (offer.state is OfferState.OPEN) == (offer.ended_at is None)
    assert offer.state is not OfferState.OPEN or look < offer.until, f"it never expired: {offer}"
    if offer.state in {OfferState.OPEN, OfferState.OVER}:
        return
    ends = [post.new for post in posts if post.new.due == offer.ended_at and _is_end(post, offer, mine)]
    told = Counter((each.incident, each.channel) for each in ends)
    assert max(told.values(), default=1) == 1, f"its end is said twice: {offer}"
    assert told, f"its end is not said: {offer}"


def _command(offer, posts, attempts, look):
    places = [post.new.channel for post in posts if post.new.id in offer.copies]
    assert places == list(offer.places), f"not asked: {offer}"
    questions = {post.new.id for post in posts if f'|accept {offer.id}"' in json.dumps(post.new.body)}
    assert questions <= {*offer.copies}, f"asked twice: {offer}"
    assert (offer.state is OfferState.OPEN) == (offer.ended_at is None), f"nobody says what came of it: {offer}"
    assert offer.state is not OfferState.OPEN or look < offer.until, f"it never expired: {offer}"
    runs = [each for each in attempts if each.attempt.asker == offer.by and each.attempt.words == offer.command]
    acted = [each.id for each in runs if each.outcome.ending not in FREEING]
    assert acted == ([offer.attempt] if offer.state is OfferState.ACCEPTED else []), (
        f"run twice, or not at all: {offer}"
    )
    told = [post for post in posts if post.new.channel == offer.by.user and _tells(post, offer)]
    assert len(told) == (offer.state in _TOLD), f"its end is said {len(told)} times: {offer}"
    edits = [post.new.target for post in posts if post.new.kind is PostKind.EDIT and post.new.target in offer.copies]
    assert edits == ([] if offer.state is OfferState.OPEN else list(offer.copies)), f"shown as open: {offer}"


def _tells(post, offer):
    is_about = post.new.due == offer.ended_at and offer.command in _text(post)
    return is_about and re.search(_TOLD.get(offer.state, "^$"), _text(post))


def _is_end(post, offer, mine):
    """Whether a post says how an offer ended: in the threads of its incident, or to who asked and has to know."""
    if offer.kind is OfferKind.HANDOVER:
        other = offer.to if offer.state is OfferState.WITHDRAWN else offer.by
        is_alone = not post.new.incident and post.new.thread_of is None and post.new.kind is PostKind.MESSAGE
        return is_alone and post.new.channel == other.user
    in_thread = post.new.incident in {each.id for each in mine} and post.new.thread_of is not None
    return in_thread and re.search(_ENDS[offer.state], _text(post))


# ── snoozes ──


def _snooze(snooze, found, posts, incidents, look):
    assert snooze.end is not None or look < snooze.until, f"it never ended: {snooze}"
    elsewhere = [post for post in posts if post.new.id == f"{snooze.id}-over"]
    if snooze.flow_id is None:
        assert len(elsewhere) == (snooze.end in {SnoozeEnd.TIME, SnoozeEnd.PERSON}), f"{elsewhere} of {snooze}"
        return
    assert len(elsewhere) <= (snooze.end is SnoozeEnd.TIME), f"{elsewhere} of {snooze}"
    if snooze.end is not SnoozeEnd.TIME:
        return
    others = [Stay.of(each) for each in found if each.id != snooze.id and each.flow_id in {None, snooze.flow_id}]
    is_held = any(each.begins <= snooze.ended_at < each.ends for each in others)
    live = [each for each in incidents if each.flow_id == snooze.flow_id and _was_live(each, snooze.ended_at)]
    said = [each for each in live if _wakes(each, posts, snooze.ended_at)]
    assert not (elsewhere and said), f"its end is said twice: {snooze}"
    assert said or elsewhere or is_held or any(each.ended_at for each in live), f"its end is not said: {snooze}"


def _was_live(incident, at):
    return incident.opened_at <= at and (incident.ended_at is None or at <= incident.ended_at)


def _wakes(incident, posts, since):
    """The time at which its threads say that a snooze is over, from then on: once in each."""
    mine = [post.new for post in posts if post.new.incident == incident.id and re.search(OVER, _text(post))]
    twice = Counter((each.thread_of, each.due) for each in mine)
    assert max(twice.values(), default=1) == 1, f"it is said twice that a snooze of {incident.id} is over"
    return [each.due for each in mine if since <= each.due - HOLD]


# ── digests ──


def _digests(posts, incidents, notes, ever_archived):
    for channel in [name.removeprefix("digest ") for name in notes if name.startswith("digest ")]:
        last = LastDigest.read(notes[f"digest {channel}"])
        sent = [post.new for post in posts if post.new.id.startswith(f"digest-{channel}-")]
        assert len({each.due for each in sent}) == len(sent), f"two digests of {channel} at once"
        if last.until is None:
            assert not sent
            continue
        counted = sum(int(found[1]) for each in sent if (found := _COUNTED.search(json.dumps(each.body))))
        here = [each for each in incidents if each.card_in(channel) is not None]
        dues = sorted(each.due for each in sent)
        least = sum(_in_a_digest(each, channel, dues, -A_MOMENT) for each in here)
        most = sum(_in_a_digest(each, channel, dues, A_MOMENT) for each in here)
        if not ever_archived and not is_direct(channel):
            assert least <= counted <= most, f"{counted} failures in the digests of {channel}, of {least}"


def _in_a_digest(incident, channel, dues, latest):
    """How many failures the digests tell: each the first one after it, where the card was in the channel by then."""
    told_at, told = incident.card_in(channel).told_at, 0
    for at in [each.seen_at for each in incident.occurrences]:
        due = next((each for each in dues if at < each), None)
        is_of_first = latest > timedelta() or at >= dues[0] - A_DAY
        told += due is not None and is_of_first and told_at <= due + latest
    return told
