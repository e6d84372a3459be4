"""Words: what Slack and phones do to a text, and what reading it makes of that."""

import pytest

from bot.core.command.markup import decode
from bot.core.command.parse import parse, say
from bot.core.command.requests import (
    Ack,
    FlowRef,
    OwnerRef,
    Runbook,
    Runs,
    Show,
    Trigger,
)
from bot.core.command.shown import tick
from bot.core.command.tokens import Cursor
from bot.core.errors import Refusal
from bot.core.flow.model import Parameter
from bot.core.text.escape import visible
from bot.core.text.language import ZH

ME = "u15432100000000011"


@pytest.mark.parametrize(
    ("delivered", "typed"),
    [
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("&amp;lt;", "&lt;"),  # undone once only
        ("&quot;", "&quot;"),  # not one of Slack's
        ("&#34;&#8220;", '"“'),
        ("&#0; &#55296; &#9999999;", "� � �"),
        ("<@U012AB>", "<@U012AB>"),
        ("<@U012AB|jane d>", "@jane d"),
        ("<@W012AB|&lt;j&gt;>", "@<j>"),
        ("<#C012AB|general>", "#general"),
        ("<#C012AB|>", "<#C012AB>".replace(">", "|>")),
        ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
        ("<!here|@here>", "@here"),
        ("<!subteam^S012|@team>", "@team"),
        ("<!subteam^S012>", "<!subteam^S012>"),
        ("<https://a.b/c?x=1&amp;y=2>", "https://a.b/c?x=1&y=2"),
        ("<https://a.b|https://a.b>", "https://a.b"),
        ("<http://a.b|a.b>", "a.b"),
        ("<http://a.b/|a.b>", "a.b"),
        ("<https://a.b/c|the page>", "https://a.b/c"),
        ("<mailto:jane@a.b|jane@a.b>", "jane@a.b"),
        ("<tel:+491234|+491234>", "+491234"),
        ("a < b > c", "a < b > c"),
        ("\x00\ud800", "��"),
    ],
)
def test_slacks_encodings_are_undone(delivered, typed):
    assert decode(delivered).text == typed


@pytest.mark.parametrize(
    ("delivered", "straight"),
    [
        ("a“b”c d‘e’f g«h»i", 'a"b"c d\'e\'f g"h"i'),
        ("2809–20190812 — −1", "2809-20190812 - -1"),
        ("a\u00a0b\u202fc\nd", "a b c d"),
        ("\u202eabc\u200f\u200b\ufeff\u00ad\x07", "abc"),
        ("&amp; &#8220;", "& “"),  # what was spelled out stays
        ("👩\u200d🚀", "👩\u200d🚀"),  # joiners change what is seen
    ],
)
def test_punctuation_is_straightened(delivered, straight):
    cursor, words = Cursor(delivered), []
    while token := cursor.take():
        words.append(token.word)
    assert " ".join(words) == straight


@pytest.mark.parametrize(
    "text",
    [
        "show 3377",
        "  SHOW\u00a03377  ",
        "show `3377`",
        "`show 3377`",
        "```show 3377```",
        "``` show 3377\n```",
        "`show` `3377`",
        "show\u200f \u202a3377\u202c",
        "show\n3377",
    ],
)
def test_the_same_command_in_many_shapes(text):
    assert parse(text) == Show(FlowRef(id=3377))


@pytest.mark.parametrize(
    "quoted",
    ['"daily energy"', "“daily energy”", "„daily energy“", "«daily energy»", "‘daily energy’", "'daily energy'",
     '"daily energy"\u200f', '`"daily energy"`', '“daily\u00a0energy"'],
)  # fmt: skip
def test_quotes_of_any_shape_group(quoted):
    assert parse(f"show {quoted}") == Show(FlowRef(name="daily energy"))


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("a=1", {"a": "1"}),
        ("a=", {"a": ""}),
        ('a=""', {"a": ""}),
        ("a=b=c", {"a": "b=c"}),
        ("a==", {"a": "="}),
        ('a="x y" b=2', {"a": "x y", "b": "2"}),
        ("a=“x y”", {"a": "x y"}),
        ("a=it’s", {"a": "it’s"}),  # inside a value only Slack's own encodings are undone
        ("a=‘it’s fine’", {"a": "it’s fine"}),
        ('a="say “x”, now"', {"a": "say “x”, now"}),
        ("a='say “x” now'", {"a": "say “x” now"}),
        ('a="x y” b=“z”', {"a": "x y", "b": "z"}),
        ('a="say “x” now"', None),  # two readings
        ('a="x y” b="z"', None),
        ("""a='{"k": 1, "l": "m"}'""", {"a": '{"k": 1, "l": "m"}'}),
        ("a=x–y—z", {"a": "x–y—z"}),
        ("a=`x`", {"a": "`x`"}),
        ("`a=x`", {"a": "x"}),
        ("`a`=x", {"a": "x"}),
        ("a=C:\\new", {"a": "C:\\new"}),
        ("a=x\u200f", {"a": "x\u200f"}),
        ("a=&lt;b&gt;&amp;", {"a": "<b>&"}),
        ("a=<https://x.y/z|https://x.y/z>", {"a": "https://x.y/z"}),
        ("a=<mailto:j@x.y|j@x.y>", {"a": "j@x.y"}),
        ("a=<@U012AB|jane d>", {"a": "@jane d"}),
        ("a=<#C012AB|general>", {"a": "#general"}),
        ("from=1 with=2 at=now", {"from": "1", "with": "2", "at": "now"}),
        ('"my key"=x', {"my key": "x"}),
        ('"my key"="x y"', {"my key": "x y"}),
        ('"path=/new files"', {"path": "/new files"}),
        ("a\u00a0b=1", None),
        ('a="x y', None),
    ],
)
def test_parameters(words, values):
    if values is None:
        with pytest.raises(Refusal):
            parse(f"trigger 3377 with {words}")
        return
    expected = Trigger(FlowRef(id=3377), parameters=tuple(Parameter(*each) for each in values.items()))
    assert parse(f"trigger 3377 with {words}") == expected


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("a", "1", "a=1"),
        ("a", "", 'a=""'),
        ("a", "x y", 'a="x y"'),
        ("a", 'x" y', "a='x\" y'"),
        ("a", "x\" y' z", 'a="x&#34; y\' z"'),
        ("a", "<@U012AB>", "a=&lt;@U012AB>"),
        ("a", "1 < 2 && &lt;", 'a="1 < 2 && &amp;lt;"'),
        ("a", "'x", 'a="\'x"'),
        ("my key", "1", '"my key"=1'),
        ("my\u00a0key", "1", "my&#160;key=1"),
        ("a=b", "c=d", '"a=b"=c=d'),
        ('say "hi"', "1", '"say "hi""=1'),
        ("&`", "1", '"&`"=1'),
        ("’", "’", '&#8217;="’"'),
    ],
)
def test_how_parameters_are_said(key, value, words):
    request = Trigger(FlowRef(id=1), parameters=(Parameter(key, value),))
    assert say(request) == f"trigger 1 with {words}"
    assert parse(say(request)) == request


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("daily-energy", "daily-energy"),
        ("reduce_entity", "reduce_entity"),
        ("billing", '"billing"'),
        ("from", '"from"'),
        ("3377", '"3377"'),
        ("²0", "²0"),
        ("2809-20190812080700", '"2809-20190812080700"'),
        ("a b", '"a b"'),
        ("a – b", '"a &#8211; b"'),
        ('say "hi" now', "'say \"hi\" now'"),
        ("<!channel> weather & wind", '"&lt;!channel> weather & wind"'),
        ("a=b", '"a=b"'),
        ("\u202eabc", '"&#8238;abc"'),
    ],
)
def test_how_names_are_said(name, words):
    assert say(Show(FlowRef(name=name))) == f"show {words}"
    assert parse(f"show {words}") == Show(FlowRef(name=name))


