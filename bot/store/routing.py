"""Routing: the watches of channels and people, and their preferences. A change and what is said of it are one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from sqlite3 import Row
from types import MappingProxyType

from bot.core.flow.model import FlowId
from bot.core.outbox.posts import NewPost
from bot.core.people.model import AttemptResult
from bot.core.routing.prefs import DEFAULTS, Prefs
from bot.core.routing.quiet import read_hours
from bot.core.routing.rules import RoutingRules
from bot.core.routing.watch import Filters, Watch, is_same
from bot.store.database import Database
from bot.store.people import end_attempt, require_link
from bot.store.queueing import put
from bot.store.transactions import Transactional, from_timestamp, person, read, timestamp, transaction

NO_NOTES: Mapping[str, Callable[[str], str]] = MappingProxyType({})


class Routing(Transactional):
    """Watches and preferences. Each change raises Refusal("link_changed") where the attempt's link has changed."""

    _rules: RoutingRules | None = None  # as the database has them; written on the database's thread alone

    async def routing_rules(self) -> RoutingRules:
        """All watches and preferences. They are read again only after a change."""
        if self._rules is not None and not self._db.is_shared:
            return self._rules
        return await self._read_rules()

    @read
    def _read_rules(self, db: Database) -> RoutingRules:
        if self._rules is not None:  # nobody has changed them since, as this transaction has found
            return self._rules
        places = [row["channel"] for row in db.execute("SELECT channel FROM prefs")]
        self._rules = RoutingRules(watches(db), {place: prefs(db, place) for place in places})
        return self._rules

    @read
    def watches(self, db: Database, channel: str | None = None) -> tuple[Watch, ...]:
        """All watches, or those of one channel or person, the oldest first."""
        return watches(db, channel)

    @read
    def prefs(self, db: Database, channel: str) -> Prefs:
        """The preferences of a channel or person."""
        return prefs(db, channel)

    @transaction
    def add_watch(
        self,
        db: Database,
        new: Watch,
        told: Callable[[Watch], Sequence[NewPost]],
        *,
        attempt_result: AttemptResult | None = None,
    ) -> tuple[Watch, bool]:
        """Add a watch, and queue what ``told`` says of it with its number.

        Where its channel has one that is the same, return that one and False; nothing is written then.
        """
        _require(db, attempt_result)
        for each in watches(db, new.channel):
            if is_same(each.filters, new.filters):
                return each, False
        filters, quiet = new.filters, new.filters.quiet
        row = db.execute(
            "INSERT INTO watches (channel, flow_id, flow_name, owner, glob, after, quiet, zone, made_by, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [
                new.channel,
                filters.flow,
                new.flow_name,
                filters.owner,
                filters.glob,
                filters.after,
                quiet.words if quiet else "",
                quiet.zone if quiet else "",
                str(new.by),
                timestamp(new.at),
            ],
        ).fetchone()
        watch = replace(new, id=row["id"])
        self._rules = None
        _end(db, told(watch), attempt_result)
        return watch, True

    @transaction
    def remove_watch(
        self, db: Database, watch: Watch, posts: Sequence[NewPost], *, attempt_result: AttemptResult | None = None
    ) -> bool:
        """Remove a watch, and queue what is said of it. False where it is gone already; nothing is written then."""
        _require(db, attempt_result)
        if not db.execute("DELETE FROM watches WHERE id = ?", [watch.id]).rowcount:
            return False
        self._rules = None
        _end(db, posts, attempt_result)
        return True

    @transaction
    def change_prefs(
        self,
        db: Database,
        channel: str,
        change: Callable[[Prefs], Prefs],
        told: Callable[[Prefs], Sequence[NewPost]],
        *,
        notes: Mapping[str, Callable[[str], str]] = NO_NOTES,
        attempt_result: AttemptResult | None = None,
    ) -> Prefs:
        """Change the preferences of a channel or person, and queue what ``told`` says of the new ones.

        ``notes`` say what becomes of each note; one that is not there yet is empty.
        """
        _require(db, attempt_result)
        for name, changed in notes.items():
            row = db.execute("SELECT value FROM notes WHERE name = ?", [name]).fetchone()
            value = changed("" if row is None else row["value"])
            db.execute("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", [name, value])
        new = change(prefs(db, channel))
        db.execute(
            "INSERT OR REPLACE INTO prefs VALUES (?, ?, ?, ?, ?, ?, ?)",
            [channel, new.mentions, new.reminders, new.replies, new.language, new.digest, new.digest_zone],
        )
        self._rules = None
        _end(db, told(new), attempt_result)
        return new


# ── inside a transaction ──


def watches(db: Database, channel: str | None = None) -> tuple[Watch, ...]:
    """As ``Routing.watches``."""
    which, values = ("", []) if channel is None else ("WHERE channel = ?", [channel])
    return tuple(map(_watch, db.execute(f"SELECT * FROM watches {which} ORDER BY id", values)))  # noqa: S608  constants only


def prefs(db: Database, channel: str) -> Prefs:
    """As ``Routing.prefs``."""
    row = db.execute("SELECT * FROM prefs WHERE channel = ?", [channel]).fetchone()
    if row is None:
        return DEFAULTS
    return Prefs(
        mentions=_bool(row["mentions"]),
        reminders=_bool(row["reminders"]),
        replies=row["replies"],
        language=row["language"],
        digest=row["digest"],
        digest_zone=row["digest_zone"],
    )


def _require(db: Database, attempt_result: AttemptResult | None) -> None:
    require_link(db, attempt_result.linked if attempt_result else None)


def _end(db: Database, posts: Sequence[NewPost], attempt_result: AttemptResult | None) -> None:
    put(db, posts)
    end_attempt(db, attempt_result)


# ── rows ──


def _bool(value: int | None) -> bool | None:
    return None if value is None else bool(value)


def _watch(row: Row) -> Watch:
    return Watch(
        id=row["id"],
        channel=row["channel"],
        filters=Filters(
            flow=None if row["flow_id"] is None else FlowId(row["flow_id"]),
            owner=row["owner"],
            glob=row["glob"],
            after=row["after"],
            quiet=read_hours(row["quiet"], row["zone"]) if row["quiet"] else None,
        ),
        by=person(row["made_by"]),
        at=from_timestamp(row["at"]),
        flow_name=row["flow_name"],
    )
