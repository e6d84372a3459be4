"""Marks of Slack, full width, a sentence's punctuation, courtesy: undone around words, kept in values and notes."""

from datetime import timedelta
from unicodedata import category

import pytest

from bot.core.command.addressed import is_command, is_courtesy_only, would_change
from bot.core.command.markup import UNSEEN, Marks, bare, decode
from bot.core.command.parse import parse, say
from bot.core.command.requests import (
    Ack,
    Audit,
    Failed,
    FlowRef,
    Help,
    Log,
    OwnerRef,
    Period,
    Runs,
    Show,
    Status,
    Trigger,
)
from bot.core.errors import Refusal
from bot.core.flow.model import Parameter
from bot.core.text.escape import code

SHOW = Show(FlowRef(id=3377))
RUN = "2809-20190812080700"


@pytest.mark.parametrize(
    "text",
    [
        "show *3377*",
        "show `3377",
        "`show 3377",
        "*show 3377*",
        "*show* 3377",
        "_show 3377_",
        "show _3377_",
        "show ~3377~",
        "*_show 3377_*",
        "*_~show~_* 3377",
        "**show 3377**",
        "*show* *3377*",
        "`*show 3377*`",
        "*`show 3377`*",
        "```\n> show 3377\n```",
        "> show 3377",
        "&gt; show 3377",
        "&gt;&gt;&gt; *show 3377*",
        "> show\n> 3377",
        "• show 3377",
        "◦ show 3377",
        "- show 3377",
        "* show 3377",
        "1. show 3377",
        " 2) show 3377",
        "\u200b> \u200b*show\u2060* 33\u200b77",
        "show 3377\u200d\ufe0f",
        "show ３３７７",
        "ｓｈｏｗ　３３７７",
        "show 3377。",
        "show 3377.",
        "show 3377,",
        "show 3377!",
        "show 3377？",
        "show *3377*.",
        "show `3377`！",
        "show (3377)",
        "show （3377）",
        "show 3377)",
        "show [3377",
        "show: 3377",
        "show\n\n3377;",
        "please show 3377",
        "hey :wave: could you show 3377",
        ":+1: :wave::skin-tone-2: show 3377",
        "👋🏽 ok, show 3377",
        "请 show 3377",
        "show 3377 please",
        "show 3377, please!",
        "show *3377* pls :pray: 🙏",
        "请 show 3377 谢谢。",
        "show 3377\nThank you!",
    ],
)
def test_what_stands_around_words_is_no_part_of_them(text):
    assert parse(text) == SHOW
    assert say(parse(text)) == "show 3377"