@pytest.mark.parametrize(
    ("note", "words"),
    [
        ('it\'s "broken" – see <1>', 'it\'s "broken" – see <1>'),
        (" a ", "&#32;a&#32;"),
        ("\t", "&#9;"),
        ("because\nof it", "because\nof it"),
        ("see <http://a.b>", "see &lt;http://a.b>"),
        ("for 2h", "for 2h"),
    ],
)
def test_because_takes_the_rest_as_typed(note, words):
    assert say(Ack(because=note)) == f"ack because {words}"
    assert parse(f"ack because {words}") == Ack(because=note)


def test_spaces_around_a_note_are_dropped():
    assert parse("ack because \u00a0 it is known \n ") == Ack(because="it is known")


@pytest.mark.parametrize(
    ("words", "owner"),
    [
        ("me", OwnerRef(me=True)),
        ("ME", OwnerRef(me=True)),
        ('"me"', OwnerRef(name="me")),
        ("jane.doe", OwnerRef(name="jane.doe")),
        ("Jane", OwnerRef(name="Jane")),
        ("<@U012AB>", OwnerRef(person="U012AB")),
        ("<@U012AB|Jane Doe>", OwnerRef(person="U012AB")),
        ("&lt;@U012AB&gt;", OwnerRef(person="U012AB")),  # copied out of an answer
        ('"<@U012AB>"', OwnerRef(person="U012AB")),
        ('"&lt;@U012AB&gt;"', OwnerRef(name="<@U012AB>")),
        ("`<@U012AB>`", OwnerRef(person="U012AB")),
    ],
)
def test_owners(words, owner):
    assert parse(f"runs by {words}") == Runs(owner=owner)
    assert parse(say(Runs(owner=owner))) == Runs(owner=owner)


def test_a_long_text_is_refused_at_once():
    with pytest.raises(Refusal) as caught:
        parse("x" * 10_000)
    assert caught.value.reason == "too_long"
    assert caught.value.sentence.values == {"n": 10_000, "limit": 3_000}


def test_the_place_is_shown_within_a_long_text():
    with pytest.raises(Refusal) as caught:
        parse("trigger 3377 with " + "a" * 100 + "=1 bogus " + "b" * 100)
    what, place = caught.value.sentence.parts
    assert what.values["word"] == "`bogus`"
    assert place.startswith("`…")
    assert "aaa=1 ▸bogus bbb" in place
    assert place.endswith("b…`")


def test_a_sentence_is_not_disturbed_by_what_it_quotes():
    assert visible("a\n`b`\u202ec") == "a ˋbˋc"
    assert tick("x" * 50) == "`" + "x" * 39 + "…`"


def test_a_cursor_looks_ahead_over_plain_words_only():
    assert [token.word for token in Cursor("a b c d").ahead(3)] == ["a", "b", "c"]
    assert [token.word for token in Cursor('a "b" c').ahead(3)] == ["a"]
    assert [token.word for token in Cursor('a "b').ahead(3)] == ["a"]
    assert Cursor("").take() is None


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (Runbook(FlowRef(id=3377), "off"), "处置指引 3377 关"),
        (Runbook(FlowRef(id=3377), "先看 wiki"), "处置指引 3377 先看 wiki"),
    ],
)
def test_a_runbook_is_said_in_chinese(request_, said):
    assert say(request_, ZH) == said
    assert parse(said) == request_
