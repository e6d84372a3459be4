"""Who sees the answer: every verb, for every kind of person, on every surface."""

from dataclasses import replace
from datetime import UTC

import pytest
from answer_world import FAILED, LINKED, OPS, Lost

from bot.core.command.requests import Help
from bot.core.command.rights import Caller, Who
from bot.core.command.table import BY_REQUEST, ROWS
from bot.core.flow.status import Status
from bot.core.outbox.conversations import SlackLimited, SlackRefused, SlackUnclear, SlackUnreachable
from bot.core.outbox.posts import PostId, PostKind
from bot.core.people.model import IncomingMessage, Origin, Profile, Surface
from bot.enos.errors import NoResponse
from bot.work.commands.context import Answer, CommandContext, ephemeral, posts_for
from bot.work.delivery.outcomes import Reroute, after_refusal

AT_WORK = "3377-2026112110"
WORDS = {
    "help": "help",
    "trigger": "trigger 3377 confirmed",  # for buttons: else they show first what they would start
    "rerun": f"rerun {FAILED} confirmed",
    "cancel": f"cancel {AT_WORK} confirmed",
    "enable": "enable 3377",
    "disable": "disable 3377 confirmed",
    "runbook": "runbook 3377 call the grid team",
    "expect": "expect 3377 by 06:00",
    "incidents": "incidents",
    "failed": "failed",
    "runs": "runs",
    "show": "show 3377",
    "find": "find energy",
    "mine": "mine",
    "graph": "graph 3377",
    "stats": "stats",
    "log": f"log {FAILED}",
    "ack": "ack 3377",
    "take": "take 3377",
    "unack": "unack 3377",
    "close": "close 3377",
    "reopen": "reopen 3377",
    "snooze": "snooze 3377 for 2h because known",
    "unsnooze": "unsnooze 3377",
    "snoozes": "snoozes",
    "watch": "watch of 3377",
    "unwatch": "unwatch of 3377",
    "watches": "watches",
    "prefs": "prefs mentions off",
    "drill": "drill",
    "link": "link <@U0PRIYA0001> u15432100000000013 priya.nair",
    "unlink": "unlink <@U0PRIYA0001>",
    "people": "people",
    "whoami": "whoami",
    "oncall": "oncall",
    "audit": "audit",
    "status": "status",
}

ANYONE = {"help", "whoami", "oncall", "status"}
READS = {"incidents", "failed", "runs", "show", "find", "mine", "graph", "stats", "log", "snoozes"}
STARTS = {"trigger", "rerun", "cancel", "enable", "disable"}
OWNS = STARTS | {"expect", "runbook"}
ROUTES = {"watch", "unwatch", "watches", "prefs"}
INCIDENT_VERBS = {"ack", "take", "unack", "close", "reopen", "snooze", "unsnooze"}
ADMINS = {"link", "unlink", "people", "audit", "drill"}
PRIVATE = {"log", "graph", "whoami", "oncall", *ADMINS}

NOT_LINKED = "You're not linked to an EnOS user yet"
NOT_ADMIN = "Only flowbot admins can do this"
NOT_OWNER = "Only owners can change"
NOT_A_MEMBER = "Only members of this channel can do this"
NOT_RESPONDER = "and people on call can do this"
MAY = {  # what each person may; all else is refused with the first sentence that fits
    "maya": (ANYONE | READS | OWNS | INCIDENT_VERBS | ROUTES, {"*": NOT_ADMIN}),
    "jonas": (
        ANYONE | READS | ROUTES,
        dict.fromkeys(OWNS, NOT_OWNER) | dict.fromkeys(INCIDENT_VERBS, NOT_RESPONDER) | {"*": NOT_ADMIN},
    ),
    "alex": (
        ANYONE | READS | ADMINS,
        dict.fromkeys(OWNS, NOT_OWNER) | dict.fromkeys(ROUTES, NOT_A_MEMBER) | {"*": NOT_RESPONDER},
    ),
    "sam": (
        ANYONE | {"ack", "take", "unack"},
        dict.fromkeys(ADMINS, NOT_ADMIN) | {"unsnooze": "Flow `3377` is not snoozed", "*": NOT_LINKED},
    ),
    "priya": (ANYONE, dict.fromkeys(ADMINS, NOT_ADMIN) | {"*": NOT_LINKED}),
    "guest": (set(), {"*": "I answer guests only after they are linked"}),
    "stranger": (set(), {"*": "I answer people of my own workspace only"}),
    "robot": (set(), {"*": "I answer people only, not apps"}),
    "gone": (set(), {"*": "This account is deactivated"}),
}


