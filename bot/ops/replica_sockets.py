"""Where the replicas on this machine listen for the program's other commands: their database has no file to be next to.

    /tmp/flowbot-UID-HASH/PID.sock      UID: whose processes they are; HASH: of which database it is

The folder is its owner's alone (mode 0700), like everything in it. Another user may have made one of that name before,
for a command to be told to the wrong process: such a folder is not used.
"""

import contextlib
import errno
import hashlib
import os
import stat
import tempfile
from pathlib import Path

from bot.core.postgres_address import PostgresAddress

_SUFFIX = ".sock"


def own_path(database: PostgresAddress) -> Path:
    """Where this process is to listen. Raises OSError where that cannot be made, or not safely."""
    folder = _folder(database)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    if not _is_private(folder):
        raise PermissionError(errno.EPERM, "its folder can be used by others")
    for left in set(folder.glob(f"*{_SUFFIX}")) - set(found(database)):
        left.unlink(missing_ok=True)  # of a process that is gone
    return folder / f"{os.getpid()}{_SUFFIX}"


def found(database: PostgresAddress) -> list[Path]:
    """Where living replicas on this machine listen, in an order that does not change while they live."""
    folder = _folder(database)
    if not _is_private(folder):
        return []
    return sorted((each for each in folder.glob(f"*{_SUFFIX}") if _lives(each.stem)), key=process)


def process(path: Path) -> int:
    """The ID of the process that listens there."""
    return int(path.stem)


def _folder(database: PostgresAddress) -> Path:
    name = hashlib.sha256(database.place.lower().encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"flowbot-{os.geteuid()}-{name}"


def _is_private(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _lives(id_: str) -> bool:
    if not id_.isdecimal():
        return False
    try:
        os.kill(int(id_), 0)
    except OSError:
        return False
    return True
