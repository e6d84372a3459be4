"""People and backups from the command line: with the database's lock, or through the bot that holds it."""

import json
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import postgres
import pytest

from bot.core.errors import Refusal
from bot.core.flow.model import UserId, UserName
from bot.core.people.model import Link, Person
from bot.ops import control_socket, offline, people_file
from bot.settings.table import load
from bot.slack.directory import Identity
from bot.store.store import Store

HEADER = "slack_user,enos_user_id,enos_user_name\n"
FILE = f"{HEADER}T0DEMO0001:U0MAYA00001,u1,maya.chen\nT0DEMO0001:U0JONAS0001,u2,jonas.weber\n"
MAYA = Link(Person("T0DEMO0001", "U0MAYA00001"), UserId("u1"), UserName("maya.chen"))


on_both = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def database(request, tmp_path):
    """Where the database is: a file, but for a test of PostgreSQL."""
    if getattr(request, "param", "") != "postgresql":
        yield str(tmp_path / "flowbot.db")
        return
    address = postgres.new_address()
    yield address
    postgres.drop(address)


@pytest.fixture
def settings(database):
    return load(
        {
            "SLACK_BOT_TOKEN": "xoxb-1",
            "SLACK_APP_TOKEN": "xapp-1",
            "SLACK_API_URL": "http://127.0.0.1:9/api/",
            "ENOS_API_URL": "http://127.0.0.1:9",
            "ENOS_ACCESS_KEY": "key",
            "ENOS_SECRET_KEY": "secret",
            "ENOS_ORG_ID": "o1",
            "ENOS_USER_ID": "u0",
            "FLOWBOT_CHANNEL": "C0DATAOPS1",
            "FLOWBOT_ADMINS": "U0ALEX00001",
            "FLOWBOT_DATABASE": database,
        }
    )


async def told(settings):
    async with Store.open(settings.database) as store:
        return {
            post.new.channel: post.new.body["blocks"][0]["text"]["text"] for post in await store.due(datetime.now(UTC))
        }


@on_both
async def test_links_are_added_and_the_people_and_admins_told(settings):
    done = await offline.import_people(settings, FILE)
    assert done == "Added: 2. Changed: 0. Unchanged: 0. flowbot verifies each link when it is first used.\n"
    assert await offline.list_people(settings) == (
        f"{HEADER}T0DEMO0001:U0JONAS0001,u2,jonas.weber\nT0DEMO0001:U0MAYA00001,u1,maya.chen\n"
    )
    posts = await told(settings)
    assert set(posts) == {"U0MAYA00001", "U0JONAS0001", "U0ALEX00001"}
    assert posts["U0MAYA00001"] == (
        "An import linked you to the EnOS user `maya.chen` (`u1`). If that is wrong, tell a flowbot admin."
    )


@on_both
async def test_whoever_slack_was_not_asked_about_is_told_in_the_language_of_the_settings(settings):
    await offline.import_people(replace(settings, language="zh"), FILE)
    assert "EnOS 用户" in (await told(settings))["U0MAYA00001"]


@on_both
async def test_an_import_of_many_tells_each_person_once_and_each_admin_once(settings):
    admins = ("U0ALEX00001", "UPERSON007")
    lines = [f"T0DEMO0001:UPERSON{n:03},u{n},name.{n}" for n in range(60)]
    async with Store.open(settings.database) as store:
        await people_file.import_links(store, admins, {"text": "\n".join([HEADER.strip(), *lines]), "team": ""})
        await people_file.import_links(store, admins, {"text": "\n".join([HEADER.strip(), *lines]), "team": ""})
        posts = [post.new for post in await store.due(datetime.now(UTC), limit=1000)]
    assert sorted(post.channel for post in posts) == sorted([*(f"UPERSON{n:03}" for n in range(60)), "U0ALEX00001"])
    texts = {post.channel: post.body["blocks"][0]["text"]["text"] for post in posts}
    assert "Added: 60. Changed: 0." in texts["U0ALEX00001"]
    assert "and 30 more" in texts["U0ALEX00001"]
    assert texts["UPERSON003"].count("EnOS user") == 1
    assert "`name.7`" in texts["UPERSON007"]
    assert "Added: 60." in texts["UPERSON007"], "an admin whose own link is among them reads it all in one message"


@on_both
async def test_changed_links_are_summed_up_too_and_one_person_in_two_teams_is_told_once(settings):
    await offline.import_people(settings, FILE)
    async with Store.open(settings.database) as store:
        for post in await store.due(datetime.now(UTC)):
            await store.give_up(post.new.id, "read", datetime.now(UTC))
    changed = FILE.replace("maya.chen", "maya.c").replace("jonas", "j") + "T0OTHER0001:U0MAYA00001,u9,maya.other\n"
    await offline.import_people(settings, changed)
    async with Store.open(settings.database) as store:
        posts = [post.new for post in await store.due(datetime.now(UTC))]
    assert sorted(post.channel for post in posts) == ["U0ALEX00001", "U0JONAS0001", "U0MAYA00001"]
    assert "Added: 1. Changed: 2." in str([post.body for post in posts])


@on_both
async def test_people_who_left_get_no_notices(settings):
    async with Store.open(settings.database) as store:
        known = json.dumps(["user_disabled", datetime.now(UTC).isoformat()])
        await store.set_note("unreached U0ALEX00001", known)
    await offline.import_people(settings, FILE)
    assert set(await told(settings)) == {"U0MAYA00001", "U0JONAS0001"}


