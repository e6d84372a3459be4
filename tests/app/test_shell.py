"""``flowbot do``: a linked person's commands from a shell, by way of the running bot."""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from app_kit import ALEX, DATA_OPS, MAYA, PRIYA, hears, running_bot, served

from bot.core.flow.model import InstanceId, UserId, UserName
from bot.core.people.model import Link, Person
from bot.ops import shell_program
from bot.ops.shell_program import Exit

LINKS = (
    Link(Person("T0DEMO0001", MAYA), UserId("u15432100000000011"), UserName("maya.chen"), verified=True),
    Link(Person("T0DEMO0001", ALEX), UserId("u15432100000000014"), UserName("alex.kim"), verified=True),
)
ALWAYS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory):
    async with served() as running, running_bot(running, tmp_path_factory.mktemp("bot")) as bot:
        await hears(bot, running)
        await bot.store.put_links(LINKS)
        yield running, bot


@pytest.fixture
def do(world, capsys, monkeypatch):
    """Carry out a command as on a terminal; the exit code, and what was printed."""

    async def carry_out(*words, by=MAYA, terminal=True, wait=False):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
        database = world[1].settings.database
        code = await asyncio.to_thread(shell_program.run, database, words, person=by, as_json=False, wait=wait)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return carry_out


async def test_a_question_is_answered_in_the_shell_and_nowhere_else(world, do):
    slack = world[0].world.workspace
    before = len(slack.messages(DATA_OPS)), len(slack.messages(slack.state.dm(MAYA).id))
    code, out, err = await do("show", "3377")
    assert (code, err) == (Exit.DONE, "")
    assert out.startswith("3377 daily-energy-report · schedule is on\n")
    assert "Trigger: flowbot do trigger 3377\n" in out
    assert before == (len(slack.messages(DATA_OPS)), len(slack.messages(slack.state.dm(MAYA).id)))


async def test_a_list_is_columns_on_a_terminal_and_rows_in_a_pipe(do):
    code, out, _ = await do("runs", "today")
    lines = out.splitlines()
    assert code is Exit.DONE
    assert lines[2].split() == ["run", "flow", "name", "status", "triggered"]
    code, out, _ = await do("runs", "today", terminal=False)
    found = json.loads(out)
    assert found["exit"] == 0
    assert len(found["rows"]) == len(lines) - 3  # title, a blank line, heading
    assert {"run", "flow", "name", "status", "triggered"} == set(found["rows"][0])
    assert found["command"] == "runs"


async def test_ones_own_flows_are_rows_too(do):
    code, out, _ = await do("mine", terminal=False)
    rows = json.loads(out)["rows"]
    assert (code, {"3377", "2809"} & {each["flow"] for each in rows}) == (Exit.DONE, {"3377"})
    code, out, _ = await do("find", "energy", terminal=False)
    assert "daily-energy-report" in [each["name"] for each in json.loads(out)["rows"]]


async def test_a_change_is_audited_and_its_run_is_followed_to_its_end(world, do):
    running, bot = world
    running.world.platform.add_flow(9000, "morning", owners=("maya.chen",), tasks=((1, "only"),), seconds=0.1)
    code, out, err = await do("trigger", "9000", terminal=False, wait=True)
    answer = json.loads(out)
    assert code is Exit.DONE
    assert answer["ended"]["ok"]
    assert answer["run"] == answer["ended"]["run"]
    assert "morning" in err
    entry = (await bot.store.audit_entries(*ALWAYS, None, limit=1))[0]
    assert (entry.attempt.surface, entry.attempt.words) == ("shell", "trigger 9000")
    assert entry.answer == answer["run"]
    slack = running.world.workspace
    assert any(answer["run"] in slack.shown(each) for each in slack.messages(slack.state.dm(MAYA).id))
    code, out, _ = await do("audit", by=ALEX)
    assert "from a shell" in out


async def test_a_run_that_fails_has_an_exit_code_of_its_own(world, do):
    platform = world[0].world.platform
    platform.add_flow(9001, "nightly", owners=("maya.chen",), tasks=((1, "only"),), seconds=0.1)
    platform.fail(9001)
    code, out, _ = await do("trigger", "9001", terminal=False, wait=True)
    assert code is Exit.RUN_FAILED
    assert not json.loads(out)["ended"]["ok"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["dance"], Exit.REFUSED, "I don't understand dance."),
        (["audit"], Exit.REFUSED, "Only flowbot admins can do this."),
        (["snooze", "all", "for", "1h", "because", "x"], Exit.REFUSED, "Only flowbot admins"),
        (["disable", "3377"], Exit.ASKED, "Disable schedule: flowbot do disable 3377"),
    ],
)
async def test_every_outcome_has_its_exit_code(do, words, code, said):
    found, out, _ = await do(*words)
    assert (found, said in out) == (code, True), out


async def test_a_platform_that_does_not_answer_is_an_outage(world, do):
    faults = world[0].world.platform.faults
    faults.arm("error", status=500)
    try:
        code, out, _ = await do("show", "2809")
    finally:
        faults.clear()
    assert code is Exit.FAILED
    assert "EnOS" in out


async def test_who_is_not_linked_is_refused(do):
    code, out, err = await do("whoami", by=PRIYA, terminal=False)
    assert code is Exit.REFUSED
    assert f"{PRIYA} is not linked to an EnOS user." in err
    assert json.loads(out)["outcome"] == "refused"


@pytest.mark.parametrize(
    ("is_there", "code", "outcome"), [(False, Exit.FAILED, "outage"), (True, Exit.UNCLEAR, "unclear")]
)
async def test_a_bot_that_dies_before_its_answer_may_have_done_it(tmp_path, capsys, is_there, code, outcome):
    async def dies(reader, writer):
        await reader.readline()
        writer.close()

    socket = shell_program.control_socket.socket_path(tmp_path / "killed.db")
    server = await asyncio.start_unix_server(dies, str(socket))
    asked = tmp_path / ("killed.db" if is_there else "away.db")
    words = ["trigger", "3377"]
    found = await asyncio.to_thread(shell_program.run, asked, words, person=MAYA, as_json=True, wait=False)
    server.close()
    assert (found, json.loads(capsys.readouterr().out)["outcome"]) == (code, outcome)


async def test_a_run_that_nobody_follows_is_named(world):
    _, bot = world
    with pytest.raises(Exception, match="does not follow that run"):
        await shell_program.control_socket.ask(bot.settings.database, "follow", {"run": InstanceId("1-20260101000000")})


async def test_a_reader_that_leaves_early_is_no_error(world, monkeypatch):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w", encoding="utf-8") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        database = world[1].settings.database
        code = await asyncio.to_thread(shell_program.run, database, ["runs"], person=MAYA, as_json=True, wait=False)
    assert code is Exit.DONE
