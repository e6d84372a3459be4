"""Many links at once, all or nothing, though no transaction touches more than 500 rows.

    collecting ──► removing ──► adding ──► gone

What is imported is first collected in a table of its own. Until that is complete the import never happened; from then
on it is carried out, whatever crashes: opening the database continues it. All of it is one job of the database thread,
so nobody reads the links half-way. On PostgreSQL, where other replicas read and no reader waits for who writes, it is
one transaction, and there is nothing to continue.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import Link, Person
from bot.store import people
from bot.store.database import Database
from bot.store.queueing import put
from bot.store.transactions import Transact, Transactional, from_timestamp, person, timestamp, transaction

CHUNK = 200  # rows; each may be two in the tables


class LinkChanges(Transactional):
    """Adding, changing and removing links."""

    async def put_links(self, links: Sequence[Link], *, posts: Sequence[NewPost] = ()) -> None:
        """Add or change links and queue posts, all or nothing.

        Raises Refusal("taken") where an EnOS user has another person.
        """
        if self._db.is_shared:
            await self._run(lambda: self._transact(lambda db: _at_once(db, links, posts), is_large=True))
        else:
            await self._run(lambda: put_links(self._transact, links, posts))

    @transaction
    def remove_link(self, db: Database, whose: Person, *, posts: Sequence[NewPost] = ()) -> Link | None:
        """Remove a link and return what it was."""
        put(db, posts)
        old = people.link_of(db, whose)
        people.delete_links(db, [whose])
        return old

    def _opened(self) -> None:
        super()._opened()
        if not self._db.is_shared:
            resume(self._transact)


def put_links(transact: Transact, links: Sequence[Link], posts: Sequence[NewPost]) -> None:
    """As ``LinkChanges.put_links``, on a database that nobody shares."""
    if len(links) <= CHUNK and len(posts) <= CHUNK // 2:
        transact(lambda db: _at_once(db, links, posts))
        return
    transact(lambda db: people.check(db, links))
    resume(transact)  # one import at a time
    rows = [*(("link", _link_text(link)) for link in links), *(("post", _post_text(post)) for post in posts)]
    transact(lambda db: db.execute("INSERT INTO imports (id, phase, place) VALUES (1, 'collecting', 0)"))
    for start in range(0, len(rows), CHUNK):
        transact(partial(_collect, start=start, rows=rows[start : start + CHUNK]))
    transact(lambda db: _begin(db, "removing"))
    resume(transact)


def resume(transact: Transact) -> None:
    """Carry out an import that was collected whole, delete one that was not."""
    while transact(_step):
        pass


def _at_once(db: Database, links: Sequence[Link], posts: Sequence[NewPost]) -> None:
    people.check(db, links)
    people.delete_links(db, [link.person for link in links])
    people.insert_links(db, links)
    put(db, posts)


def _collect(db: Database, start: int, rows: Sequence[tuple[str, str]]) -> None:
    places = [(start + number, kind, text) for number, (kind, text) in enumerate(rows)]
    db.conn.executemany("INSERT INTO import_rows (place, kind, row) VALUES (?, ?, ?)", places)


def _begin(db: Database, phase: str) -> None:
    db.execute("UPDATE imports SET phase = ?, place = 0", [phase])


def _step(db: Database) -> bool:
    """Do a little more of the import; return whether there was one."""
    found = db.execute("SELECT phase, place FROM imports").fetchone()
    if found is None:
        return False
    phase, place = found["phase"], found["place"]
    if phase in ("collecting", "gone"):
        _delete(db)
        return True
    rows = db.execute("SELECT * FROM import_rows WHERE place >= ? ORDER BY place LIMIT ?", [place, CHUNK]).fetchall()
    if not rows:
        _begin(db, "adding" if phase == "removing" else "gone")
        return True
    links = [_link(row["row"]) for row in rows if row["kind"] == "link"]
    if phase == "removing":
        people.delete_links(db, [link.person for link in links])
    else:
        people.insert_links(db, links)
        put(db, [_post(row["row"]) for row in rows if row["kind"] == "post"])
    db.execute("UPDATE imports SET place = ?", [rows[-1]["place"] + 1])
    return True


def _delete(db: Database) -> None:
    gone = db.execute("DELETE FROM import_rows WHERE place IN (SELECT place FROM import_rows LIMIT ?)", [CHUNK])
    if gone.rowcount == 0:
        db.execute("DELETE FROM imports")


def _link_text(link: Link) -> str:
    return json.dumps([str(link.person), link.user_id, link.user_name, link.verified])


def _link(text: str) -> Link:
    whose, user_id, user_name, verified = json.loads(text)
    return Link(person(whose), user_id, user_name, verified)


def _post_text(post: NewPost) -> str:
    return json.dumps({name: _plain(getattr(post, name)) for name in NewPost.__dataclass_fields__})


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return timestamp(value)
    return value.value if isinstance(value, PostKind | Lane) else value


def _post(text: str) -> NewPost:
    values = json.loads(text)
    made = {"id": PostId(values["id"]), "kind": PostKind(values["kind"]), "lane": Lane(values["lane"])}
    return NewPost(**{**values, **made, "due": from_timestamp(values["due"])})
