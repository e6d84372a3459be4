"""flowbot doctor with a database on PostgreSQL: it asks a replica on this machine, or looks into the database."""

import json
import os
import tempfile

import postgres
import psycopg
import pytest
from doctor_kit import MAYAS, bad, named

from bot import __version__
from bot.core.checks import on_bot
from bot.core.checks.check import CheckState
from bot.core.checks.on_bot import BotReport
from bot.ops import control_socket
from bot.settings.database import read_database
from bot.store.postgres import examination
from bot.store.store import Store


@pytest.fixture
def database(monkeypatch):
    """A new one; the replicas' sockets are in a folder of this test."""
    address = postgres.new_address()
    with tempfile.TemporaryDirectory(prefix="flowbot-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield address
    postgres.drop(address)


async def test_a_database_that_does_not_answer_is_named(doctor, database):
    gone = database.replace(postgres.name(database), "nowhere")
    check = bad(await doctor(FLOWBOT_DATABASE=gone))["database"]
    assert "The database can't be reached" in check.says
    assert 'database "nowhere" does not exist' in check.says


async def test_a_replica_on_this_machine_is_asked_and_its_database_left_alone(doctor, database):
    async def report(_what):
        return json.dumps(on_bot.written(BotReport(__version__, "", 2, 2, links=(MAYAS,))))

    gone = database.replace(postgres.name(database), "nowhere")
    runner = await control_socket.serve(read_database(gone), {"doctor": report})
    found = await doctor(FLOWBOT_DATABASE=gone)
    await runner.cleanup()
    assert f" is in use by process {os.getpid()}." in named(found, "database").says
    assert named(found, "bot").says == f"flowbot is running: process {os.getpid()}."
    assert named(found, "slack socket").says == "The running flowbot has all 2 connections to Slack."
    assert "maya.chen" in named(found, "links").says


async def test_where_no_replica_is_near_the_database_is_read_and_written(doctor, database):
    Store.open(read_database(database)).close()
    found = await doctor(FLOWBOT_DATABASE=database)
    assert named(found, "postgresql").says.endswith(" answers.")
    assert named(found, "database clock").state is CheckState.OK
    assert named(found, "replicas").says == "No replica is running."
    assert "database pooler" not in {check.name for check in found}
    assert named(found, "database").says.startswith("postgresql://flowbot@/flowbot_")
    assert named(found, "database").says.endswith(" can be read and written.")
    assert "No flowbot on this machine uses the database" in bad(found)["bot"].says
    assert "Run this where a replica runs" in bad(found)["bot"].fix
    assert "slack socket" not in {check.name for check in found}  # a replica elsewhere keeps its events


async def test_replicas_are_named_and_a_pooler_is_found(database):
    async with Store.open(read_database(database)) as store:
        await store.join("host-a, process 3", "1.0")
        await store.lead()
        found = examination.examine(database)
    assert (found.replicas, found.leader, found.is_pooled) == (
        [("host-a, process 3", "1.0")],
        "host-a, process 3",
        False,
    )
    with psycopg.connect(database, autocommit=True) as one:
        assert examination._is_pooled(one, one)  # as behind a pooler: two connections with one session
