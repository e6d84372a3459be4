"""Many links at once, all or nothing, though no transaction touches more than 500 rows.

    collecting ──► removing ──► adding ──► gone

What is imported is first collected beside the links. Until that is complete the import never happened; from then
on it is carried out, whatever dies: opening the database goes on where it stood. All of it is one unit of the
store's thread, so nobody reads the links half-way.
"""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlite_utils import Database

from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.core.people.model import Link
from bot.store import people, queueing
from bot.store.timestamps import from_timestamp, timestamp

Transact = Callable[[Callable[[Database], Any]], Any]  # does a unit in a transaction of its own

CHUNK = 200  # rows; each may be two in the tables


def put_links(transact: Transact, links: Sequence[Link], posts: Sequence[NewPost]) -> None:
    """Add or change links and queue posts. Raises Refused("taken"); then nothing was changed."""
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
    """Carry out what was collected whole, throw away what was not."""
    while transact(_step):
        pass


def _at_once(db: Database, links: Sequence[Link], posts: Sequence[NewPost]) -> None:
    people.check(db, links)
    people.delete_links(db, [link.person for link in links])
    people.insert_links(db, links)
    queueing.put(db, posts)


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
        _throw_away(db)
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
        queueing.put(db, [_post(row["row"]) for row in rows if row["kind"] == "post"])
    db.execute("UPDATE imports SET place = ?", [rows[-1]["place"] + 1])
    return True


def _throw_away(db: Database) -> None:
    gone = db.execute("DELETE FROM import_rows WHERE place IN (SELECT place FROM import_rows LIMIT ?)", [CHUNK])
    if gone.rowcount == 0:
        db.execute("DELETE FROM imports")


def _link_text(link: Link) -> str:
    return json.dumps([str(link.person), link.user_id, link.user_name, link.verified])


def _link(text: str) -> Link:
    whose, user_id, user_name, verified = json.loads(text)
    return Link(people.person(whose), user_id, user_name, verified)


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
