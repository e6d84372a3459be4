"""Messages: what each kind of data becomes, in each language, with and without markup."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.text import catalogue
from bot.core.text.escape import Markup, code, mention
from bot.core.text.language import EN, LANGUAGES, ZH
from bot.core.text.message import (
    LIST,
    Joined,
    Message,
    ago,
    as_printed,
    dots,
    duration,
    layout,
    lines,
    link,
    listed,
    msg,
    plain,
    plural,
    rendered,
    sentences,
    until_on_the_clock,
    with_data,
)

AT = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)


class Words:
    """A catalogue of a few sentences."""

    def __init__(self, **sentences):
        self._sentences = sentences

    def sentence(self, text, plural, number):
        found = self._sentences.get(text, text)
        return found if number == 1 or not plural else self._sentences.get(plural, plural)


@pytest.fixture
def chinese(monkeypatch):
    """Let Chinese be a few given sentences."""

    def speak(sentences):
        words = Words(**sentences)
        monkeypatch.setattr(catalogue, "of", {ZH: words}.__getitem__)

    return speak


@pytest.mark.parametrize(
    ("value", "shown", "bare"),
    [
        ("<!channel> & co", "&lt;!channel&gt; &amp; co", "<!channel> & co"),
        ("a\u202eb", "ab", "ab"),
        (code("3377"), "`3377`", "`3377`"),
        (mention("U0MAYA00001"), "<@U0MAYA00001>", "<@U0MAYA00001>"),
        (12345, "12,345", "12,345"),
        (timedelta(hours=2, minutes=10), "2 h 10 min", "2 h 10 min"),
        (AT, f"<!date^{int(AT.timestamp())}^{{date_short_pretty}} {{time}}|2026-11-21 14:30 UTC>", "Nov 21, 14:30 UTC"),
        (msg("on {day}", day="Mon<day"), "on Mon&lt;day", "on Mon<day"),
        (lambda language: f"at 5 <{language}>", "at 5 &lt;en&gt;", "at 5 <en>"),
        (lines(msg("one"), Markup("*two*")), "one\n*two*", "one\n*two*"),
    ],
)
def test_each_kind_of_data(value, shown, bare):
    message = msg("before {it} after", it=value)
    assert rendered(message) == f"before {shown} after"
    assert plain(message) == str(message) == f"before {bare} after"


def test_markup_is_not_escaped_again_and_anything_else_is():
    once = rendered(msg("{it}", it="a & b"))
    assert once == "a &amp; b"
    assert rendered(msg("{it}", it=once)) == "a &amp; b"
    assert rendered(msg("{it}", it=f"{once}!")) == "a &amp;amp; b!", "text that was glued is text from outside"
    assert plain(Markup("a &amp; b")) == "a & b"
    assert plain(Markup("<!date^1^{time}|2026-11-21 14:30 UTC>.")) == "2026-11-21 14:30 UTC."


def test_a_number_decides_between_two_sentences():
    def flows(number):
        return str(plural("{n} flow", "{n} flows", number))

    assert (flows(1), flows(2), flows(0), flows(1200)) == ("1 flow", "2 flows", "0 flows", "1,200 flows")


def test_data_may_look_like_a_placeholder():
    assert str(msg("{a} {b}", a="{b}", b="{a}")) == "{b} {a}"


def test_a_sentence_without_its_data_is_a_bug():
    with pytest.raises(KeyError):
        str(msg("{who} did it."))


def test_what_is_joined_leaves_out_what_is_not_there():
    assert str(lines(msg("a"), None, Markup(), msg("b"))) == "a\nb"
    assert str(sentences(msg("One."), msg("Two."))) == "One. Two."
    assert str(dots(msg("a"), None, msg("b"))) == "a · b"
    assert str(lines()) == ""
    assert not rendered(Joined((), LIST))


def test_lists():
    names = [code(name) for name in ("a", "b", "c")]
    assert str(listed(names)) == "`a`, `b`, `c`"
    assert str(listed(names, 3)) == "`a`, `b`, `c`"
    assert str(listed(names, 12)) == "`a`, `b`, `c` and 9 more"
    assert rendered(listed(names, 12), ZH) == "`a` 、 `b` 、 `c` 等 12 个"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (-5, "less than a second", "不到 1 秒"),
        (45, "45 s", "45 秒"),
        (60, "1 min", "1 分钟"),
        (7200, "2 h", "2 小时"),
        (7800, "2 h 10 min", "2 小时 10 分钟"),
        (86400 * 3, "3 d", "3 天"),
        (86400 * 3 + 4 * 3600 + 59, "3 d 4 h", "3 天 4 小时"),
    ],
)
def test_durations(seconds, english, chinese):
    span = timedelta(seconds=seconds)
    assert (plain(duration(span)), plain(duration(span), ZH)) == (english, chinese)
    assert rendered(msg("{span}", span=span), ZH) == chinese


def test_how_long_ago():
    assert [str(ago(timedelta(seconds=seconds))) for seconds in (-3, 0.5, 180)] == ["just now", "just now", "3 min ago"]
    assert [plain(ago(timedelta(seconds=seconds)), ZH) for seconds in (0, 180)] == ["刚刚", "3 分钟前"]


def test_times_as_enos_prints_them():
    assert str(as_printed("2026-11-06 07:30:00", timedelta(hours=8))) == "2026-11-06 07:30:00 UTC+08:00"
    assert str(as_printed("2026-11-06 <7", None)) == "2026-11-06 <7 (time zone not known)"


def test_a_span_on_the_clock():
    at = datetime(2026, 11, 5, 23, 30, tzinfo=UTC)
    shown = until_on_the_clock(at, at + timedelta(hours=1), timezone(timedelta()))
    assert str(shown) == "2026-11-05 23:30 to 2026-11-06 00:30, UTC"
    assert str(until_on_the_clock(at, at + timedelta(minutes=1), UTC)) == "2026-11-05 23:30 to 23:31, UTC"


def test_a_link_has_a_label_in_the_readers_language(chinese):
    chinese({"Open": "打开"})
    assert rendered(link("https://x.example/?a=1&b=2", msg("Open"))) == "<https://x.example/?a=1&amp;b=2|Open>"
    assert rendered(link("https://x.example", msg("Open")), ZH) == "<https://x.example|打开>"


def test_all_data_can_be_changed_and_nothing_else():
    message = lines(
        msg(
            "key {key}, {flow}, {n}, {when}, {other}",
            key="hunter2",
            flow=code("hunter2"),
            n=2,
            when=AT,
            other=msg("hunter2 {x}", x="hunter2"),
        ),
        Markup("hunter2"),
    )
    changed = with_data(message, lambda text: text.replace("hunter2", "•••"))
    assert str(changed) == "key •••, `•••`, 2, Nov 21, 14:30 UTC, hunter2 •••\n•••"


@pytest.mark.parametrize(
    ("template", "values", "shown"),
    [
        ("{name}失败", {"name": Markup("*日报*")}, "*日报* 失败"),
        ("任务流{name}。", {"name": Markup("*日报*")}, "任务流 *日报* 。"),
        ("运行{command}，再试", {"command": code("help")}, "运行 `help` ，再试"),
        ("{who}认领", {"who": mention("U0MAYA00001")}, "<@U0MAYA00001> 认领"),
        ("由{who}，处理", {"who": mention("U0MAYA00001")}, "由 <@U0MAYA00001>，处理"),
        ("a {name} b", {"name": Markup("*x*")}, "a *x* b"),
        ("2*3*4 个", {}, "2*3*4 个"),
        ("*已恢复*", {}, "*已恢复*"),
        ("{a}{b}", {"a": code("1"), "b": code("2")}, "`1``2`"),
    ],
)
def test_markup_beside_chinese_gets_its_space(template, values, shown, chinese):
    chinese({})
    assert rendered(layout(template, **values), ZH) == shown
    assert rendered(layout(template, **values), EN) == template.format(**values), "not in English"


@given(st.text(alphabet="`*<>日a，. \n", max_size=40))
def test_spacing_only_adds_spaces(text):
    shown = rendered(Markup(text), ZH)
    assert shown.replace(" ", "") == text.replace(" ", "")
    assert rendered(Markup(shown), ZH) == shown, "once is enough"


def test_sentences_in_chinese_have_no_space_between_them(chinese):
    chinese({"One.": "一。", "Two.": "二。"})
    assert rendered(sentences(msg("One."), msg("Two.")), ZH) == "一。二。"


def test_a_sentence_in_bold_ends_before_a_space(chinese):
    chinese({"*One.*": "*一。*", "2 s.": "2 秒。"})
    assert rendered(sentences(msg("*One.*"), msg("2 s."), msg("*One.*")), ZH) == "*一。* 2 秒。 *一。*"


@pytest.mark.parametrize(
    ("template", "value", "shown"),
    [
        ("历时 {it} 恢复", timedelta(), "历时不到 1 秒恢复"),
        ("历时 {it} 恢复", timedelta(minutes=2), "历时 2 分钟恢复"),
        ("{it} 已关闭", msg("Somebody"), "有人已关闭"),
        ("⚠️ {it}", msg("Somebody"), "⚠️ 有人"),
        ("EnOS {it} OK", msg("Somebody"), "EnOS 有人 OK"),
        ("任务流 {it} 失败", "日报", "任务流 日报 失败"),
        ("任务流 {it} 失败", msg("EnOS"), "任务流 EnOS 失败"),
    ],
)
def test_words_of_ours_have_no_space_beside_chinese_words(template, value, shown):
    assert rendered(layout(template, it=value), ZH) == plain(layout(template, it=value), ZH) == shown


def test_equal_messages_are_equal_and_can_be_kept_in_a_set():
    assert msg("a {b}", b="1") == msg("a {b}", b="1") != msg("a {b}", b="2")
    assert len({msg("a"), msg("a"), msg("b")}) == 2
    assert isinstance(plural("a", "b", 2), Message)


def test_every_language_can_be_read():
    catalogue.check()
    assert EN in LANGUAGES


@pytest.mark.parametrize("content", [None, b"", b"nonsense", b"\xde\x12\x04\x95" + b"\xff" * 40])
def test_a_catalogue_that_is_missing_or_broken_is_named(content, tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    path = tmp_path / ZH / "LC_MESSAGES" / "flowbot.mo"
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    with pytest.raises(catalogue.BadCatalogue, match=r"flowbot\.mo") as broken:
        catalogue.check()
    assert str(broken.value).endswith("Install flowbot again.")