@pytest.mark.parametrize(
    ("text", "name", "typed"),
    [
        ("show daily_energy_report", "daily_energy_report", ""),
        ("_show daily_energy_report_", "daily_energy_report", ""),
        ("show *daily-energy*", "daily-energy", "*daily-energy*"),
        ("show _tmp_", "tmp", "_tmp_"),
        ("show *", "*", ""),
        ("show *daily", "*daily", ""),
        ("show daily*", "daily*", ""),
        ("show a*b*c", "a*b*c", ""),
        ("show * daily", None, ""),
        ('show *"daily energy"*', "daily energy", ""),
        ('*show "daily energy"*', "daily energy", ""),
        ('show "daily energy".', "daily energy", ""),
        ('show "*daily energy*"', "*daily energy*", ""),
        ("show *daily energy report*", "daily energy report", ""),
        ("show **daily energy**", "daily energy", ""),
        ("show *report by region*", "report by region", ""),
        ("ack *data from plant A*", "data from plant A", ""),
        ("trigger *load of turbine*", "load of turbine", ""),
        ("failed of *daily by*", None, ""),
        ("show 「日报」", "日报", "「日报」"),
        ("show 《日报 一》。", "日报 一", "《日报 一》"),
        ("show 『日报", "『日报", ""),
        ("show 「日报」一", "「日报」一", ""),
        ("show Ｄａｉｌｙ", "Daily", "Ｄａｉｌｙ"),
        ('show "Ｄａｉｌｙ"', "Ｄａｉｌｙ", ""),
        ('show "３３７７"', "３３７７", ""),
        ("show v1.", "v1", "v1."),
        ("show 日报，", "日报", "日报，"),
        ("show daily(test)", "daily(test)", ""),
        ("show 【日报】", "日报", "【日报】"),
        ("show （日报", "日报", "（日报"),
        ("show (a)(b)", "a)(b", "(a)(b)"),
        ("show ...", "...", ""),
        ("show (", "(", ""),
        ("show a..", "a..", ""),
    ],
)
def test_a_name_keeps_what_may_be_its_own(text, name, typed):
    if name is None:
        with pytest.raises(Refusal):
            parse(text)
        return
    flow = parse(text).flow
    assert (flow.name, flow.typed) == (name, typed)
    assert parse(say(Show(flow))) == Show(FlowRef(name=name))


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("a=*x*", {"a": "*x*"}),
        ("a=_x_ b=~y~", {"a": "_x_", "b": "~y~"}),
        ("a=/x/*", {"a": "/x/*"}),
        ("a=ｘ。", {"a": "ｘ。"}),
        ("a=3377.", {"a": "3377."}),
        ("a=「x」", {"a": "「x」"}),
        ("a＝/x", {"a": "/x"}),
        ("ａ＝ｂ＝c", {"a": "ｂ＝c"}),
        ('"ａ"=1', {"ａ": "1"}),
        ("&#65282;ｂ=1", {"＂b": "1"}),  # what is spelled out is no mark
        ("「my key」=1", {"my key": "1"}),
        ("*a=x*", {"a": "x"}),
        ("*a*=x", {"a": "x"}),
        ("a=x *b=y z=w*", {"a": "x", "b": "y", "z": "w"}),
        ("\n- a=1\n• b=2", {"a": "1", "b": "2"}),
        ('a="*b c" d=e*', {"a": "*b c", "d": "e*"}),
        ("`a=x` b=y`", {"a": "x", "b": "y`"}),
    ],
)
def test_a_value_stays_as_typed(words, values):
    expected = Trigger(FlowRef(id=1), parameters=tuple(Parameter(*each) for each in values.items()))
    assert parse(f"trigger 1 with {words}") == expected
    assert parse(say(expected)) == expected


def test_marks_around_a_whole_command_end_before_them():
    assert parse("*trigger 1 with a=b*") == Trigger(FlowRef(id=1), parameters=(Parameter("a", "b"),))
    assert parse("*ack 2809 because broken*") == Ack(FlowRef(id=2809), because="broken")
    assert parse("ack 2809 *because broken*") == Ack(FlowRef(id=2809), because="broken")


@pytest.mark.parametrize("note", ["*very* bad", "see foo_bar_", "坏了。", "５ pm!", "> quoted", "please", "a `b`"])
def test_a_note_stays_as_typed(note):
    assert parse(f"ack 2809 because {note}") == Ack(FlowRef(id=2809), because=note)


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("failed since 09：00", Failed(Period("since 09:00"))),
        ("failed today?", Failed()),
        ("failed 2026-11-01..2026-11-07.", Failed(Period("2026-11-01..2026-11-07"))),
        ("failed last 3h, of 3377.", Failed(Period("last 3h"), FlowRef(id=3377))),
        ("runs fail、timeout", Runs(statuses=(-1, 7))),
        ("runs fail，timeout。", Runs(statuses=(-1, 7))),
        (f"log {RUN}, of 104890.", Log(RUN, 104890)),
        ("log ２８０９－２０１９０８１２０８０７００ tail ５０", Log(RUN, tail=50)),
        ("failed by <@U012AB>.", Failed(owner=OwnerRef(person="U012AB"))),
        ("failed by jane.doe,", Failed(owner=OwnerRef(name="jane.doe"))),
        ("audit *<@U012AB|jane>*?", Audit(person="U012AB")),
        ("status!", Status()),
        ("failed of\n12. today", Failed(flow=FlowRef(id=12))),
        ("？", Help()),
        ("hi", Help()),
        ("help trigger.", Help("trigger")),
    ],
)
def test_punctuation_and_width_elsewhere(text, request_):
    assert parse(text) == request_


def test_a_range_without_an_end_is_no_single_day():
    with pytest.raises(Refusal):
        parse("failed 2026-11-01..")


