"""One program per database: an exclusive lock on a file beside it, which names the holder.

The lock stands beside the file itself, whatever other names lead to it: a second way to the same database must not
have a lock of its own. What is found in the lock's place and is no lock of flowbot's is left as it is.
"""

import contextlib
import errno
import fcntl
import json
import os
import socket
import stat
from datetime import UTC, datetime
from pathlib import Path

from bot.core.errors import Refusal
from bot.core.text.message import Message, msg
from bot.core.text.shown_times import in_full
from bot.core.values import dataclass

_MARK = b'{"pid":'  # how the words of a lock begin
_LONGEST = 4096  # bytes of a lock's words


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as far as its file tells."""

    pid: int = 0
    host: str = ""
    since: datetime | None = None  # the file's own time: when the holder wrote its name

    def __str__(self) -> str:
        """Return e.g. ``process 4711 on host ops-1 since 2026-11-21 14:30 UTC``."""
        if not self.pid:
            return "another process"
        since = f" since {in_full(self.since)}" if self.since else ""
        return f"process {self.pid} on host {self.host}{since}"


class Lock:
    """A held lock. The operating system gives it back when the process ends, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def held(self) -> bool:
        """Whether the lock has not been given back."""
        return self._descriptor >= 0

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would let two processes hold two files."""
        if self.held:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)  # closing releases
            self._descriptor = -1


def real_path(database: Path) -> Path:
    """Return where a database really is: symbolic links and ``..`` followed."""
    return Path(os.path.realpath(database))


def lock_path(database: Path) -> Path:
    """Return where the lock of a database stands."""
    path = real_path(database)
    return path.with_name(path.name + ".lock")


def take(database: Path) -> Lock:
    """Take the lock beside the database.

    Raises ``Refusal("locked")`` naming the holder, ``Refusal("unwritable")`` where no lock file can be made,
    ``Refusal("not_a_lock")`` where something else stands in its place, ``Refusal("linked")`` where the database has
    a second name.
    """
    path = lock_path(database)
    descriptor = _locked(database, path)
    try:
        while not _is_current(descriptor, path):  # removed between our opening and our locking it
            os.close(descriptor)
            descriptor = _locked(database, path)
        _require_ours(descriptor, path)
        _require_only_name(database)
    except BaseException:
        os.close(descriptor)
        raise
    with contextlib.suppress(OSError):  # a full disk: the lock is held, and only does not name its holder
        os.ftruncate(descriptor, 0)
        os.write(descriptor, json.dumps({"pid": os.getpid(), "host": socket.gethostname()}).encode())
    return Lock(descriptor)


def _locked(database: Path, path: Path) -> int:
    """Return the descriptor of the locked file, with whatever stood in it before."""
    try:
        # Without O_NONBLOCK a pipe in its place could be waited at for ever.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO, errno.EMLINK}:  # a link or a socket; EMLINK is FreeBSD's for it
            raise _no_lock(path) from error
        raise unwritable(database, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Refusal(
            "locked",
            _in_use(database, holder(database)),
            msg("Stop that process, or set FLOWBOT_DATABASE to another path."),
        ) from error
    return descriptor


def _is_current(descriptor: int, path: Path) -> bool:
    """Whether the file that was locked is the one that others find under its name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def _require_ours(descriptor: int, path: Path) -> None:
    """Raise ``Refusal("not_a_lock")`` unless the file has one name, and is empty or begins as locks do."""
    found = os.fstat(descriptor)
    plain = stat.S_ISREG(found.st_mode) and found.st_nlink == 1
    if not plain or not _MARK.startswith(os.pread(descriptor, len(_MARK), 0)):
        raise _no_lock(path)


def _require_only_name(database: Path) -> None:
    """Raise ``Refusal("linked")`` where a database has a second name: that one has a lock of its own.

    SQLite itself warns of it (https://www.sqlite.org/howtocorrupt.html, section 2.5).
    """
    try:
        found = real_path(database).stat()
    except OSError:
        return  # to be made, or about to be complained of
    if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
        raise Refusal(
            "linked",
            msg(
                "The database {database} has {n} names (hard links). Two flowbots could write to it.",
                database=str(database),
                n=found.st_nlink,
            ),
            msg("Remove the other names, or set FLOWBOT_DATABASE to a copy."),
        )


def _in_use(database: Path, by: Holder) -> Message:
    if not by.since:
        return msg("The database {database} is in use by another process.", database=str(database))
    return msg(
        "The database {database} is in use by process {pid} on host {host} since {since}.",
        database=str(database),
        pid=str(by.pid),
        host=by.host,
        since=in_full(by.since),
    )


def _no_lock(path: Path) -> Refusal:
    return Refusal(
        "not_a_lock",
        msg("{path} is not a lock file of flowbot. Nothing was changed.", path=str(path)),
        msg("Move it away, or set FLOWBOT_DATABASE to another path."),
    )


def holder(database: Path) -> Holder:
    """Return who holds the lock, as its file tells; an empty holder where it does not."""
    try:
        descriptor = os.open(lock_path(database), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return Holder()
    try:
        words = json.loads(os.read(descriptor, _LONGEST))
        since = datetime.fromtimestamp(os.fstat(descriptor).st_mtime, tz=UTC)
        return Holder(pid=int(words["pid"]), host=str(words["host"]), since=since)
    except (OSError, ValueError, KeyError, TypeError):
        return Holder()
    finally:
        os.close(descriptor)


def unwritable(database: Path, error: OSError) -> Refusal:
    """Return the sentence for a path that cannot be written."""
    folder = database.parent
    if not folder.exists():
        return Refusal(
            "unwritable",
            msg("The directory {folder} for the database does not exist.", folder=str(folder)),
            msg("Create it, or set FLOWBOT_DATABASE to a path that exists."),
        )
    return Refusal(
        "unwritable",
        msg("Can't write the database {database}: {why}.", database=str(database), why=error.strerror or str(error)),
        msg("Give this user the right to write there, or set FLOWBOT_DATABASE to another path."),
    )
