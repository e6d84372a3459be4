"""Commands in Chinese, and in both languages at once: what they are read as, and what is refused."""

import pytest

from bot.core.command import chinese
from bot.core.command.parse import parse, say
from bot.core.command.table import BY_VERB, ROWS
from bot.core.errors import Refusal
from bot.core.flow.status import Status
from bot.core.text.message import plain

RUN = "2809-20190812080700"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.verb)
def test_each_command_is_the_same_in_chinese(row):
    assert row.words_zh
    assert all(clause.words_zh for clause in row.clauses if clause.word and not clause.hidden)
    assert all(BY_VERB[word] is row for word in row.words_zh)
    for english, example in zip(row.examples, row.examples_zh, strict=True):
        request = parse(english.replace("@jane", "<@U012AB>"))
        assert parse(example.replace("@jane", "<@U012AB>")) == request
        assert example.split()[0] == row.word_in("zh")
        assert say(request).isascii()


def test_no_chinese_verb_is_there_twice():
    words = [word for row in ROWS for word in row.words_zh] + [*chinese.AMBIGUOUS]
    assert len(words) == len(set(words))


def test_each_form_and_status_has_its_words_in_chinese():
    forms = {clause.form for row in ROWS for clause in row.clauses if clause.form}
    assert {form.placeholder for form in forms} == {*chinese.PLACEHOLDERS}
    assert {*chinese.STATUSES.values()} == {status.name.casefold() for status in Status}