@pytest.mark.parametrize(
    "text", ["🔥", ":fire:", "show 3377 or so", "failed yesterday morning", "*from* 3377", "show 3377 * x"]
)
def test_what_is_no_command_is_refused_with_its_place(text):
    with pytest.raises(match="▸"):
        parse(text)


def test_the_place_is_in_what_was_typed():
    with pytest.raises(Refusal) as caught:
        parse("&gt; *show 3377* ｆｏｒ 2h")
    assert caught.value.sentence.parts[1] == code("> *show 3377* ▸ｆｏｒ 2h")


def test_a_mark_does_not_reach_over_a_line():
    assert parse("ack 2809 because *a\nb*") == Ack(FlowRef(id=2809), because="*a\nb*")
    with pytest.raises(Refusal):
        parse("*show\n3377*")


@pytest.mark.parametrize("mark", ["*", "_", "~", "`", "> ", "• ", "**", "*_"])
def test_a_wall_of_marks_ends_soon(mark):
    with pytest.raises(Refusal):
        parse("show " + f"{mark}a " * (2900 // (len(mark) + 2)))


def test_bare_words():
    assert bare("") == ""
    assert bare("((x))") == "x"
    assert bare("x).") == "x"
    assert bare("f(x)") == "f(x)"
    assert bare("(" * 3000)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ack 2809 for 2h please", Ack(FlowRef(id=2809), duration=timedelta(hours=2))),
        ("ack 2809 because it broke, thanks", Ack(FlowRef(id=2809), because="it broke, thanks")),
        ("trigger 1 from 2 thx", Trigger(FlowRef(id=1), task=2)),
        ("trigger 1 with a=please", Trigger(FlowRef(id=1), parameters=(Parameter("a", "please"),))),
        ('show "please"', Show(FlowRef(name="please"))),
    ],
)
def test_thanks_behind_a_command_are_no_part_of_it(text, meant):
    assert parse(text) == meant


@pytest.mark.parametrize(
    "text", ["show 3377 please today", 'show 3377 please "x"', "show 3377 thanks a=b", "trigger 1 with a=thanks please"]
)
def test_what_stands_behind_thanks_is_refused(text):
    with pytest.raises(match=r"▸(please|thanks)"):
        parse(text)


@pytest.mark.parametrize("text", ["please", ":wave:", "👍🏽"])
def test_courtesy_is_words_and_emoji(text):
    assert is_courtesy_only(text)


@pytest.mark.parametrize("text", ["show", "14:30", ":", "::", "a:b:c", "!", "🔥x"])
def test_other_words_are_not_courtesy(text):
    assert not is_courtesy_only(text)


def test_nobody_sees_blanks_controls_and_characters_of_no_width():
    for sign in map(chr, range(0x110000)):
        if sign.isspace() or category(sign) in {"Cc", "Cf"}:
            assert UNSEEN.fullmatch(sign), hex(ord(sign))
    assert not any(map(UNSEEN.search, ("x", "-", "\u0301", "\ufe0f", "\ue000")))


@pytest.mark.parametrize(
    ("text", "courtesy", "command"),
    [
        ("", True, False),
        ("&gt; *please* :wave:", True, False),
        ("please show 3377", False, True),
        ("shwo 3377", False, True),
        ("3377", False, True),
        ("/flow show 3377", False, True),
        ("as I told", False, False),
        ("please “show", False, False),
        ("“show 3377” as I said", False, True),
        ("x" * 4000, False, False),
    ],
)
def test_what_stands_before_a_mention(text, courtesy, command):
    assert (is_courtesy_only(text), is_command(text)) == (courtesy, command)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("&gt; trigger 3377", True),
        ("please *ack* 3377", True),
        ("link <@U0PRIYA0001> u1 priya.nair", True),
        ("&gt; show 3377", False),
        ("what is that", False),
        ("hello", False),
        ("'not closed", False),
    ],
)
def test_whether_words_would_change_something(text, changes):
    assert would_change(text) is changes


def test_a_mark_that_slack_encoded_is_a_character_and_closes_nothing():
    typed = decode("*a&#42; b*")
    begin, end = Marks(typed).unwrapped()
    assert typed.text[begin:end] == "a* b"
