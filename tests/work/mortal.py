"""A process that may die at any statement.

A *statement* is whatever leaves a trace outside of the process: one SQL statement, one call to Slack or to EnOS.
A process that has died does nothing any more: its open transaction is rolled back, as SQLite does at the next start.
"""

import asyncio
import inspect


class Dead(BaseException):
    """The process has ended; nothing of it goes on."""


class Life:
    """So many more statements until death; None: for ever."""

    def __init__(self, left=None):
        self.left = left
        self.dead = False
        self.spent = 0

    def spend(self):
        self.spent += 1
        if self.dead:
            raise Dead
        if self.left is not None:
            if self.left <= 0:
                self.dead = True
                raise Dead
            self.left -= 1


class MortalConnection:
    """A connection that dies between two SQL statements."""

    def __init__(self, connection, life):
        self._connection = connection
        self._life = life

    def execute(self, *statement):
        self._life.spend()
        return self._connection.execute(*statement)

    def executemany(self, *statements):
        self._life.spend()
        return self._connection.executemany(*statements)

    def __getattr__(self, name):
        return getattr(self._connection, name)


class Mortal:
    """A platform, a Slack, or a store, whose caller dies before or after a call; ``free`` ones cost nothing."""

    def __init__(self, inner, life, *, free=()):
        self._inner = inner
        self._life = life
        self._free = free

    def __getattr__(self, name):
        method = getattr(self._inner, name)
        if inspect.isasyncgenfunction(method):
            return lambda *args, **kwargs: self._pages(method(*args, **kwargs))
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*args, **kwargs):
            costs = name not in self._free
            if costs or self._life.dead:
                self._life.spend()
            result = await method(*args, **kwargs)
            if costs or self._life.dead:
                self._life.spend()
            return result

        return call

    async def _pages(self, found):
        async for page in found:
            self._life.spend()
            yield page


async def mortal(store, life):
    """Let every SQL statement of a store cost life; return the store."""

    def changed():
        db = store._units._db
        db.conn.execute("PRAGMA synchronous = off")  # it is the process that dies here, not the machine
        db.conn = MortalConnection(db.conn, life)

    await asyncio.wrap_future(store._units._worker.submit(changed))
    return store