def test_the_syntax_in_chinese(snapshot):
    assert "\n".join(row.syntax_in("zh") for row in ROWS) == snapshot
    assert [row.syntax_in("en") for row in ROWS] == [row.syntax for row in ROWS]
    assert BY_VERB["trigger"].word_in("en") == "trigger"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("？", "help"),
        ("用法", "help"),
        ("帮助 手动触发", "help trigger"),
        ("help 预跑", "help trigger"),
        ('帮助 "触发"', 'help "触发"'),
        ("触发3377", "trigger 3377"),
        ("触发3377从108580", "trigger 3377 from 108580"),
        ("触发３３７７，从１０８５８０。", "trigger 3377 from 108580"),
        ("触发 3377 自 108580", "trigger 3377 from 108580"),
        ("触发daily-energy从108580", "trigger daily-energy from 108580"),
        ("trigger 3377 从 108580", "trigger 3377 from 108580"),
        ("触发 3377 from 108580", "trigger 3377 from 108580"),
        ("触发　3377　从　108580", "trigger 3377 from 108580"),
        ("*触发 3377 从 108580*", "trigger 3377 from 108580"),
        ("请 触发 3377 谢谢", "trigger 3377"),
        ("触发 3377谢谢。", "trigger 3377"),
        ("触发 3377 参数 path＝/x", "trigger 3377 with path=/x"),
        ("触发3377参数path=/x b=２ｈ", "trigger 3377 with path=/x b=２ｈ"),
        ("触发3377参数withdraw=1", "trigger 3377 with withdraw=1"),
        ("触发 3377 参数：a=1，", "trigger 3377 with a=1，"),
        ("触发 3377 带 v2从3=5", 'trigger 3377 with "v2从3"=5'),
        ("trigger 3377 with v2参数3=5", 'trigger 3377 with "v2参数3"=5'),
        ("触发 3377 with a=1 时间14:30", "trigger 3377 at 14:30 with a=1"),
        ("触发 3377，参数 path=/x", "trigger 3377 with path=/x"),
        ("触发 3377 参数 a1，b=2", "trigger 3377 with a1,b=2"),
        ("重新运行 " + RUN, "rerun " + RUN),
        ("取消" + RUN, "cancel " + RUN),
        (f"终止实例 {RUN}！", "cancel " + RUN),
        ("恢复调度 3377", "enable 3377"),
        ("打开调度 3377", "enable 3377"),
        ("开启调度3377", "enable 3377"),
        ("暂停 3377", "disable 3377"),
        ("停止调度3377", "disable 3377"),
        ("关闭调度 3377", "disable 3377"),
        ("告警 我的", "incidents mine"),
        ("告警列表 未关闭 负责人 我的", "incidents open by me"),
        ("告警 我", "incidents by me"),
        ("告警 未认领，我", "incidents unacked by me"),
        ("失败 我的，今天", "failed by me"),
        ("实例 失败timeout，超时、running", "runs fail timeout running"),
        ("告警，未认领，负责人jane.doe", "incidents unacked by jane.doe"),
        ("失败　今天 我的", "failed by me"),
        ("失败 昨日 负责人：<@U012AB>", "failed yesterday by <@U012AB>"),
        ("failed 昨天 by 我", "failed yesterday by me"),
        ("失败 of 3377", "failed of 3377"),
        ("运行记录 任务流3377", "runs of 3377"),
        ("实例 失败、超时", "runs fail timeout"),
        ("实例 失败，timeout 今天", "runs fail timeout"),
        ("实例 运行中 失败 (FAIL) 4 已终止", "runs running fail internal_error cancel"),
        ("查看 3377，", "show 3377"),
        ("查看「日报」", 'show "日报"'),
        ('详情"日报"', 'show "日报"'),
        ("查看 《日报》。", 'show "日报"'),
        ("查看 『日报 一』", 'show "日报 一"'),
        (f"查看实例 {RUN}", f"show {RUN}"),
        (f"查看日志{RUN}，节点１０４８９０，末尾５０行", f"log {RUN} of 104890 tail 50"),
        (f"日志{RUN}节点104890末尾50行", f"log {RUN} of 104890 tail 50"),
        (f"日志 {RUN} 任务 104890 最后 50 行", f"log {RUN} of 104890 tail 50"),
        (f"log {RUN} tail 50行", f"log {RUN} tail 50"),
        ("认领 2809 2小时", "ack 2809 for 2h"),
        ("认领 2小时", "ack for 2h"),
        ("ack 2h", "ack for 2h"),
        ('ack "2h"', 'ack "2h"'),
        ("确认2809时长2小时30分钟", "ack 2809 for 2h30m"),
        ("认领 2809 持续 2 小时 因为 坏了，见 3377。", "ack 2809 for 2h because 坏了，见 3377。"),
        ("认领 2809 ２ｈ 备注：坏了", "ack 2809 for 2h because 坏了"),
        ("认领2809，2小时，原因：源表正在修复", "ack 2809 for 2h because 源表正在修复"),
        ("认领 2809 由于 坏了", "ack 2809 because 坏了"),
        ("释放 2809", "unack 2809"),
        ("关闭 2809 原因 从 昨天 起 不需要", "close 2809 because 从 昨天 起 不需要"),
        ("重新打开 2809", "reopen 2809"),
        ("开消息列 2809", "thread 2809"),
        ("打开消息列2809", "thread 2809"),
        ("暂缓 2809，2小时，因为 维护", "snooze 2809 for 2h because 维护"),
        ("暂缓提醒2809到明天8点，原因：维护", "snooze 2809 until tomorrow 08:00 because 维护"),
        ("暂缓提醒 2809 至 明天 08:00 原因 维护", "snooze 2809 until tomorrow 08:00 because 维护"),
        ("暂缓提醒2809，直到下次成功，原因：今晚修", "snooze 2809 until success because 今晚修"),
        ("谁在值班？", "oncall"),
        ("值班人员", "oncall"),
        ("订阅任务流3377连续3次", "watch of 3377 after 3"),
        ("订阅 我的 连续 3 次", "watch by me after 3"),
        ("订阅 匹配 meter-* 免打扰22点到7点", 'watch matching "meter-*" quiet 22:00-07:00'),
        ("订阅免打扰 22：00－07：00", "watch quiet 22:00-07:00"),
        ("订阅 免打扰 22：30～7：00", "watch quiet 22:30-07:00"),
        ("订阅 免打扰 22点30分 至 7点", "watch quiet 22:30-07:00"),
        ("退订12", "unwatch 12"),
        ("取消订阅 任务流3377", "unwatch of 3377"),
        ("订阅列表", "watches"),
        ("偏好提及关", "prefs mentions off"),
        ("偏好 提醒 开 回复 频道 语言 中文", "prefs reminders on replies channel language zh"),
        ("偏好 每日汇总 8点", "prefs digest 08:00"),
        ("偏好设置 汇总 关", "prefs digest off"),
        ("演练", "drill"),
        ("绑定<@U012AB> u1 从1", 'link <@U012AB> u1 "从1"'),
        ("解除绑定 <@U012AB>", "unlink <@U012AB>"),
        ("操作记录 上周 <@U012AB>", "audit last week <@U012AB>"),
        ("审计本周", "audit this week"),
        ("帮助触发", "help trigger"),
        ("失败今天", "failed"),
        ("失败今天我的", "failed by me"),
        ("触发3377在明天14点", "trigger 3377 at tomorrow 14:00"),
        ("触发3377从108580时间明天14点", "trigger 3377 from 108580 at tomorrow 14:00"),
        ("触发3377时间11月21日14点从108580", "trigger 3377 from 108580 at 11-21 14:00"),
        ("触发3377明天14点30分从108580谢谢", "trigger 3377 from 108580 at tomorrow 14:30"),
        ("触发3377在明天14:30参数path=/从今天", "trigger 3377 at tomorrow 14:30 with path=/从今天"),
        ("触发「日报」时间明天14点", 'trigger "日报" at tomorrow 14:00'),
        ("触发「失败今天」", 'trigger "失败今天"'),
        ("实例最近3小时运行中", "runs last 3h running"),
        ("实例本周失败超时任务流3377", "runs this week fail timeout of 3377"),
        ("告警未认领负责人我的", "incidents unacked by me"),
        ("失败昨天9点起负责人我", "failed since yesterday 09:00 by me"),
        ("失败从11月21日起任务流3377", "failed since 11-21 of 3377"),
        ("认领2809时长2小时原因：失败今天", "ack 2809 for 2h because 失败今天"),
        ("认领 2809 原因 失败今天", "ack 2809 because 失败今天"),
        ("取消认领2809", "unack 2809"),
        ("失败今天：任务流3377", "failed of 3377"),
        ("查看 失败今天", 'show "失败今天"'),
        ("触发 今天的日报", 'trigger "今天的日报"'),
        ("触发 3377 参数 从今天=1", 'trigger 3377 with "从今天"=1'),
        ("失败今天吧", None),
        ("请触发 3377", None),
    ],
)
def test_commands_are_read(typed, meant):
    if meant is None:
        with pytest.raises(Refusal) as caught:
            parse(typed)
        assert caught.value.reason == "unknown_verb"
        return
    assert say(parse(typed)) == meant
    assert parse(meant) == parse(typed)