@on_both
async def test_a_second_import_changes_only_what_differs(settings):
    await offline.import_people(settings, FILE)
    done = await offline.import_people(settings, FILE.replace("maya.chen", "maya.c"))
    assert done.startswith("Added: 0. Changed: 1. Unchanged: 1.")


@on_both
async def test_a_proven_link_that_stays_as_it_was_stays_proven(settings):
    async with Store.open(settings.database) as store:
        await store.put_links([MAYA])
        await store.mark_proven(MAYA)
    await offline.import_people(settings, FILE)
    async with Store.open(settings.database) as store:
        assert (await store.link(MAYA.person)).verified


@on_both
async def test_a_wrong_line_imports_nothing(settings):
    with pytest.raises(Refusal, match="Line 4 needs three columns"):
        await offline.import_people(settings, f"{FILE}T1:U1\n")
    assert await offline.list_people(settings) == HEADER


@on_both
async def test_while_slack_cannot_be_asked_lines_must_name_their_team(settings):
    with pytest.raises(Refusal, match="Line 2: write U0MAYA00001 with its team"):
        await offline.import_people(settings, f"{HEADER}U0MAYA00001,u1,maya.chen\n")


@on_both
async def test_people_of_a_workspace_are_known_by_its_enterprise(settings):
    async with Store.open(settings.database) as store:
        me = Identity("T0DEMO0001", "U0BOT", "B0BOT", enterprise="E0BIG")
        await people_file.import_links(store, (), {"text": FILE}, me)
        assert {link.person.team for link in await store.links()} == {"E0BIG"}


async def test_a_backup_says_where_it_is(settings, tmp_path):
    await offline.import_people(settings, FILE)
    copy = tmp_path / "copy.db"
    assert await offline.backup(settings, str(copy)) == f"The database was copied to {copy}.\n"
    async with Store.open(copy) as store:
        assert len(await store.links()) == 2


async def test_what_is_not_there_is_not_copied_over_an_older_backup(settings, tmp_path):
    await offline.import_people(settings, FILE)
    copy = tmp_path / "copy.db"
    await offline.backup(settings, str(copy))
    before = copy.read_bytes()
    settings.database.unlink()
    with pytest.raises(Refusal, match="There is no database at"):
        await offline.backup(settings, str(copy))
    assert copy.read_bytes() == before
    assert not settings.database.exists()


async def test_the_running_bot_takes_no_target_that_is_its_own(settings, tmp_path):
    (tmp_path / "link").symlink_to(settings.database)
    async with Store.open(settings.database) as store:
        await store.put_links([MAYA])
        runner = await control_socket.serve(settings.database, {"backup": partial(offline.back_up, store)})
        for name in ("flowbot.db", "link", "flowbot.db.lock", "flowbot.db.sock", "flowbot.db-journal"):
            with pytest.raises(
                Refusal, match=r"belongs to the database that flowbot should copy\. Nothing was changed"
            ):
                await offline.backup(settings, str(tmp_path / name))
        assert await offline.backup(settings, str(tmp_path / "copy.db"))
        assert await store.links() == (MAYA,)
        await runner.cleanup()


async def test_the_bot_that_holds_the_database_does_it(settings, tmp_path):
    store = Store.open(settings.database)

    async def act(what):
        return f"{sorted(what)}\n"

    runner = await control_socket.serve(settings.database, dict.fromkeys(("import", "list", "backup"), act))
    assert await offline.import_people(settings, FILE) == "['text']\n"
    assert await offline.list_people(settings) == "[]\n"
    assert await offline.backup(settings, str(tmp_path / "copy.db")) == "['file']\n"
    await runner.cleanup()
    store.close()


async def test_a_database_that_cannot_be_opened_is_told_as_it_is(settings, tmp_path):
    settings.database.mkdir()
    with pytest.raises(Refusal) as refused:
        await offline.list_people(settings)
    assert refused.value.reason != "no_answer"


POSTGRESQL = pytest.mark.parametrize("database", ["postgresql"], indirect=True)


@POSTGRESQL
async def test_people_are_imported_and_listed_while_replicas_run(settings):
    async with Store.open(settings.database):
        await offline.import_people(settings, FILE)
        assert (await offline.list_people(settings)).count("\n") == 3


@POSTGRESQL
async def test_a_database_on_postgresql_is_not_copied_into_a_file(settings, tmp_path):
    with pytest.raises(Refusal) as refused:
        await offline.backup(settings, str(tmp_path / "copy.db"))
    assert "flowbot backup copies an SQLite file" in str(refused.value)
    assert "Use pg_dump, or `flowbot database copy`" in str(refused.value)
    assert not (tmp_path / "copy.db").exists()


@POSTGRESQL
async def test_a_drill_is_made_by_a_replica_on_this_machine(settings, folder_for_sockets):
    with pytest.raises(Refusal, match="No flowbot on this machine uses the database postgresql://flowbot@/flowbot_"):
        await offline.drill(settings)

    async def drill(_what):
        return json.dumps({"said": "Posted.\n", "ok": True})

    runner = await control_socket.serve(settings.database, {"drill": drill})
    assert await offline.drill(settings) == {"said": "Posted.\n", "ok": True}
    await runner.cleanup()


@pytest.fixture
def folder_for_sockets(monkeypatch):
    """A folder for temporary files with a short name."""
    with tempfile.TemporaryDirectory(prefix="flowbot-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield
