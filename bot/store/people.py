"""Links: who a person in Slack is in EnOS. One EnOS user, one person."""

from collections.abc import Sequence
from sqlite3 import Row

from bot.core.errors import Refused
from bot.core.flow.model import UserId, UserName
from bot.core.people.model import Link, Person
from bot.store.database import Database
from bot.store.rows import person as person_of
from bot.store.transactions import Transactional, read, transaction


class People(Transactional):
    """Reading links, and marking one as proven. ``LinkChanges`` adds and removes them."""

    @read
    def link(self, db: Database, person: Person) -> Link | None:
        """A person's link."""
        return link_of(db, person)

    @read
    def links(self, db: Database) -> tuple[Link, ...]:
        """All links, by user name."""
        return tuple(_link(row) for row in db.execute("SELECT * FROM links ORDER BY user_name"))

    @transaction
    def mark_proven(self, db: Database, link: Link) -> bool:
        """Mark this very link as proven; False where it is gone, or the person has another one now."""
        done = db.execute(
            "UPDATE links SET proven = 1 WHERE person = ? AND user_id = ? AND user_name = ?",
            [str(link.person), link.user_id, link.user_name],
        )
        return done.rowcount == 1


def link_of(db: Database, whose: Person) -> Link | None:
    """A person's link."""
    row = db.execute("SELECT * FROM links WHERE person = ?", [str(whose)]).fetchone()
    return None if row is None else _link(row)


def check(db: Database, new: Sequence[Link]) -> None:
    """Raise Refused("taken") where, with these links, an EnOS user would have two persons, or a person two users."""
    persons = {each.person for each in new}
    holders: dict[str, Link] = {}
    existing = map(_link, db.execute("SELECT * FROM links ORDER BY user_name"))
    for each in (*(old for old in existing if old.person not in persons), *new):
        for key in (f"person {each.person}", f"id {each.user_id}", f"name {each.user_name}"):
            if key in holders:
                raise _taken(each, holders[key])
            holders[key] = each


def delete_links(db: Database, persons: Sequence[Person]) -> None:
    """Remove the links of some people. All are removed before others are added: two people may swap their users."""
    db.conn.executemany("DELETE FROM links WHERE person = ?", [[str(each)] for each in persons])


def insert_links(db: Database, new: Sequence[Link]) -> None:
    """Add links that were checked."""
    rows = [[str(each.person), each.user_id, each.user_name, int(each.verified)] for each in new]
    db.conn.executemany("INSERT INTO links VALUES (?, ?, ?, ?)", rows)


def require_link(db: Database, needed: Link | None) -> None:
    """Raise Refused("link_changed") unless the person still has this link, proven where it was."""
    if needed is None:
        return
    now = link_of(db, needed.person)
    same = now is not None and (now.user_id, now.user_name) == (needed.user_id, needed.user_name)
    if now is None or not same or (needed.verified and not now.verified):
        raise Refused(
            "link_changed",
            "Your link to EnOS changed while I worked on this. Nothing was changed.",
            "See your link with `whoami`, then ask again.",
        )


def _taken(new: Link, holder: Link) -> Refused:
    if holder.person == new.person:
        return Refused(
            "taken",
            f"<@{new.person.user}> is named twice, as {holder.user_name} and as {new.user_name}.",
            "Nothing was changed; name each person once.",
        )
    return Refused(
        "taken",
        f"The EnOS user {holder.user_name} ({holder.user_id}) is already linked to <@{holder.person.user}>,"
        f" so it cannot be linked to <@{new.person.user}> too.",
        f"Nothing was changed; unlink <@{holder.person.user}> first if that link is wrong.",
    )


def _link(row: Row) -> Link:
    return Link(
        person=person_of(row["person"]),
        user_id=UserId(row["user_id"]),
        user_name=UserName(row["user_name"]),
        verified=bool(row["proven"]),
    )
