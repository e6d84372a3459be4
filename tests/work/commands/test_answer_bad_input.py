"""Bad input and bad days: each gets one clear sentence with the way out, and nothing is lost."""

import re

import pytest
from answer_enos import refusal
from answer_slack import lines_of
from answer_world import FAILED, Lost
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from thorough import examples

from bot.core.flow.model import Parameter, Task, TaskId, UserName
from bot.core.flow.status import Status
from bot.core.text.message import msg
from bot.enos.errors import BadResponse, NoResponse, ServerError, Throttled, Unreachable
from bot.messages.cards import runs as run_cards

RUN = "3377-20261121143000"
ME = "<@U0MAYA00001>"


# ── words ──


BAD_WORDS = [
    ("fial today", "I don't understand `fial`.", "Did you mean `failed`?"),
    ("do something", "I don't know the command `do`.", "`help`"),
    ("trigger", "Which flow?", "`trigger 3377`"),
    ("trigger from 108580", "from", ""),
    ("trigger 3377 108580", "I don't understand `108580`.", "The command is `trigger FLOW"),
    ("trigger 3377 from extract", "`extract` is not a task ID.", "A task ID is a number."),
    ("rerun abc", "`abc` is not a run ID.", "2809-20190812080700"),
    ("runs 2026-11-20..2026-11-10", "This period ends before it begins", "Swap the two times"),
    ("runs since 25:00", "`25:00`", ""),
    ("trigger 3377 with path", "`path` is not a parameter.", "without spaces around `=`"),
    ("trigger 3377 with path = x", "`KEY=VALUE`", ""),
    ("trigger 3377 with =x", "There is no key before `=`.", ""),
    ('show "never closed', "", ""),
    ("failed of", "Which flow?", "`of 3377`"),
    ("failed today today", "`today`", ""),
    ("ack 3377 for ever", "`ever`", ""),
    ("link @maya u1 maya.chen", "`@maya` is not a person in Slack.", "choose from Slack's list"),
    ("status now", "I don't understand `now`.", ""),
    ("trigger ٣٣٧٧", "", ""),
    ("🔥", "I don't know the command `🔥`.", "`help`"),
    ("\u202egnirts\u202c", "I don't know the command", "`help`"),
    ("<!channel>", "I don't understand `@channel`.", ""),
    ("<@U0MAYA00001> status", "I don't know the command", "`help`"),
    ("x" * 10_000, "This command has 10,000 characters, and the limit is 3,000.", "Make it shorter."),
    ("x" * 2_900, "I don't know the command `" + "x" * 39 + "…`", "`help`"),
    ("show " + "n" * 2_900, "EnOS shows you no flow named *nnn", "Check the spelling"),
    ("trigger 3377 with " + "k=v " * 2_500, "", ""),
]


@pytest.mark.parametrize(("words", "what", "way_out"), BAD_WORDS, ids=lambda text: text[:30])
async def test_bad_words_get_one_sentence(world, words, what, way_out):
    (seen,) = await world.alex.says(words)
    assert seen.place == "only alex sees"
    assert what in seen.text
    assert way_out in seen.text
    assert world.enos.done() == []
    assert len(seen.text) < 1500
    assert await world.store.unfinished_attempts() == ()


async def test_smart_quotes_dashes_and_blanks_are_understood(world, maya):
    await maya.says("trigger\u00a03377 with path=“/new files/a=b” note=‘it’s’")
    ((_, _, _, _, sent),) = world.enos.done()
    assert ("path", "/new files/a=b") in sent


async def test_a_long_value_is_sent_whole_and_shown_cut(world, maya):
    (seen,) = await maya.says(f"trigger 3377 with path={'x' * 2_900}")
    ((_, _, _, _, sent),) = world.enos.done()
    assert dict(sent)["path"] == "x" * 2_900
    assert len(seen.text) < 2000


@pytest.mark.parametrize(
    "value", ["مرحبا", "שלום \u202eolleh", "🔥🔥", "a`b`c", "*bold* _it_", "&amp; &lt;", "line1\nline2"]
)
async def test_values_in_any_script_are_sent_as_typed(world, maya, value):
    await maya.says(f'trigger 3377 with note="{value}"')
    ((_, _, _, _, sent),) = world.enos.done()
    assert dict(sent)["note"] == value.replace("&amp;", "&").replace("&lt;", "<")


async def test_a_command_without_words_shows_help(world, maya):
    (seen,) = await maya.mentions("")
    assert "Here's what you can do." in seen.text


async def test_a_local_time_that_does_not_exist_is_refused(world, jonas):
    (seen,) = await jonas.says("trigger 2809 at 2027-03-28 02:30")
    assert "2027-03-28 02:30" in seen.text
    assert world.enos.done() == []


# ── flows and runs ──


async def test_an_ambiguous_name_offers_whole_commands(world, maya):
    (seen,) = await maya.says('trigger "forecast" from 501')
    assert "No flow is named *forecast*. Did you mean one of these?" in seen.text
    await maya.starts(seen, "forecast-wide (4500)")
    assert world.enos.done()[0][:4] == ("triggerFromTask", "u15432100000000011", 4500, 501)