async def by_command(actor, words):
    return await actor.says(words)


async def by_mention(actor, words):
    return await actor.mentions(words)


async def by_mention_in_a_thread(actor, words):
    return await actor.mentions(words, thread="1795000000.999999")


async def by_direct_message(actor, words):
    return await actor.writes(words)


async def by_button(actor, words):
    message = actor.world.seen[0]
    return await actor.carries(message, f"1|{actor.world.new_id()}|{words}")


SURFACES = {  # where the asker sees: a refusal and what is private, a question's answer, a change
    by_command: ("only {} sees", "only {} sees", "#data-ops"),
    by_mention: ("only {} sees", "thread in #data-ops", "#data-ops"),
    by_mention_in_a_thread: ("only {} sees", "thread in #data-ops", "thread in #data-ops"),
    by_direct_message: ("dm {}", "dm {}", "dm {}"),
    by_button: ("only {} sees", "only {} sees", "#data-ops"),
}


@pytest.mark.parametrize("surface", SURFACES, ids=lambda each: each.__name__)
@pytest.mark.parametrize("name", MAY)
async def test_each_verb_has_one_outcome_for_the_right_people(world, name, surface):
    actor, own = world.actors[name], LINKED[name][1] if name in LINKED else None
    may, refusals = MAY[name]
    await world.robot.says("nothing")  # a message in the channel to carry the button
    world.seen[0].channel, world.seen[0].place = OPS, "#data-ops"
    await world.breaks()
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00", log="ERROR")
    world.enos.run(AT_WORK, Status.RUNNING)
    world.enos.change(3377, active=False)
    in_private = surface is by_direct_message  # what goes there is one's own
    for verb, words in WORDS.items():
        if in_private and verb in ROUTES:
            continue  # see test_answer_routing.py
        world.later(minutes=3)
        world.enos.calls.clear()
        before = world.enos.done()
        seen = [
            each
            for each in await surface(actor, words)
            if each.kind not in {"edit", "file"} and "Owners:" not in each.text
        ]
        seen = [each for each in seen if "*DRILL*" not in each.text]  # what it posts where failures go
        seen = [each for each in seen if each.place not in {"dm priya", "dm alex"} or each.place.endswith(name)]
        private, answered, changed = (place.format(name) for place in SURFACES[surface])
        where = f"{name}, {verb}: {[str(each) for each in seen]}"
        if verb not in may:
            (answer,) = seen
            assert answer.place == private, where
            assert refusals.get(verb, refusals["*"]) in answer.text, where
            assert world.enos.done() == before == [], where
        elif verb in INCIDENT_VERBS:
            reply, pointer = seen
            assert (reply.place, pointer.place) == ("thread in #data-ops", private), where
            assert f"<@{actor.person.user}>" in reply.text, where
            answer = pointer
        else:
            (answer,) = seen
            wanted = private if verb in PRIVATE else changed if verb in OWNS | ROUTES - {"watches"} else answered
            assert answer.place == wanted, where
        if verb in STARTS & may:
            assert f"<@{actor.person.user}>" in answer.text, where
            assert [call[1] for call in world.enos.done()] == [own], where
        assert "↳ `" + words.replace("<", "&lt;").replace(">", "&gt;") in answer.text, where
        if verb not in ADMINS:
            assert {call[1] for call in world.enos.calls} <= {own}, f"{where}: read as somebody else"


def test_every_verb_has_its_row_here():
    others = {
        "thread": "test_answer_storm.py",
        "board": "test_answer_board.py",
        **dict.fromkeys(("backfill", "backfills"), "test_answer_backfilling.py"),
        **dict.fromkeys(("retry", "unretry"), "test_answer_retrying.py"),
        "ask": "test_answer_asking.py",
        **dict.fromkeys(("assign", "handover", "accept", "decline", "withdraw"), "test_answer_handover.py"),
    }
    assert {*WORDS, *others} == {row.verb for row in ROWS}
    assert {row.verb for row in ROWS if row.who is Who.ADMIN and row.changes} < ADMINS


