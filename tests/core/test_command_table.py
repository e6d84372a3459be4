"""The one table of commands: what the README, Slack and help show of it, and what each row says."""

import pytest

from bot.core.command.parse import parse, say
from bot.core.command.requests import (
    Help,
    Runs,
)
from bot.core.command.rights import Who
from bot.core.command.row import Family, Row
from bot.core.command.spelling import DRY_RUN, spell_name
from bot.core.command.table import (
    BY_REQUEST,
    BY_VERB,
    FAMILIES,
    ROWS,
    markdown_table,
    nearest,
    usage_hint,
)
from bot.core.flow.status import Status as RunStatus
from bot.core.text.message import Message


def test_the_readme_table(snapshot):
    assert markdown_table() == snapshot


def test_the_usage_hint(snapshot):
    assert usage_hint() == snapshot
    assert len(usage_hint()) <= 1000


def test_a_usage_hint_without_room_falls_back_to_bare_verbs():
    rows = [
        Row(f"verb{place}", Help, Who.ANYONE, Message(""), ROWS[1].clauses, family=Family.ME) for place in range(40)
    ]
    hint = usage_hint(rows)
    assert hint.startswith("verb0 FLOW [from TASK]")
    assert hint.endswith("verb38 · verb39")
    assert len(hint) <= 1000


@pytest.mark.parametrize(
    ("verb", "english", "chinese"),
    [
        ("trigger", "trigger FLOW", "触发 任务流ID"),
        ("ack", "ack FLOW", "认领 任务流ID"),
        ("link", "link @person", "绑定 @人员"),
        ("failed", "failed", "失败"),
        ("whoami", "whoami", "我是谁"),
        ("oncall", "oncall", "值班"),
    ],
)
def test_a_verb_in_brief_has_what_it_is_about(verb, english, chinese):
    assert (BY_VERB[verb].brief_in("en"), BY_VERB[verb].brief_in("zh")) == (english, chinese)


def test_each_verb_is_of_a_family_that_help_knows_in_both_languages():
    assert {row.family for row in ROWS} == set(Family)
    for family in Family:
        english, *others = (word for word, each in FAMILIES.items() if each is family)
        assert english == family.value
        assert others
        assert not any(other.isascii() for other in others)


@pytest.mark.parametrize("about", ROWS, ids=lambda each: each.verb)
def test_every_row_is_complete(about):
    assert about.summary.text.endswith(".")
    assert about.examples
    for example in about.examples:
        delivered = example.replace("@jane", "<@U012AB>")
        request = parse(delivered)
        assert BY_REQUEST[type(request)] is about
        assert say(request).split()[0] == about.verb
        assert parse(say(request)) == request
    assert parse(about.verb.upper() + say(parse(delivered))[len(about.verb) :]) == parse(delivered)
    assert about.verb == about.verb.casefold()


def test_words_of_the_grammar_are_letters_only():
    """Names with other signs are said without quotes, because no word of the grammar has any: but for one."""
    for each in ROWS:
        assert all(clause.word.isalpha() or clause.word == DRY_RUN for clause in each.clauses if clause.word)
    assert spell_name(DRY_RUN) == '"dry-run"'


def test_who_may_and_what_is_on_record():
    assert {each.verb for each in ROWS if each.who is Who.OWNER} == {
        "trigger", "rerun", "cancel", "enable", "disable", "runbook", "retry", "expect", "backfill", "backfills"
    }  # fmt: skip
    assert {each.verb for each in ROWS if each.who is Who.RESPONDER} == {
        "ack", "unack", "take", "assign", "accept", "close", "reopen", "thread", "snooze", "unsnooze", "unretry"
    }  # fmt: skip
    assert {each.verb for each in ROWS if each.who is Who.ADMIN} == {"link", "unlink", "people", "audit", "drill"}
    assert {each.verb for each in ROWS if each.who is Who.ANYONE} == {
        "help", "whoami", "oncall", "status", "handover", "decline", "withdraw", "board"
    }  # fmt: skip
    assert {each.verb for each in ROWS if each.changes} == {
        "trigger", "rerun", "cancel", "enable", "disable", "ack", "unack", "close", "reopen", "thread", "link",
        "unlink", "watch", "unwatch", "prefs", "take", "assign", "handover", "accept", "decline", "withdraw",
        "snooze", "unsnooze", "drill", "runbook", "retry", "unretry", "expect", "backfill", "backfills", "ask",
    }  # fmt: skip
    assert {each.verb for each in ROWS if each.shows} == {"prefs"}  # alone, it changes nothing
    assert {each.verb for each in ROWS if each.in_thread} == {
        "rerun", "cancel", "enable", "disable", "show", "graph", "log", "ack", "unack", "close", "reopen", "thread",
        "take", "assign", "snooze", "unsnooze", "retry", "unretry", "expect", "backfill",
    }  # fmt: skip


def test_verbs_are_found_and_suggested():
    assert nearest("acknowlege") == "ack"
    assert nearest("incident") == "incidents"
    assert nearest("xyz") == ""


def test_every_status_has_a_word():
    for status in RunStatus:
        assert parse(f"runs {status.name}") == parse(f"runs {int(status)}") == Runs(statuses=(int(status),))