async def test_a_chinese_word_of_two_meanings_offers_both_commands(world, maya):
    (seen,) = await maya.says("启动 3377")
    assert "`trigger 3377` or `enable 3377`" in seen.text
    assert set(seen.buttons) == {"Trigger", "Enable schedule"}
    assert world.enos.done() == []
    await maya.starts(seen, "Trigger")
    assert [call[:3] for call in world.enos.done()] == [("trigger", "u15432100000000011", 3377)]


async def test_two_flows_with_the_same_name_are_offered(world, maya):
    world.enos.add(9001, "Twin", "maya.chen")
    world.enos.add(9002, "twin", "maya.chen")
    (seen,) = await maya.says("show TWIN")
    assert "2 flows are named *TWIN*." in seen.text
    assert set(seen.buttons) == {"Twin (9001)", "twin (9002)"}
    (shown,) = await maya.says("show twin")
    assert "`9002` *twin*" in shown.text


async def test_of_many_flows_ten_are_offered(world, maya):
    for number in range(12):
        world.enos.add(9000 + number, f"many {number}", "maya.chen")
    (seen,) = await maya.says('show "many"')
    assert "The names of 12 flows begin with *many*. These are the first 10." in seen.text
    assert len(seen.buttons) == 10


async def test_a_flow_that_the_person_may_not_see_is_not_named(world, jonas):
    world.enos.hidden[4500] = {"u15432100000000012"}
    (seen,) = await jonas.says("show 4500")
    assert "EnOS has no flow 4500." in seen.text
    (seen,) = await jonas.says("graph 99999")
    assert seen.text.count("Check the ID") == 1
    (seen,) = await jonas.says("runs of forecast-wide")
    assert "EnOS shows you no flow named *forecast-wide*." in seen.text


@pytest.mark.parametrize(
    ("words", "fields", "sentence"),
    [
        ("trigger 3377", {"locked": True}, "is locked in EnOS. Unlock it in the EnOS console"),
        ("enable 3318", {"user_locked": True}, "EnOS has locked your user"),
        ("disable 3377", {"owners": (UserName("somebody.else"),)}, "Ask `somebody.else`. Nothing was changed."),
        ("trigger 3377", {"owners": ()}, "and EnOS names none. Ask your EnOS administrator."),
    ],
)
async def test_a_refused_change_says_why_and_who_may(world, maya, words, fields, sentence):
    for flow in (3377, 3318):
        world.enos.change(flow, **fields)
    (seen,) = await maya.says(words)
    assert seen.place == "only maya sees"
    assert sentence in seen.text
    assert world.enos.done() == []


async def test_an_owner_whose_account_is_deactivated_is_named_and_not_mentioned(world, jonas, maya):
    world.slack.person(maya.person, "maya", deleted=True)
    (seen,) = await jonas.says("enable 4410")
    assert "Ask `maya.chen`, " in seen.text
    del world.slack.profiles[maya.person.user]  # Slack does not know them: then they are mentioned
    (seen,) = await jonas.says("enable 4410")
    assert f"Ask <@{maya.person.user}>, " in seen.text


# ── EnOS on a bad day ──

TROUBLES = {
    "down": (Unreachable(msg("connection refused")), "No connection to EnOS", "Try again in a minute"),
    "silent": (NoResponse(30), "EnOS did not answer", "Try again in a minute"),
    "HTML": (BadResponse(msg("it sent a web page, not JSON")), "EnOS's answer can't be read", "check the EnOS gateway"),
    "throttling": (Throttled(12), "EnOS asks for fewer requests", "Try again in 12 s"),
    "unknown code": (ServerError(200, 62999, "<!here>"), "EnOS had an internal error (62999", "Try again in a minute"),
    "62102 input": (refusal("invalid", "bad"), "EnOS did not accept the input", "Correct what EnOS names"),
    "62102 minute": (refusal("not_created", "repeatedly"), "already triggered within this minute", "wait a minute"),
    "62103": (refusal("no_right", "no right"), "does not allow this user to do that", "Ask one of the flow's owners"),
}
CALLS = {
    "show 3377": "flow",
    "failed": "search",
    "runs of daily-energy-report": "all_flows",
    f"log {FAILED}": "log",
    f"show {FAILED}": "instance",
    "trigger 3377": "trigger",
    f"rerun {FAILED}": "triggerFromTask",
    "trigger 3377 with path=/x": "updateAndTrigger",
    "enable 3318": "enable",
    "disable 3377 confirmed": "disable",
    f"cancel {RUN} confirmed": "cancel",
}


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_whatever_enos_answers_is_one_sentence_and_frees_what_was_claimed(world, maya, trouble):
    fault, what, way_out = TROUBLES[trouble]
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00", log="ERROR")
    world.enos.run(RUN, Status.RUNNING)
    for words, call in CALLS.items():
        world.later(minutes=2)
        world.enos.faults[call] = [fault]
        (seen,) = await maya.says(words)
        assert seen.place == "only maya sees", words
        assert what in seen.text, words
        assert way_out in seen.text, words
        world.later(minutes=2)
        await maya.says(words)  # and now it works
    assert await world.store.unfinished_attempts() == ()
    assert len(world.enos.done()) == 12