# ── the thread of an incident ──


@pytest.mark.parametrize("verb", sorted(INCIDENT_VERBS))
async def test_in_the_incidents_thread_the_reply_is_the_only_outcome(world, maya, verb):
    card = await world.breaks()
    before = {
        "ack": [],
        "take": [],
        "unack": ["ack 3377"],
        "close": [],
        "reopen": ["close 3377"],
        "snooze": [],
        "unsnooze": ["snooze 3377 for 1h because known"],
    }
    for words in before[verb]:
        await maya.says(words)
    (reply, edited) = await maya.mentions(WORDS[verb].replace(" 3377", ""), thread=card.ts)
    assert reply.place == "thread in #data-ops"
    assert "<@U0MAYA00001>" in reply.text
    assert edited is card


@pytest.mark.parametrize("words", ["ack", "close because known", "rerun", "disable 3377 confirmed"])
async def test_a_reply_that_its_channel_refuses_goes_to_the_asker(world, maya, words):
    card = await world.breaks()
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    reply, *_ = await maya.mentions(words, thread=card.ts)
    (id_,) = (id_ for id_, message in world.messages.items() if message is reply)
    step = after_refusal(await world.store.post(id_), "is_archived", default_channel=OPS, wait=30, now=world.now)
    assert step == Reroute(maya.person.user, "is_archived")


async def test_an_incident_elsewhere_gets_its_reply_and_the_asker_a_pointer(world, maya):
    await world.breaks(channel="C0FINANCE1")
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00")
    reply, _, pointer = await maya.says("ack 3377")
    assert reply.place == "thread in #finance-data"
    assert pointer.place == "only maya sees"
    assert "You acknowledged `3377` *daily-energy-report*." in pointer.text


async def test_in_the_thread_the_flow_need_not_be_named(world, maya):
    card = await world.breaks()
    (question,) = await maya.mentions("disable", thread=card.ts)
    (done,) = await maya.presses(question, "Disable schedule")
    assert done.place == "thread in #data-ops"
    assert "disabled the schedule of `3377` *daily-energy-report*." in done.text
    (whole,) = await maya.mentions("runs", thread=card.ts)
    assert whole.place == "thread in #data-ops"


async def test_a_change_asked_for_elsewhere_is_in_the_incidents_thread_and_the_asker_reads_so(world, maya):
    """A log of the incident, read in direct messages, is shown to all from there."""
    card = await world.breaks()
    world.enos.run(FAILED, trigger_time="2026-11-21 10:00:00", log="ERROR")
    (private,) = await maya.presses(card, "View log")
    private.channel = f"D{maya.person.user[1:]}"
    shown, pointer = await maya.presses(private, "Show in thread")
    assert shown.place == "thread in #data-ops"
    assert "I answered in the thread of the incident of `3377` *daily-energy-report*." in pointer.text


# ── where the bot may not post ──


@pytest.mark.parametrize(
    "trouble",
    [
        SlackRefused("missing_scope"),
        SlackRefused("channel_not_found"),
        SlackLimited(5),
        SlackUnclear(),
        SlackUnreachable(),
    ],
)
async def test_without_an_answer_of_slack_the_bot_counts_as_no_member(world, maya, trouble):
    world.slack.broken["channel"] = trouble
    answer, note = await maya.says("trigger 3377")
    assert (answer.place, note.place) == ("dm maya", "only maya sees")
    assert "I can't post in this channel, so I answered in our DMs." in note.text
    assert len(world.enos.done()) == 1


async def test_in_an_archived_channel_the_answer_goes_to_direct_messages(world, maya):
    world.slack.archived.add(OPS)
    answer, note = await maya.says("enable 3318")
    assert (answer.place, note.place) == ("dm maya", "only maya sees")


async def test_a_question_needs_no_membership(world, maya):
    (answer,) = await maya.says("show 3377", channel="C0GENERAL1")
    assert answer.place == "only maya sees"


# ── cases that no command reaches ──


