"""Cards whose channel refuses all posts: their first message goes elsewhere, or another card tells it there."""

from sqlite3 import Row
from typing import TYPE_CHECKING

from bot.core.outbox.posts import PostId
from bot.store.database import Database

if TYPE_CHECKING:
    from bot.store.incident_cache import IncidentCache

TOLD_THERE = "another card of its incident tells it there"

_MOVE = """
    UPDATE {} SET channel = :channel
    WHERE post = :post AND EXISTS (SELECT 1 FROM posts WHERE id = :post AND state = 'queued' AND channel = :channel)
"""
_NO_OTHER = """
    AND NOT EXISTS (
      SELECT 1 FROM cards other WHERE other.incident = cards.incident AND other.channel = :channel)
"""
_SPARED = """
    SELECT c.incident, c.place FROM cards c JOIN posts p ON p.id = c.post
    WHERE c.post = ? AND c.gathered = 0 AND p.state = 'given up' AND p.why = ?
"""


def has_other_card(db: Database, row: Row, channel: str) -> bool:
    """Whether the incident that a post belongs to has a card of its own in another channel."""
    other = "SELECT 1 FROM cards WHERE incident = ? AND channel = ? AND post NOT IN (?, coalesce(?, ''))"
    return db.execute(other, [row["incident"], channel, row["id"], row["thread_of"]]).fetchone() is not None


def move_cards(db: Database, incident_cache: "IncidentCache", post: PostId, channel: str) -> None:
    """Let the cards, and the group, of a first message be where it went.

    So a later failure adds no second card there. A card that another one stands in for is removed: lists do not link
    to it, and its channel gets one with a later failure, if it can be posted to then. A grouped incident that has
    a card there already keeps both.
    """
    moved = {"post": post, "channel": channel}
    for row in db.execute("SELECT incident FROM cards WHERE post = ?", [post]):
        incident_cache.drop(row["incident"])
    db.execute(_MOVE.format("cards") + _NO_OTHER, moved)
    db.execute(_MOVE.format("gatherings"), moved)
    for row in db.execute(_SPARED, [post, TOLD_THERE]).fetchall():
        _remove(db, row["incident"], row["place"])


def _remove(db: Database, incident: str, place: int) -> None:
    """Remove a card: those after it move up, one at a time."""
    db.execute("DELETE FROM cards WHERE incident = ? AND place = ?", [incident, place])
    after = "SELECT place FROM cards WHERE incident = ? AND place > ? ORDER BY place"
    for row in db.execute(after, [incident, place]).fetchall():
        db.execute("UPDATE cards SET place = place - 1 WHERE incident = ? AND place = ?", [incident, row["place"]])