@pytest.mark.parametrize(
    ("typed", "offers"),
    [
        ("启动 3377", ["trigger 3377", "enable 3377"]),
        ("请 启动3377", ["trigger 3377", "enable 3377"]),
        ("启动 「日报」", ['trigger "日报"', 'enable "日报"']),
        ("启动 3377 从 108580", ["trigger 3377 from 108580"]),
        ("启动", ["enable"]),
        ("停止 3377", ["disable 3377"]),
        (f"停止 {RUN}", [f"cancel {RUN}"]),
        ("停止 3377 5", []),
        ("运行 3377", ["trigger 3377", "runs of 3377"]),
        ("运行 任务流 3377 今天", ["runs of 3377"]),
        ("取消 认领 2809", ["unack 2809"]),
        (f"取消 认领{RUN}", [f"unack {RUN}"]),
        ("重新 打开 2809", ["reopen 2809"]),
        ("运行 记录", ["runs"]),
    ],
)
def test_a_verb_of_two_meanings_is_refused_with_both(typed, offers):
    with pytest.raises(Refusal) as caught:
        parse(typed)
    assert caught.value.reason == "ambiguous_verb"
    assert [command for _, command in caught.value.offers] == offers
    assert all(f"`{command}`" in str(caught.value) for command in offers)
    assert all(say(parse(command)) == command for command in offers)


def test_how_a_verb_of_two_meanings_is_refused():
    with pytest.raises(Refusal) as caught:
        parse("停止 3377")
    values = caught.value.sentence.parts[0].values
    assert values["word"] == "`停止`"
    assert [values[name]("en") for name in ("first", "second")] == ["`cancel RUN`", "`disable 3377`"]
    assert [values[name]("zh") for name in ("first", "second")] == ["`终止 实例ID`", "`停用 3377`"]
    assert [(str(label), command) for label, command in caught.value.offers] == [("Disable schedule", "disable 3377")]


@pytest.mark.parametrize(
    "typed", ["启动 3377 参数 password=•••", "运行 3377 参数 password=•••", "手动 触发 3377 参数 password=•••"]
)
def test_a_command_that_has_lost_its_secret_is_not_offered(typed):
    with pytest.raises(Refusal) as caught:
        parse(typed)
    assert caught.value.reason == "ambiguous_verb"
    assert caught.value.offers == ()
    assert plain(caught.value.message, "zh").split("\n")[0].endswith("因此不再显示，请重新输入完整命令。")
    what, place = str(caught.value).split("\n")
    assert what.endswith("I don't repeat a command that holds a secret, so type the whole command again.")
    assert "•••" not in what
    assert "•••" in place


def test_a_button_without_a_label_of_its_own_shows_its_command():
    with pytest.raises(Refusal) as caught:
        parse("操作 记录")
    assert [(str(label), command) for label, command in caught.value.offers] == [("audit", "audit")]
