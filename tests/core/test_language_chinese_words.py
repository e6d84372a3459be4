"""Words next to each other in Chinese: names, secrets and spaces that people leave out."""

import re

import pytest
from hypothesis import example as tried
from hypothesis import given, settings
from hypothesis import strategies as st
from test_language_laws import outcome
from thorough import examples

from bot.core.command import chinese
from bot.core.command.addressed import is_command, would_change
from bot.core.command.parse import parse, say
from bot.core.command.requests import FlowRef, Help, Show
from bot.core.command.table import BY_VERB, ROWS, nearest
from bot.core.command.tokens import Cursor
from bot.core.errors import Refusal
from bot.core.flow.model import Parameter
from bot.core.text.mask import DEFAULT, STARS, without_secrets
from bot.core.text.message import plain

RUN = "2809-20190812080700"


HOLDS_A_WORD = {("谁", "在值班"), ("我的任务", "流")}  # 在 and 任务 are words of their own


def test_every_verb_that_a_space_can_cut_in_two_is_offered():
    for word, row in BY_VERB.items():
        if row.verb == "find":  # what is behind it is what is searched for, whatever it is
            continue
        for place in range(1, len(word)):
            before, behind = word[:place], word[place:]
            is_noun = BY_VERB.get(before) is row and behind == chinese.RUN  # before an ID
            if not word.isascii() and not is_noun and (before, behind) not in HOLDS_A_WORD:
                with pytest.raises(Refusal) as caught:
                    parse(f"{before} {behind}")
                assert caught.value.reason == "ambiguous_verb"
                assert all(command.startswith(row.verb) for _, command in caught.value.offers)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("查看 任务流 3377", "show 3377"),
        ("查看任务流3377", "show 3377"),
        ("查看 实例 2809-20190812080700", "show 2809-20190812080700"),
        ("终止 实例 2809-20190812080700", "cancel 2809-20190812080700"),
        ("重跑实例2809-20190812080700", "rerun 2809-20190812080700"),
        ("触发 任务流 3377 从 任务 108580", "trigger 3377 from 108580"),
        ("触发任务流3377从任务节点108580", "trigger 3377 from 108580"),
        ("触发 3377 从 节点 108580", "trigger 3377 from 108580"),
        ("认领 任务流 2809 两小时", "ack 2809 for 2h"),
        ("实例 任务流 3377", "runs of 3377"),
        ("日志 实例 2809-20190812080700 任务 104890", "log 2809-20190812080700 of 104890"),
    ],
)
def test_a_noun_may_say_what_an_id_is_the_id_of(typed, meant):
    assert say(parse(typed)) == meant


@pytest.mark.parametrize(
    "typed",
    ["查看 实例 3377", "查看 任务流 2809-20190812080700", "查看 任务流 日报", "查看 任务流", "触发 3377 从 任务 日报"],
)
def test_a_noun_that_says_something_else_is_refused(typed):
    with pytest.raises(Refusal, match="▸"):
        parse(typed)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("我的告警", "incidents mine"),
        ("我的 告警", "incidents mine"),
        ("请 我的告警列表 谢谢", "incidents mine"),
        ("我的告警 任务流 3377", "incidents mine of 3377"),
    ],
)
def test_mine_may_stand_before_incidents(typed, meant):
    assert say(parse(typed)) == meant
    assert is_command(typed)


@pytest.mark.parametrize("typed", ["我的", "我的失败", "我的 3377", "我的告警 未认领"])
def test_mine_stands_before_incidents_only_and_once(typed):
    with pytest.raises(Refusal, match="▸"):
        parse(typed)


WORDS = sorted(chinese.RESERVED)


@pytest.mark.parametrize("word", WORDS)
def test_a_name_that_is_a_word_of_commands_is_reached_in_quotes(word):
    for text in (f'show "{word}"', f"查看 「{word}」", f"查看“{word}”"):
        assert parse(text) == Show(FlowRef(name=word))
    with pytest.raises(Refusal) as caught:
        parse(f"停用 {word}")
    assert caught.value.sentence.parts[0].values["quoted"] == f'`"{word}"`'
    assert parse(say(parse(f'触发 "{word}"'))).flow.name == word
    assert parse(f'失败 负责人 "{word}"').owner.name == word
    assert parse(say(Help(word))) == Help(word)


@pytest.mark.parametrize(
    "name",
    [
        "失败report",
        "日报3377",
        "时间-序列",
        "v2_从3",
        "今天的日报",
        "从化电站",
        "任务流A",
        "日报从108580",
        "时间序列2",
        "3号线从",
    ],
)
def test_a_name_that_only_begins_with_a_word_is_not_torn_apart(name):
    assert parse(f"查看 {name}") == parse(f'show "{name}"') == Show(FlowRef(name=name))
    assert parse(say(Show(FlowRef(name=name)))) == Show(FlowRef(name=name))


@pytest.mark.parametrize(
    "typed", ["触发 今天", "触发 11月21日", "查看 2小时", "停用 14点", "失败 负责人 今天", "触发 从"]
)
def test_a_word_is_not_taken_for_a_name(typed):
    with pytest.raises(Refusal) as caught:
        parse(typed)
    assert caught.value.reason == "expected"


