"""The tables on PostgreSQL: a database that took steps is as one made new; one that is not ours is left alone."""

import threading

import postgres
import psycopg
import pytest
from new_database import Server

from bot.core.errors import DatabaseUnavailable, NewerDatabase, Refusal
from bot.store.postgres.database import PostgresDatabase, connect
from bot.store.postgres.schema import FIRST_VERSION, migrate
from bot.store.schema import STEPS
from bot.store.store import Store

# What a later version may do; of what is done to rows it shows that it is done.
LATER = (
    (
        """
        CREATE TABLE things (
          number INTEGER PRIMARY KEY AUTOINCREMENT,
          user TEXT NOT NULL DEFAULT '', -- who has it
          incident TEXT REFERENCES incidents (id) ON DELETE CASCADE,
          at INTEGER NOT NULL,
          UNIQUE (user, at)
        ) STRICT
        """,
        "CREATE TABLE pairs (one TEXT NOT NULL, two INTEGER NOT NULL, PRIMARY KEY (one, two)) STRICT, WITHOUT ROWID",
        "CREATE UNIQUE INDEX things_of ON things (user) WHERE user <> ''",
        "ALTER TABLE incidents ADD COLUMN thing INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE runs ADD COLUMN user TEXT",
        "UPDATE notes SET value = value || '!' WHERE name = 'zone'",
    ),
    (
        "DROP INDEX things_of",
        "DROP INDEX deliveries_unanswered",
        "ALTER TABLE deliveries DROP COLUMN said",
        "DROP TRIGGER attempts_as_written",
        """
        CREATE TRIGGER attempts_as_written BEFORE UPDATE OF id, key ON attempts
        BEGIN SELECT RAISE(ABORT, 'never'); END
        """,
        "DROP TABLE stashes",
    ),
)

# What there is: columns, keys and other conditions, indexes, triggers and functions.
THERE = """
    SELECT table_name || '.' || column_name, data_type, collation_name, is_nullable, column_default, is_identity
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid), NULL, NULL, NULL, NULL
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT indexname, indexdef, NULL, NULL, NULL, NULL FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT tgname, pg_get_triggerdef(oid), NULL, NULL, NULL, NULL FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL SELECT oid::regprocedure::text, prosrc, NULL, NULL, NULL, NULL
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""


WAITS = """
    SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
      AND query = 'SELECT 1 FROM replication FOR UPDATE'
"""


@pytest.fixture
def addresses():
    """Make empty databases, which go with the test."""
    made = []

    def new():
        made.append(Server(postgres.new_address()))
        return made[-1]

    yield new
    for each in made:
        postgres.drop(each.url)


def there(address):
    with connect(address.url, lock_timeout=5) as connection:
        return {tuple(row) for row in connection.execute(THERE)}


def migrated(address, steps):
    with connect(address.url, lock_timeout=5) as connection:
        return migrate(connection, steps)


def rows(address, sql):
    with psycopg.connect(address.url) as connection:
        found = connection.execute(sql)
        return found.fetchall() if found.description else []


@pytest.mark.parametrize("version", range(FIRST_VERSION, len(STEPS) + 2))
def test_a_database_that_took_later_steps_is_as_one_made_new(addresses, version):
    steps = (*STEPS, *LATER)
    made, older = addresses(), addresses()
    assert migrated(made, steps) == len(steps)
    assert migrated(older, steps[:version]) == version
    assert there(older) != there(made)
    rows(older, "INSERT INTO notes VALUES ('zone', 'UTC')")
    assert migrated(older, steps) == len(steps) - version
    assert there(older) == there(made)
    assert rows(older, "SELECT version FROM replication") == [(len(steps),)]
    assert migrated(older, steps) == 0


def test_rows_are_changed_by_a_step_and_what_is_in_them_stays(addresses):
    address = addresses()
    with connect(address.url, lock_timeout=5) as connection:
        migrate(connection)
        connection.execute("INSERT INTO notes VALUES ('zone', 'UTC'), ('other', 'x')")
        migrate(connection, (*STEPS, *LATER))
        assert [tuple(row) for row in connection.execute("SELECT name, value FROM notes ORDER BY name")] == [
            ("other", "x"),
            ("zone", "UTC!"),
        ]


def test_a_step_that_fails_leaves_everything_as_it_was(addresses):
    address = addresses()
    migrated(address, STEPS)
    before = there(address)
    with pytest.raises(psycopg.errors.UndefinedTable):
        migrated(address, (*STEPS, LATER[0], ("CREATE TABLE good (id INTEGER) STRICT", "UPDATE nothing SET id = 1")))
    assert there(address) == before
    assert rows(address, "SELECT version FROM replication") == [(len(STEPS),)]
    Store.open(address).close()


def test_a_first_step_that_fails_leaves_the_database_empty(addresses):
    address = addresses()
    with pytest.raises(psycopg.errors.DuplicateTable):
        migrated(address, (*STEPS, ("CREATE TABLE replication (id INTEGER) STRICT",)))
    assert there(address) == set()
    Store.open(address).close()


def test_a_step_waits_for_who_is_writing_and_who_writes_next_finds_the_new_version(addresses):
    address = addresses()
    writer = PostgresDatabase(address.url, lock_timeout=5)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO notes VALUES ('zone', 'UTC')")
    taken = []

    def step():
        with connect(address.url, lock_timeout=0.001) as newer:  # it waits longer than others do
            taken.append(migrate(newer, (*STEPS, ("ALTER TABLE notes ADD COLUMN seen INTEGER NOT NULL DEFAULT 0",))))

    migrating = threading.Thread(target=step)
    migrating.start()
    with psycopg.connect(address.url, autocommit=True) as looks:
        while migrating.is_alive() and not looks.execute(WAITS).fetchall():
            pass
    assert taken == []
    writer.execute("COMMIT")
    migrating.join()
    assert taken == [1]
    with pytest.raises(NewerDatabase):
        writer.execute("BEGIN IMMEDIATE")
    writer.rollback()
    writer.close()
    assert rows(address, "SELECT * FROM notes") == [("zone", "UTC", 0)]


def test_several_that_open_a_new_database_at_once_make_it_once(addresses):
    address, taken = addresses(), []
    threads = [threading.Thread(target=lambda: taken.append(migrated(address, STEPS))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [0, 0, 0, len(STEPS)]


async def test_a_database_of_a_newer_flowbot_is_refused_and_left_as_it_is(addresses):
    address = addresses()
    migrated(address, (*STEPS, *LATER))
    before = there(address)
    with pytest.raises(Refusal, match="A newer flowbot has written") as refused:
        Store.open(address)
    assert refused.value.reason == "newer_database"
    assert there(address) == before


@pytest.mark.parametrize("made", ["CREATE TABLE incidents (id INT)", "CREATE VIEW replication AS SELECT 1 AS version"])
def test_a_database_of_another_program_is_refused_and_left_alone(addresses, made):
    address = addresses()
    rows(address, made)
    before = there(address)
    with pytest.raises(Refusal, match="belongs to another program") as refused:
        Store.open(address)
    assert refused.value.reason == "foreign_database"
    assert there(address) == before


def test_a_database_that_is_not_there_is_an_outage(addresses):
    address = addresses()
    gone = Server(address.url.replace(postgres.name(address.url), "nothing"))
    with pytest.raises(DatabaseUnavailable, match='database "nothing" does not exist'):
        Store.open(gone)


def test_texts_are_compared_by_their_bytes_whatever_language_the_server_speaks(addresses):
    address = addresses()
    migrated(address, STEPS)
    assert {collation for _, type_, collation, *_ in there(address) if type_ == "text"} == {"C"}