def bare(world, actor, surface):
    where = Origin(surface, f"D{actor.person.user[1:]}" if surface is Surface.DIRECT else OPS)
    incoming = IncomingMessage("key", "words", actor.person, where, world.now)
    caller = Caller(Profile(actor.person), None)
    return CommandContext(incoming, Help(), BY_REQUEST[Help], "words", caller, UTC, world.now, PostId("answer"))


async def test_an_answer_without_a_body_queues_no_post(world, maya):
    assert await posts_for(world.services, bare(world, maya, Surface.BUTTON), Answer(None)) == ()


def test_in_direct_messages_nothing_is_ephemeral(world, maya):
    post = ephemeral(bare(world, maya, Surface.DIRECT), PostId("p"), {"text": "x"})
    assert (post.kind, post.channel) == (PostKind.MESSAGE, "D0MAYA00001")


def test_an_unlinked_caller_has_no_link(world, maya):
    with pytest.raises(LookupError, match="this verb needs a link"):
        _ = bare(world, maya, Surface.COMMAND).link


# ── who is on call ──


@pytest.mark.parametrize(
    ("trouble", "who", "takes"),
    [
        (SlackRefused("missing_scope"), "maya", True),  # an owner does not wait for a scope that is missing
        (SlackRefused("missing_scope"), "jonas", False),
        (SlackUnclear("too slow"), "maya", True),
        (SlackUnclear("too slow"), "sam", False),
        (SlackRefused("missing_scope"), "sam", False),
    ],
)
async def test_where_slack_does_not_say_who_is_on_call(world, trouble, who, takes):
    await world.breaks()
    world.slack.broken["group"] = trouble
    seen = await world.actors[who].says("ack 3377")
    assert any("> acknowledged" in each.text for each in seen) is takes
    assert len([each for each in seen if each.place.startswith("only")]) == 1


async def test_questions_do_not_need_the_on_call_groups(world, maya):
    world.slack.broken["group"] = SlackUnclear("too slow")
    (seen,) = await maya.says("runs")
    assert "EnOS shows you no runs today" in seen.text


async def test_any_of_the_groups_is_on_call(world):
    world.answer_settings = replace(world.answer_settings, oncall=("S0NOBODY001", *world.answer_settings.oncall))
    world.restart()
    (seen,) = await world.sam.says("whoami")
    assert "You are on call" in seen.text


# ── presses ──


@pytest.mark.parametrize(
    ("who", "fault", "outcome"),
    [
        ("jonas", None, "refused:not_owner"),
        ("maya", SlackRefused("internal_error"), "outage:SlackSilent"),
    ],
)
async def test_a_press_that_did_not_act_may_be_pressed_again(world, maya, who, fault, outcome):
    (card,) = await maya.mentions("show 3318")
    world.enos.change(3318, owners=("maya.chen",))
    if fault:
        world.enos.before["enable"] = lambda: (_ for _ in ()).throw(fault)
    await world.actors[who].presses(card, "Enable schedule")
    (done,) = await maya.presses(card, "Enable schedule")
    assert "enabled the schedule of `3318` *reduce_entity*." in done.text
    assert [row[2] for row in await world.audited()] == [outcome, "done"]


async def test_a_press_while_the_first_is_still_running_says_so(world, maya, jonas):
    (card,) = await maya.mentions("show 3318")
    answers = []

    async def enable(flow, *, as_user):
        answers.extend(await jonas.presses(card, "Enable schedule"))

    world.enos.enable = enable
    await maya.presses(card, "Enable schedule")
    assert "I'm still working on it: <@U0MAYA00001> pressed this just now." in answers[0].text


async def test_a_press_that_ended_unclear_is_not_repeated_by_a_press(world, maya):
    (card,) = await maya.mentions("show 3318")
    world.enos.faults["enable"] = [Lost(effect=True)]
    world.enos.faults["flow"] = [None, NoResponse(30)]
    (unclear,) = await maya.presses(card, "Enable schedule")
    assert "EnOS did not confirm (no answer within 60 s). It may have made the change" in unclear.text
    (again,) = await maya.presses(card, "Enable schedule")
    assert "and I don't know whether it was done. Check the state." in again.text
    assert len(world.enos.done()) == 1
