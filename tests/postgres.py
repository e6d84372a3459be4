"""A real PostgreSQL for tests: a cluster of their own, in a scratch folder, which ends with the process that began it.

Run as a program, it begins one, prints where its socket is, and ends it when its standard input ends: so it ends, too,
where the process that began it was killed. The gate begins one for all its parts (``ENVIRONMENT``).
"""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from functools import cache
from pathlib import Path
from urllib.parse import urlencode, urlsplit

ENVIRONMENT = "FLOWBOT_TEST_POSTGRES"  # the folder of the socket of a cluster that is there already
USER = "flowbot"
ABSENT = "flowbot is tested on a real PostgreSQL, too: install Debian's postgresql (apt-get install postgresql)"
ORDINARY = ("postgres", "nobody")  # as whom a server runs that root begins: it refuses to run as root
DEBIAN = "/usr/lib/postgresql"  # where each version has a folder of its own, which is not in the PATH
MEMORY = Path("/dev/shm")  # a new database is 8 MB of small files: ten milliseconds here, a hundred on a busy disk
ENOUGH = 2 << 30  # bytes
LONGEST = 60  # bytes of the folder's path: a socket's may have 107
CONFIGURATION = """
listen_addresses = ''
unix_socket_directories = '{folder}'
max_connections = 100
shared_buffers = 64MB
wal_level = minimal
max_wal_senders = 0
max_wal_size = 128MB
"""
# A machine that loses its power loses these databases, too.
QUICK = """
autovacuum = off
fsync = off
synchronous_commit = off
full_page_writes = off
"""
DURABLE = "durable"  # a cluster that keeps what it has committed, on a disk, as a server that is used does


class Absent(Exception):  # noqa: N818
    """PostgreSQL cannot be run here, and why."""


class Cluster:
    """A server. It is begun by ``start``, ended by ``stop`` and ``remove``."""

    def __init__(self, *, durable=False):
        self._programs = programs()
        self._configuration = CONFIGURATION + ("" if durable else QUICK)
        self._owner = _owner() if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="flowbot-postgres-", dir=_scratch(self._owner, durable=durable)))
        self._data = self.folder / "data"
        if self._owner:
            os.chown(self.folder, self._owner.pw_uid, self._owner.pw_gid)

    def start(self):
        """Begin it, made where it is new."""
        if not self._data.exists():
            self._make()
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "--wait", "--silent", "--pgdata", str(self._data), "--log", log)

    def _make(self):
        self._run(
            *("initdb", "--username", USER, "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"),
            *("--pgdata", str(self._data)),
        )
        with (self._data / "postgresql.conf").open("a") as file:
            file.write(self._configuration.format(folder=self.folder))

    def stop(self, mode="immediate"):
        """End it: ``immediate`` as if it crashed, ``fast`` in order."""
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode", mode, "--pgdata", str(self._data))

    def remove(self):
        shutil.rmtree(self.folder)

    def _run(self, name, *arguments):
        # Its output goes to a file: the server keeps what it inherits open, and a pipe would never end.
        with tempfile.TemporaryFile() as said:
            run = subprocess.run(
                [self._programs / name, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                check=False,
                cwd=self.folder,
                env={**os.environ, "LC_ALL": "C"},
                **(
                    {"user": self._owner.pw_uid, "group": self._owner.pw_gid, "extra_groups": []} if self._owner else {}
                ),
            )
            said.seek(0)
            if run.returncode:
                raise Absent(f"{name} failed: {said.read().decode(errors='replace').strip()}")


def programs():
    """Return the folder of the newest server that is installed. Raises Absent."""
    versions = (each for each in Path(DEBIAN).glob("*") if each.name.isdigit())
    newest = [str(each / "bin") for each in sorted(versions, key=lambda each: int(each.name), reverse=True)]
    found = shutil.which("initdb", path=os.pathsep.join([*os.get_exec_path(), *newest]))
    if found is None:
        raise Absent(ABSENT)
    return Path(found).resolve().parent


def _owner():
    for name in ORDINARY:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Absent("PostgreSQL does not run as root: run the tests as another user")


def _scratch(owner, *, durable):
    """Return a folder for it: memory where there is enough, else one with a short path that its owner can come to."""
    memory = None if durable else MEMORY
    if memory and memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > ENOUGH:
        return memory
    usual = Path(tempfile.gettempdir()).resolve()
    reachable = not owner or all(each.stat().st_mode & 0o001 for each in (usual, *usual.parents))
    return usual if reachable and len(os.fsencode(usual)) < LONGEST else Path("/tmp")


def begin(*kind):
    """Begin a cluster; return the folder of its socket, and its process, which ends with this one. Raises Absent.

    ``kind``: nothing, or ``DURABLE``.
    """
    programs()
    server = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__, *kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for those who use it
    )
    state, _, said = server.stdout.readline().strip().partition(" ")
    server.stdout.close()
    if state != "ready":
        server.wait()
        raise Absent(said or "the test's PostgreSQL ended at once")
    return said, server


def end(server):
    """End what ``begin`` began, and wait for it."""
    server.stdin.close()
    server.wait()


def use(folder):
    """Let databases be made in the cluster whose socket is in this folder."""
    os.environ[ENVIRONMENT] = folder


@cache
def _socket_folder():
    """Return where the cluster of all tests is; it is begun where nobody has."""
    if ENVIRONMENT not in os.environ:
        os.environ[ENVIRONMENT], server = begin()
        atexit.register(end, server)
    return os.environ[ENVIRONMENT]


def new_address(template="template0"):
    """Return the address of a new database: an empty one, or a copy of the database that ``template`` names.

    Who asks for it drops it: it takes 8 MB.
    """
    name = f"flowbot_{uuid.uuid4().hex[:16]}"
    # Half of what a copy through the log takes, which is the usual way since version 15.
    _act(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    return address(name)


def drop(address):
    """Remove a database, whoever uses it."""
    _act(f'DROP DATABASE IF EXISTS "{name(address)}" WITH (FORCE)')


def address(name, folder=None):
    """Return the address of a database of this name, in the cluster of all tests, or in that of a folder."""
    return f"postgresql:///{name}?{urlencode({'host': folder or _socket_folder(), 'user': USER})}"


def name(address):
    """Return the name of the database at an address."""
    return urlsplit(address).path.removeprefix("/")


def _act(sql):
    import psycopg

    with psycopg.connect(address("postgres"), autocommit=True) as connection:
        connection.execute(sql)


def main():
    """Begin a cluster and keep it until standard input ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    cluster = Cluster(durable=DURABLE in sys.argv)
    try:
        cluster.start()
    except Absent as absent:
        sys.stdout.write(f"absent {' '.join(str(absent).split())}\n")
        cluster.remove()
        return
    sys.stdout.write(f"ready {cluster.folder}\n")
    sys.stdout.flush()
    try:
        sys.stdin.read()
    finally:
        cluster.stop()
        cluster.remove()


if __name__ == "__main__":
    main()
