"""A connection to PostgreSQL that is lost at any statement: before it arrives, or before its answer does."""

import os
import socket

import psycopg


class Line:
    """The line of one store, or of one after the other: after so many statements it is cut (``left``).

    ``answer``: what is lost then is the answer; the statement is carried out. ``cuts`` counts.
    """

    def __init__(self):
        self.left, self.answer, self.cuts = None, False, 0

    def watch(self, store):
        """Let every statement of a store go over this line."""
        db, open_ = store._db, store._db._open

        def opened():
            connection = open_()
            if "execute" not in vars(connection):
                connection.execute = lambda *statement, **how: self._carry(connection, statement, how)
            return connection

        db._open = opened
        return store

    def is_cut_at(self, left, *, answer=False):
        """Be cut after so many statements more."""
        self.left, self.answer = left, answer

    def _carry(self, connection, statement, how):
        execute = type(connection).execute
        if self.left is None:
            return execute(connection, *statement, **how)
        self.left -= 1
        if self.left >= 0:
            return execute(connection, *statement, **how)
        self.left = None
        self.cuts += 1
        if self.answer:
            execute(connection, *statement, **how)
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
        if self.answer:
            connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return execute(connection, *statement, **how)