@pytest.mark.parametrize("words", [w for w, c in CALLS.items() if c in {"enable", "disable"}])
async def test_a_switch_is_unclear_where_its_answer_and_state_are_lost(world, maya, words):
    world.enos.faults[words.split()[0]] = [Lost(effect=True)]
    world.enos.faults["flow"] = [None, NoResponse(30)]
    (seen,) = await maya.says(words)
    assert "EnOS did not confirm (no answer within 60 s)." in seen.text
    assert [row[2] for row in await world.audited()] == ["unclear:AnswerLost"]


async def test_a_cancel_whose_answer_and_state_are_lost_says_so(world, maya):
    world.enos.run(RUN, Status.RUNNING)
    world.enos.faults["cancel"] = [Lost(effect=True)]
    world.enos.faults["instance"] = [None, NoResponse(30)]
    (seen,) = await maya.says(f"cancel {RUN} confirmed")
    assert "EnOS did not confirm, and I could not read the run's status." in seen.text


# ── nothing from outside does anything in Slack ──

EVIL = "<!channel> <@U0JONAS0001> <!here|x> <#C0ELSEWHERE> <https://evil.test|click> `*_~ &amp; \u202e\n> quote"
HARMLESS = re.compile(
    r"<@U0[A-Z0-9]{9}>|<#C0DATAOPS1>|<https://slack\.test/[^|>]*\|[^>]*>"
    r"|<!date\^\d+\^\{date_short_pretty\} \{time\}\|[-0-9: ]+ UTC>"
)


def dangers(body):
    """What in a message Slack would act on though it does not come from the bot."""
    texts = [body.get("text", ""), *_mrkdwn(body.get("blocks", ())), *_mrkdwn(body.get("attachments", ()))]
    return [text for text in texts if "<" in HARMLESS.sub("", text)]


def _mrkdwn(part):
    if isinstance(part, dict):
        if part.get("type") in {"plain_text", "rich_text"}:
            return []  # nothing is parsed in it
        return [each for key, value in part.items() if key != "value" for each in _mrkdwn(value)]
    if isinstance(part, (list, tuple)):
        return [each for value in part for each in _mrkdwn(value)]
    return [part] if isinstance(part, str) else []


SAYINGS = [
    "show 3377",
    "failed",
    "runs",
    "incidents",
    f"show {FAILED}",
    f"log {FAILED}",
    f"log {FAILED} of 7",
    "trigger 3377 from 7",
    f"trigger 3377 with note=“{EVIL}” <!channel>=1",
    f"rerun {FAILED} from 108580",
    "enable 3377",
    "disable 3377 confirmed",
    f"ack 3377 because {EVIL}",
    f"close 3377 because {EVIL}",
    f'show "{EVIL}"',
    f"by {EVIL}",
    f"runs by “{EVIL}”",
    f"link <@U0PRIYA0001> “{EVIL}” “{EVIL}”",
    "people",
    "audit",
    EVIL,
    f"help {EVIL}",
]


async def test_text_from_outside_does_nothing_in_slack(world, maya):
    evil = UserName(EVIL)
    world.enos.change(3377, name=EVIL, owners=(UserName("maya.chen"), evil), description=EVIL)
    flow = world.enos.flows[3377]
    tasks = tuple(Task(TaskId(task.id), EVIL, task.node) for task in flow.graph.tasks)
    graph = type(flow.graph)(tasks, (), flow.graph.relations)
    world.enos.change(3377, graph=graph, parameters=(Parameter(EVIL, EVIL),))
    await world.breaks(name=EVIL, owners=("maya.chen", EVIL))
    world.enos.run(FAILED, trigger_time=EVIL, start=EVIL, data_date=EVIL, log=EVIL)
    for words in SAYINGS:
        world.later(minutes=2)
        for actor in (maya, world.jonas, world.alex):
            await actor.says(words)
            await actor.mentions(words)
        await world.tick(seconds=5)
    assert len(world.seen) > 100
    assert [(str(each), bad) for each in world.seen if (bad := dangers(each.body))] == []
    assert not [each for each in world.seen if "<!channel>" in str(each.body.get("text", ""))]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(40))
@given(
    some.text(some.characters(codec="utf-8"), max_size=200)
    | some.from_regex(r"<[!@#][A-Za-z0-9|^]{1,20}>", fullmatch=True)
)
async def test_any_words_get_one_harmless_answer(world, text):
    before = len(world.seen)
    await world.alex.says(text)
    new = world.seen[before:]
    assert new
    assert all(not dangers(each.body) for each in new)
    assert all(len("\n".join(lines_of(each.body))) < 12_000 for each in new)


async def test_a_run_message_mentions_nobody_by_a_flow_name(world, maya):
    (message,) = await maya.says("trigger 4410")
    assert "&lt;!channel&gt; weather &amp; wind" in message.text
    assert dangers(message.body) == []
    assert run_cards.who_and_what((await world.store.runs(live=True))[0])["person"] == ME