@pytest.mark.parametrize(
    ("typed", "quoted"),
    [
        ("触发日志审计", "日志审计"),
        ("触发失败今天", "失败今天"),
        ("认领告警失败", "告警失败"),
        ("停用日志审计。", "日志审计"),
    ],
)
def test_words_next_to_a_verb_are_not_taken_for_a_name(typed, quoted):
    with pytest.raises(Refusal) as caught:
        parse(typed)
    assert caught.value.reason == "expected"
    assert f'is made of words of commands. If it is a name, put it in quotes: `"{quoted}"`.' in str(caught.value)
    assert f'由命令词组成。如果是名称，要加引号：`"{quoted}"`。' in plain(caught.value.message, "zh")
    for name in (f" {quoted}", f"「{quoted}」"):
        assert parse(f"{typed[:2]}{name}").flow == FlowRef(name=quoted)


def test_an_owner_in_chinese_is_me_or_a_name():
    with pytest.raises(Refusal):
        parse("失败 负责人")
    assert parse("失败 负责人 王伟").owner.name == "王伟"


def test_corner_quotes_close_before_a_word_of_the_command():
    assert say(parse("触发「日报」从108580")) == 'trigger "日报" from 108580'
    assert parse("查看 「日报」从") == Show(FlowRef(name="「日报」从"))


def test_verbs_in_chinese_are_suggested():
    assert nearest("触法") == "触发"
    assert nearest("取消认邻") == "取消认领"
    assert nearest("天气") == ""
    with pytest.raises(Refusal) as caught:
        parse("触发 3377 丛 5")
    assert caught.value.reason == "unexpected"
    with pytest.raises(Refusal) as caught:
        parse("触发 3377 参術 a=1")
    assert caught.value.sentence.parts[0].values["near"] == "`参数`"


def test_what_is_said_to_others_is_told_from_commands():
    assert is_command("启动 3377")
    assert is_command("触发3377")
    assert not is_command("大家 早上好")
    assert would_change("> 触发3377")
    assert not would_change("> 查看3377")


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("触发 3377 参数password=hunter2", "password"),
        ("触发3377参数pass=hunter2", "pass"),
        ("触发3377在明天14点参数pass=hunter2", "pass"),
        ("触发 3377 参数 password从1=hunter2", "password从1"),
        ("trigger 1 with password参数1=hunter2", "password参数1"),
    ],
)
def test_a_secret_next_to_a_chinese_word_is_kept_out(typed, key):
    assert parse(typed).parameters == (Parameter(key, "hunter2"),)
    assert without_secrets(typed, DEFAULT) == typed.replace("hunter2", STARS)


NOISE = (
    '3377 14:30 14点 2小时 ２ｈ 11月21日 2026/11/21 a=1 v2 日报 「日报」 「 "失败" ， 。 、 ： ～ ＝ * '
    "<@U012AB> me from show 号 行 起"
)
pieces = st.sampled_from([*WORDS, *chinese.UNITS, *NOISE.split(), RUN, " ", "\u3000"])
commands = st.builds(
    "{}{}{}".format,
    st.sampled_from([word for row in ROWS for word in (row.verb, *row.words_zh)] + [*chinese.AMBIGUOUS]),
    st.sampled_from([" ", "", "　"]),
    st.lists(pieces | st.text("从3a至失败在日月年点 0", max_size=4), max_size=8).flatmap(
        lambda each: st.sampled_from(["", " "]).map(lambda space: space.join(each))
    ),
)


@settings(max_examples=examples(150))
@given(commands)
@tried('运行 不需要"失败"')
def test_any_chinese_is_understood_or_refused_with_its_place(text):
    request = outcome(parse, text)
    if isinstance(request, Refusal):
        assert "▸" in str(request)
        assert str(request).count("\n") == 1
        assert all(say(parse(command)) == command for _, command in request.offers)
        return
    assert parse(say(request)) == request
    name = getattr(getattr(request, "flow", None), "name", "")
    assert name not in chinese.RESERVED or any(quote in text for quote in '"「')


EXAMPLES = [(row, place) for row in ROWS for place in range(len(row.examples_zh))]


@pytest.mark.parametrize(("row", "place"), EXAMPLES)
def test_examples_need_no_space_next_to_chinese_words(row, place):
    text = row.examples_zh[place].replace("@jane", "<@U012AB>")
    glued = re.sub(r"(?<=[\u4e00-\u9fff]) (?=[a-z0-9<\u4e00-\u9fff])|(?<=[0-9]) (?=[\u4e00-\u9fff])", "", text)
    assert parse(glued) == parse(text)


def test_a_run_of_words_is_searched_once(monkeypatch):
    searched = []
    search = chinese.ends
    monkeypatch.setattr(chinese, "ends", lambda *run, **how: searched.append(run) or search(*run, **how))
    cursor = Cursor("失败今天" * 700)
    while cursor.take():
        pass
    assert len(searched) == 1
