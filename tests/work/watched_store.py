"""The real store on a temporary file, which tests can look into, and which can die before a transaction commits."""

import tempfile
from functools import partial
from pathlib import Path

from new_database import new_database

from bot.core.outbox.posts import PostKind, PostState
from bot.store import incident_groups, incidents, monitor_state, outbox
from bot.store.lock import take
from bot.store.sqlite import LOCK_TIMEOUT, open_database
from bot.store.store import Store
from bot.store.transactions import _READ, _WRITE


class Killed(BaseException):
    """The process dies here."""


_open = []  # stores that are to be closed after the test


def close_all():
    while _open:
        _open[-1].close()


class WatchedStore(Store):
    """``die_after``: how many more transactions may write something; the process dies at the commit of the next."""

    def __init__(self):
        self.die_after = None
        self.biggest = 0  # rows in a transaction
        self._folder = tempfile.TemporaryDirectory()
        path = new_database(Path(self._folder.name) / "flowbot.db")
        super().__init__("watched", partial(open_database, path, lock_timeout=LOCK_TIMEOUT), take(path))
        _open.append(self)

    def close(self):
        if self in _open:
            super().close()
            self._folder.cleanup()
            _open.remove(self)

    def _opened(self):
        self._db.execute("PRAGMA synchronous = off")  # it is the process that dies here, not the machine
        super()._opened()

    def _transact(self, act, begin=_WRITE, **more):
        def counted(db):
            before = db.conn.total_changes
            result = act(db)
            if changes := db.conn.total_changes - before:
                self.biggest = max(self.biggest, changes)
                if self.die_after == 0:
                    raise Killed
                if self.die_after is not None:
                    self.die_after -= 1
            return result

        return super()._transact(act if begin == _READ else counted, begin, **more)

    def _now(self, act, begin=_READ):
        """Do something at once, at no cost; the event loop waits."""
        return self._database_thread.submit(lambda: Store._transact(self, act, begin)).result()

    # ── what tests look at ──

    @property
    def kept(self):
        def act(db):
            ids = [row["id"] for row in db.execute("SELECT id FROM incidents ORDER BY rowid")]
            return {each.id: each for each in incidents.load(db, self._incident_cache, ids)}

        return self._now(act)

    @property
    def groups(self):
        return {each.post: each for each in self._now(incident_groups.shown)}

    @property
    def posts(self):
        return {post.new.id: post for post in self._now(lambda db: outbox.posts(db, "1 ORDER BY p.seq"))}

    @property
    def seen(self):
        def act(db):
            return monitor_state.seen(db, [row["instance"] for row in db.execute("SELECT instance FROM seen")])

        return self._now(act)

    @property
    def read(self):
        return self._now(lambda db: Store.readings.__wrapped__(self, db))

    @property
    def named(self):
        return self._now(lambda db: Store.notes.__wrapped__(self, db))

    def forget(self, *tables):
        """Delete all rows of some tables."""
        self._now(lambda db: [db.execute(f"DELETE FROM {table}") for table in tables], _WRITE)

    def deliver(self, now):
        """Send what is due, and what may go once that is sent; return it, edits included."""

        def act(db):
            sent = []
            while due := Store.due.__wrapped__(self, db, now):
                for each in due:
                    post = Store.start_sending.__wrapped__(self, db, each.new.id, now)
                    outbox.mark_sent(db, post.new.id, post.channel, post.ts or f"1.{post.new.id}", now)
                    sent.append(post.new)
            return sent

        return self._now(act, _WRITE)

    def cards(self):
        """The messages in the channel, oldest first, as they are shown after all edits."""
        posts = self.posts
        return [_shown(posts, id_) for id_, post in posts.items() if _is_top(post.new)]

    def replies(self, card):
        """The replies under a message, as they are shown after all edits."""
        posts = self.posts
        messages = [post.new for post in posts.values() if _is_message(post.new)]
        return [_shown(posts, new.id) for new in messages if new.thread_of == card]

    def shown(self, id_):
        return _shown(self.posts, id_)


def _shown(posts, id_):
    edits = [post for post in posts.values() if post.new.target == id_ and post.state is PostState.QUEUED]
    return (edits[-1] if edits else posts[id_]).new.body


def _is_message(new):
    return new.kind is PostKind.MESSAGE


def _is_top(new):
    return _is_message(new) and new.thread_of is None and not new.thread
