"""No secret that is typed, sent or shown is in the database, in SQLite's other files, or in a backup."""

import gc

import pytest
from answer_enos import Lost
from answer_world import FAILED, OPS, World

from bot.core.flow.model import Parameter
from bot.core.flow.status import Status
from bot.core.people.model import IncomingMessage, Origin, Surface
from bot.store.store import Store
from bot.work.commands.context import SecretCommands

SECRET = "hunter2-S3cret"
RUN = "3377-20261121143000"
COMMAND = Origin(Surface.COMMAND, OPS)
SAID = [
    f"trigger 3377 with password={SECRET}",
    f'trigger 3377 with "password={SECRET} and more"',
    f"trigger 3377 with password=“{SECRET} x” path=/a",
    f"trigger 3377 with pass\u200bword={SECRET}",
    f"trigger 3377 with pass&#119;ord={SECRET}",
    f"trigger 3377 with my.secret.thing={SECRET}",
    f"trigger 3377 with db=jdbc:mysql://h/db?user=u&amp;password={SECRET}",
    f"trigger 3377 with db=<postgres://user:{SECRET}@host/db>",
    f"trigger 3377 with api_key={SECRET} path={'x' * 2500}",
    f"trigger 3377 at 08:00 with password={SECRET}",
    f"trigger 3377 at 08:00 with my.secret.thing={SECRET} path={'x' * 2500}",
    f"trigger 9999 with password={SECRET}",
    f"trigger 3377 with my.secret.thing={SECRET} nonsense here",
    f"trigger 3377 with my.secret.thing={SECRET * 9} nonsense here",
    f'trigger 3377 with my.secret.thing="{SECRET}',
    f"trigger 3377 with password={SECRET} {'x' * 4000}",
    f"triger 3377 with my.secret.thing={SECRET}",
    f"trigger 3377 from 108580 with password={SECRET}",
    f"ack 3377 because the password={SECRET} has expired",
    f"close 3377 because my.secret.thing={SECRET}",
]


def secrets_in(folder, secret=SECRET):
    """The files of a folder that hold a secret, as SQLite would write it."""
    return [file.name for file in sorted(folder.iterdir()) if secret.encode() in file.read_bytes()]


@pytest.mark.parametrize("words", SAID)
@pytest.mark.parametrize("who", ["maya", "stranger", "priya"])
async def test_a_secret_is_written_nowhere_at_any_moment(world, tmp_path, words, who):
    await world.breaks()
    looks = []
    world.enos.before["updateAndTrigger"] = lambda: looks.append(secrets_in(tmp_path))
    actor = world.actors[who]
    assert await world.dispatcher.record_arrival(_said(world, actor, words, "Ev1"))
    looks.append(secrets_in(tmp_path))
    await world.dispatcher.answer_left_over(await world.store.unanswered())
    looks.append(secrets_in(tmp_path))
    await world.delivered()
    for message in await actor.says(words):
        assert SECRET not in str(message.body)
    looks.append(secrets_in(tmp_path))
    await world.store.backup(tmp_path / "backup.db")
    looks.append(secrets_in(tmp_path))
    assert looks == [[]] * len(looks)


def _said(world, actor, words, key):
    return IncomingMessage(key, words, actor.person, COMMAND, world.now)


async def test_between_the_call_and_its_answer_only_a_fingerprint_is_stored(world, maya, tmp_path):
    looks = []
    world.enos.faults["updateAndTrigger"] = [Lost(effect=True)]
    world.enos.before["updateAndTrigger"] = lambda: looks.append(secrets_in(tmp_path))
    (message,) = await maya.says(f"trigger 3377 with password={SECRET}")
    assert looks == [[]]
    world.restart()  # killed before EnOS answered
    await world.tick(seconds=100)
    assert "EnOS does not say who started it." in message.text
    assert ("password", SECRET) in world.enos.done()[0][4]
    await world.store.backup(tmp_path / "backup.db")
    assert secrets_in(tmp_path) == []


async def test_the_flows_own_secrets_are_sent_and_stored_nowhere(world, maya, tmp_path):
    held = Parameter("db", f"jdbc:oracle:thin:scott/{SECRET}@//host:1521/x")
    world.enos.change(3377, parameters=(held, Parameter("path", "/a")))
    world.enos.faults["updateAndTrigger"] = [Lost(effect=True)]
    (message,) = await maya.says("trigger 3377 with path=/b")
    world.restart()
    await world.tick(seconds=100)
    assert "EnOS shows the run" in message.text
    assert ("db", held.value) in world.enos.done()[0][4]
    assert secrets_in(tmp_path) == []


