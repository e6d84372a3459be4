"""A shell's arguments as a command: each case begins with what was typed."""

import pytest

from bot.core.command.parse import parse, say
from bot.core.shell.completion import following
from bot.core.shell.words import from_arguments


@pytest.mark.parametrize(
    ("arguments", "understood"),
    [
        (["trigger", "3377", "from", "108580"], "trigger 3377 from 108580"),
        (["trigger 3377 from 108580"], "trigger 3377 from 108580"),
        (["trigger 3377", "from", "108580"], "trigger 3377 from 108580"),
        (["trigger", "3377", "with", "city=New York"], 'trigger 3377 with city="New York"'),
        (["trigger", "3377", "with", 'said=a "b" c'], "trigger 3377 with said='a \"b\" c'"),
        (["trigger", "3377", "with", "rule=a<b&c>d"], "trigger 3377 with rule=a&lt;b&c>d"),
        (["trigger", "3377", "with", "rule=&amp; is kept"], 'trigger 3377 with rule="&amp;amp; is kept"'),
        (["show", "daily report"], 'show "daily report"'),
        (["show", "daily report = new"], 'show "daily report = new"'),
        (["ack", "2809", "for", "2h", "because", "the source", "is down"], None),
        (["确认", "2809", "原因", "数据源 坏了"], "ack 2809 because 数据源 坏了"),
        (["assign", "2809", "to", "@U0JONAS0001"], "assign 2809 to <@U0JONAS0001>"),
        (["assign", "2809", "to", "U0JONAS0001"], "assign 2809 to <@U0JONAS0001>"),
        (["failed", "yesterday"], "failed yesterday"),
    ],
)
def test_a_command_is_read_as_the_shell_split_it(arguments, understood):
    wanted = understood or "ack 2809 for 2h because the source is down"
    assert say(parse(from_arguments(arguments), "/flow")) == wanted


def test_a_value_arrives_as_it_was_typed():
    request = parse(from_arguments(["trigger", "3377", "with", "a=x<y>&z", 'b=say "&amp;"']), "/flow")
    assert [each.value for each in request.parameters] == ["x<y>&z", 'say "&amp;"']


def test_no_arguments_are_no_words():
    assert from_arguments([]) == ""


@pytest.mark.parametrize(
    ("words", "typed", "offered"),
    [
        ([], "trig", ["trigger"]),
        ([], "触", ["触发"]),
        (["trigger", "3377"], "", ["from", "at", "with"]),
        (["trigger", "3377", "from", "1"], "", ["at", "with"]),
        (["ack", "2809", "for", "2h"], "b", ["because"]),
        (["prefs", "mentions"], "", ["on", "off"]),
        (["dance"], "", []),
    ],
)
def test_a_shell_completes_verbs_and_then_the_words_of_their_clauses(words, typed, offered):
    found = following(words, typed)
    assert found[: len(offered)] == offered
    assert bool(found) == bool(offered)
