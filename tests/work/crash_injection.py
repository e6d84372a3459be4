"""A process that may die at any statement.

A *statement* is whatever leaves a trace outside of the process: one SQL statement, one call to Slack or to EnOS.
A process that has died does nothing any more: its open transaction is rolled back: by SQLite at the next
start, by PostgreSQL at once.
"""

import asyncio
import inspect


class ProcessDied(BaseException):
    """The process has ended; nothing of it continues."""


class StatementBudget:
    """So many more statements until death; None: for ever."""

    def __init__(self, left=None, *, hangs=False):
        self.left = left
        self.hangs = hangs  # on PostgreSQL: the process does nothing any more, and its connection stays open
        self.is_spent = False
        self.spent = 0

    def spend(self):
        self.spent += 1
        if self.is_spent:
            raise ProcessDied
        if self.left is not None:
            if self.left <= 0:
                self.is_spent = True
                raise ProcessDied
            self.left -= 1


class CrashingConnection:
    """A connection that dies between two SQL statements."""

    def __init__(self, connection, budget):
        self._connection = connection
        self._budget = budget

    def execute(self, *statement):
        self._budget.spend()
        return self._connection.execute(*statement)

    def executemany(self, *statements):
        self._budget.spend()
        return self._connection.executemany(*statements)

    def __getattr__(self, name):
        return getattr(self._connection, name)


class CrashingProxy:
    """A platform, a Slack, or a store, whose caller dies before or after a call; ``free`` ones cost nothing."""

    def __init__(self, inner, budget, *, free=()):
        self._inner = inner
        self._budget = budget
        self._free = free

    def __getattr__(self, name):
        method = getattr(self._inner, name)
        if inspect.isasyncgenfunction(method):
            return lambda *args, **kwargs: self._pages(method(*args, **kwargs))
        if not inspect.iscoroutinefunction(method):
            return method

        async def call(*args, **kwargs):
            costs = name not in self._free
            if costs or self._budget.is_spent:
                self._budget.spend()
            result = await method(*args, **kwargs)
            if costs or self._budget.is_spent:
                self._budget.spend()
            return result

        return call

    async def _pages(self, found):
        async for page in found:
            self._budget.spend()
            yield page


def _dying(db, method, budget):
    """A method of a database on PostgreSQL; a process that dies takes its connection with it, if it does not hang."""

    def call(*statement):
        try:
            budget.spend()
        except ProcessDied:
            if not budget.hangs:
                db.close()
            raise
        return method(*statement)

    return call


async def crashing_store(store, budget):
    """Let every SQL statement of a store cost life; return the store."""

    def changed():
        db = store._db
        if db.is_shared:
            db.execute, db.executemany = _dying(db, db.execute, budget), _dying(db, db.executemany, budget)
            return
        db.conn.execute("PRAGMA synchronous = off")  # it is the process that dies here, not the machine
        db.conn = CrashingConnection(db.conn, budget)

    await asyncio.wrap_future(store._database_thread.submit(changed))
    return store


def in_transaction(store, act):
    """Do something with the store's database that none of its methods does."""
    return store._run(lambda: store._transact(act))