async def test_a_run_with_other_values_is_not_ours(world, maya):
    world.enos.faults["updateAndTrigger"] = [Lost(effect=False)]
    (message,) = await maya.says(f"trigger 3377 with password={SECRET}")
    world.enos.run(RUN, Status.READY, parameters=(*world.enos.flows[3377].parameters, Parameter("password", "another")))
    await world.tick(seconds=1)
    assert "has this trigger time already, but not the tasks and parameters" in message.text


async def test_under_another_key_a_fingerprint_cannot_be_compared_and_the_answer_says_so(world, maya):
    world.enos.faults["updateAndTrigger"] = [Lost(effect=True)]
    (message,) = await maya.says(f"trigger 3377 with password={SECRET}")
    world.secret_key = "a new key"
    world.restart()
    await world.tick(seconds=100)
    assert "I can't check its parameters: my secret key has changed since" in message.text
    assert "I will not start it a second time." in message.text
    assert message.buttons["View run"].endswith(f"show {RUN}")
    assert [row[2] for row in await world.audited()] == ["unclear:parameters"]
    assert len(world.enos.done()) == 1


async def test_a_button_says_its_secret_until_a_restart_and_asks_for_it_after_one(world, maya):
    (asked,) = await maya.says(f"trigger 3377 at 08:00 with my.secret.thing={SECRET}")
    (other,) = await maya.says("trigger 3377 at 08:00 with my.secret.thing=other")
    await maya.starts(asked, "Now, for 08:00 (Asia/Shanghai)")
    assert ("my.secret.thing", SECRET) in world.enos.done()[0][4]
    world.later(minutes=2)
    await maya.starts(other, "Tomorrow 08:00 (Asia/Shanghai)")
    assert ("my.secret.thing", "other") in world.enos.done()[1][4]
    world.later(minutes=2)
    (third,) = await maya.says(f"trigger 3377 at 08:00 with my.secret.thing={SECRET}")
    world.restart()
    (refused,) = await maya.presses(third, "Now, for 08:00 (Asia/Shanghai)")
    assert refused.text.startswith("I don't have the value of `my.secret.thing`: ••• stands for a secret")
    assert "Type the command again with the value itself." in refused.text
    assert len(world.enos.done()) == 2


async def test_stars_copied_from_an_answer_are_not_sent_as_a_password(world, maya):
    (started,) = await maya.says(f"trigger 3377 with password={SECRET}")
    assert "password=•••" in started.text
    world.later(minutes=2)
    (refused,) = await maya.says("trigger 3377 with password=•••")
    assert "Nothing was started." in refused.text
    assert len(world.enos.done()) == 1


async def test_an_old_command_with_a_secret_must_be_typed_again(world, maya):
    await world.killed_before_answering(maya, f"trigger 3377 with password={SECRET}", COMMAND)
    world.later(minutes=3)
    (late,) = await world.answer_left_over()
    assert "send it again" in late.text
    assert late.buttons == {}


async def test_a_log_leaves_the_database_once_it_is_in_slack(world, maya, tmp_path):
    line = "a line of the log that nobody else may read"
    world.enos.run(FAILED, log=f"{line}\n" * 200)
    await maya.says(f"log {FAILED} tail 500")
    assert world.seen[-1].kind in {"file", "whisper"}
    kept = [(await world.store.post(id_)).new.body for id_ in world.messages]
    assert line not in str(kept)


async def test_a_reminder_of_the_note_shows_no_secret(world, maya):
    await world.breaks()
    await maya.says(f"ack 3377 because my.secret.thing={SECRET} is old")
    assert (await world.incident()).note == "my.secret.thing=••• is old"


def test_the_commands_kept_in_memory_are_bounded():
    held, names = SecretCommands(most=3), iter("abcd")
    kept = [held.keep(f"trigger {number}", lambda: next(names)) for number in range(4)]
    assert [held.get(name) for name in kept] == [None, "trigger 1", "trigger 2", "trigger 3"]


async def test_the_closed_database_holds_no_secret(tmp_path):
    path = tmp_path / "flowbot.db"
    async with Store.open(path) as store:
        world = await World.begun(store)
        for number, words in enumerate(SAID):
            world.later(minutes=2)
            await world.say(world.maya, words, COMMAND, key=f"Ev{number}")
    gc.collect()
    assert secrets_in(tmp_path) == []


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_command_of_two_meanings_is_not_offered_without_its_secret(world, maya, language):
    world.speaks(language)
    (seen,) = await maya.says(f"启动 3377 参数 password={SECRET}")
    assert seen.buttons == {}
    assert "`启用 任务流ID`" in seen.text if language == "zh" else "`enable FLOW`" in seen.text
    assert SECRET not in str(seen)
    assert "password=•••`" not in seen.text.splitlines()[0]
    (seen,) = await maya.says("启动 3377")
    assert len(seen.buttons) == 2
