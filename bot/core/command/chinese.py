"""The Chinese words of commands. People type them; buttons, the audit and copied commands keep the English ones.

Each English word has its Chinese ones, the main word first, which help shows. A word that begins something else in
another command is there once for each: ``从`` is ``from`` before a task and ``since`` before a time.
"""

import re
from collections.abc import Mapping
from functools import cache

from bot.core.command.chinese_times import IN_NUMERALS, PARTS

VERBS: Mapping[str, tuple[str, ...]] = {
    "help": ("帮助", "用法"),
    "trigger": ("触发", "手动触发", "预跑"),
    "rerun": ("重跑", "重新运行"),
    "backfill": ("补数据", "补跑", "回填"),
    "backfills": ("补数据任务",),
    "cancel": ("终止", "取消", "终止实例"),
    "enable": ("启用", "启动调度", "启用调度", "恢复调度", "开启调度", "打开调度"),
    "disable": ("停用", "暂停调度", "停用调度", "暂停", "停止调度", "关闭调度"),
    "runbook": ("处置指引", "处理手册", "运维手册"),
    "retry": ("自动重试",),
    "unretry": ("取消重试", "停止重试", "停止自动重试"),
    "expect": ("期望", "预期完成"),
    "incidents": ("告警", "告警列表"),
    "failed": ("失败", "失败列表"),
    "runs": ("实例", "运行记录"),
    "show": ("查看", "详情", "查看实例"),
    "find": ("查找", "搜索", "查找任务流", "搜索任务流"),
    "mine": ("我的任务流",),
    "graph": ("任务图",),
    "stats": ("统计",),
    "log": ("日志", "查看日志"),
    "ack": ("认领", "确认"),
    "board": ("告警风暴", "风暴"),
    "unack": ("取消认领", "释放"),
    "take": ("接手",),
    "assign": ("指派", "转派"),
    "handover": ("交接", "移交"),
    "ask": ("代为执行",),
    "accept": ("接受",),
    "decline": ("拒绝",),
    "withdraw": ("撤回",),
    "close": ("关闭",),
    "reopen": ("重开", "重新打开"),
    "thread": ("消息列", "开消息列", "打开消息列"),
    "snooze": ("暂缓提醒", "暂缓", "静默", "暂停提醒"),
    "unsnooze": ("恢复提醒", "取消暂缓", "取消静默"),
    "snoozes": ("暂缓列表", "静默列表"),
    "watch": ("订阅",),
    "unwatch": ("取消订阅", "退订"),
    "watches": ("订阅列表",),
    "prefs": ("偏好", "偏好设置"),
    "drill": ("演练",),
    "link": ("绑定",),
    "unlink": ("解绑", "解除绑定"),
    "people": ("人员", "绑定列表"),
    "whoami": ("我是谁",),
    "oncall": ("值班", "谁值班", "谁在值班", "值班人员"),
    "audit": ("审计", "操作记录"),
    "status": ("状态",),
}
# Start, try again, stop, run: which of these verbs is for the person to say.
AMBIGUOUS: Mapping[str, tuple[str, ...]] = {
    "启动": ("trigger", "enable"),
    "重试": ("rerun", "retry"),
    "停止": ("cancel", "disable"),
    "运行": ("trigger", "runs"),
}
FAMILIES: Mapping[str, tuple[str, ...]] = {  # of verbs, as topics of help; some are the names of verbs as well
    "runs": ("实例",),
    "incidents": ("告警",),
    "flows": ("任务流",),
    "routing": ("通知",),
    "people": ("人员",),
    "me": ("我", "关于我"),
}
CLAUSES: Mapping[tuple[str, str], tuple[str, ...]] = {  # by the English word and the field of the request
    ("from", "task"): ("从", "自"),
    ("at", "when"): ("时间", "在", "于"),
    ("with", "parameters"): ("参数", "带"),
    ("of", "flow"): ("任务流",),
    ("of", "task"): ("节点", "任务"),
    ("by", "owner"): ("负责人",),
    ("for", "duration"): ("时长", "持续"),
    ("until", "until"): ("直到", "截至", "到", "至"),
    ("to", "person"): ("给", "交给"),
    ("as", "resolution"): ("结果", "作为"),
    ("because", "because"): ("原因", "因为", "由于", "备注"),
    ("tail", "tail"): ("末尾", "最后"),
    ("dry-run", "dry_run"): ("预览", "试运行"),
    ("from", "begin"): ("从", "自"),
    ("to", "end"): ("到", "至"),
    ("every", "every"): ("间隔",),
    ("task", "task"): ("节点", "任务"),
    ("matching", "glob"): ("匹配",),
    ("on", "text"): ("报错", "报错包含"),
    ("after", "wait"): ("等待",),
    ("off", "off"): ("关", "关掉"),
    ("after", "after"): ("连续",),
    ("quiet", "quiet"): ("免打扰",),
    ("mentions", "mentions"): ("提及",),
    ("reminders", "reminders"): ("提醒",),
    ("replies", "replies"): ("回复",),
    ("language", "language"): ("语言",),
    ("by", "by"): ("不晚于", "最晚"),
    ("digest", "digest"): ("每日汇总", "汇总"),
}
FLOW, RUN, TASK = "任务流", "实例", ("任务节点", "任务", "节点")  # before an id: of what it is
ME = ("我", "我的")
ALL = ("全部", "所有")  # flows, or incidents
MINE = ("我的",)  # incidents
SUCCESS = ("成功", "下次成功")  # the next one
SCOPES = {"未关闭": "open", "未认领": "unacked", "我的": "mine"}
RESOLUTIONS = {"已修复": "fixed", "预期内": "expected", "重复": "duplicate", "不需要": "unneeded"}
STATUSES = {
    "失败": "fail",
    "成功": "success",
    "初始化": "init",
    "等待中": "wait",
    "运行中": "running",
    "挂起": "suspend",
    "内部错误": "internal_error",
    "就绪": "ready",
    "超时": "timeout",
    "已终止": "cancel",
    "重跑中": "rerun",
    "已跳过": "skip",
}
PERIODS = {
    **dict.fromkeys(("今天", "今日"), "today"),
    **dict.fromkeys(("昨天", "昨日"), "yesterday"),
    **dict.fromkeys(("本周", "这周"), "this week"),
    "上周": "last week",
    **dict.fromkeys(("最近", "近", "过去"), "last"),
    **dict.fromkeys(("从", "自"), "since"),
}
WHENS = {
    **{chinese: english for chinese, english in PERIODS.items() if english in {"today", "yesterday"}},
    "明天": "tomorrow",
    **dict.fromkeys(("现在", "立即"), "now"),
}
OFF = ("关", "关掉", "不要")
SWITCHES = {**dict.fromkeys(("开", "打开", "开启"), "on"), **dict.fromkeys(OFF, "off")}
MODES = {**dict.fromkeys(OFF, "off"), "自动": "auto"}
WEEKDAYS = {  # with the numbers that ``datetime.weekday`` gives
    **{f"{week}{day}": number for week in ("周", "星期") for number, day in enumerate("一二三四五六日")},
    **{f"{week}天": 6 for week in ("周", "星期")},
}
DAYS = {"工作日": tuple(range(5)), "周末": (5, 6), "每天": tuple(range(7))}
STEPS = {
    "每小时": "hour",
    **dict.fromkeys(("每天", "每日"), "day"),
    **dict.fromkeys(("每周", "每星期"), "week"),
    "每月": "month",
}
BACKFILL_ACTS = {"暂停": "pause", "停止": "stop", "继续": "resume"}
PLACES = {"消息列": "thread", "频道": "channel"}
LANGUAGES = {"英文": "en", "英语": "en", "中文": "zh"}
UNITS = {
    "秒": "s",
    **dict.fromkeys(("分", "分钟"), "m"),
    **dict.fromkeys(("时", "小时", "个小时"), "h"),
    **dict.fromkeys(("天", "日"), "d"),
    "周": "w",
}
PLACEHOLDERS: Mapping[str, str] = {  # of the syntax
    "FLOW": "任务流ID",
    "RUN": "实例ID",
    "FLOW|RUN": "任务流ID|实例ID",
    "FLOW|RUN|all|all mine": "任务流ID|实例ID|全部|全部 我的",
    "RUN|all mine": "实例ID|全部 我的",
    "FLOW|all": "任务流ID|全部",
    "WHEN|success": "时刻|成功",
    "TASK": "节点ID",
    "PREVIEW": "预览ID",
    "OWNER": "用户名",
    "@person": "@人员",
    "@person|me": "@人员|我",
    "USERID": "用户ID",
    "NAME": "用户名",
    "WHEN": "时刻",
    "DATE": "日期",
    "DIGEST": "摘要",
    "hour|day|week|month": "每小时|每天|每周|每月",
    "pause|stop|resume": "|".join(BACKFILL_ACTS),
    "PERIOD": "时段",
    "DURATION": "2小时",
    "STATUS …": "状态 …",
    "open|unacked|mine": "|".join(SCOPES),
    "|".join(RESOLUTIONS.values()): "|".join(RESOLUTIONS),
    "N": "N",
    "VERB": "命令",
    "STORM": "告警风暴",
    "GLOB": "名称*",
    "HH:MM-HH:MM": "时:分-时:分",
    "HH:MM|off": "时:分|关",
    "HH:MM": "时:分",
    "mon-fri": "周一至周五",
    "off|auto": "关|自动",
    "on|off": "开|关",
    "thread|channel": "消息列|频道",
    "en|zh": "英文|中文",
    "OFFER": "请求ID",
    "KEY=VALUE …": "参数名=值 …",
    '"TEXT"': '"文本"',
    "TEXT": "文本",
    "NOTE": "说明",
    "COMMAND": "命令",
    "TEXT|URL|off": "文字|网址|关",
}
_MAIN: dict[str, str] = {}  # the main Chinese word of each English one within a value
for _chinese, _english in (*WHENS.items(), *PERIODS.items(), *SCOPES.items(), *STATUSES.items(), *UNITS.items()):
    _MAIN.setdefault(_english, _chinese)
_MAIN["me"], _MAIN["h"] = ME[0], "小时"
_MAIN["m"] = "分钟"
# The longest first; a unit only behind its number.
_IN_ENGLISH = re.compile(
    "|".join(
        rf"(?<=[0-9]){word}(?![a-z])" if word in UNITS.values() else rf"\b{word}\b"
        for word in sorted(_MAIN, key=len, reverse=True)
    )
)
UNTIL = ("至", "到")  # between two dates
ONWARD = "起"  # behind a time: from then on
LINES = "行"
TIMES = "次"
THANKS = "谢谢"

_MANY = (*VERBS.values(), *CLAUSES.values())
# No names, but in quotes.
RESERVED = frozenset(word for words in _MANY for word in words).union(
    AMBIGUOUS, PERIODS, WHENS, PARTS, ME, ALL, SCOPES, RESOLUTIONS, STATUSES, UNTIL, TASK, [THANKS]
)
GLUED = RESERVED.union(
    [ONWARD], SWITCHES, MODES, WEEKDAYS, DAYS, STEPS, BACKFILL_ACTS, PLACES, LANGUAGES
)  # what needs no space, before it is known which command it is
_UNIT = re.compile(
    "|".join(sorted((*UNITS, "点", "点半", "小时半", "天半", "号", LINES, TIMES), key=len, reverse=True))
)  # belongs to the number before
EXAMPLES: Mapping[str, tuple[str, ...]] = {  # those of the table of commands, in its order
    "help": ("帮助", "帮助 触发"),
    "trigger": (
        "触发 3377",
        "触发 3377 从 108580",
        "触发 3377 时间 明天 02:00",
        '触发 3377 参数 path=/data/2026 note="second try"',
        "触发 3377 预览",
    ),
    "rerun": ("重跑 2809-20190812080700", "重跑 2809-20190812080700 从 104890", "重跑 全部 我的"),
    "backfill": (
        "补数据 3377 从 2026-11-01 到 2026-11-30",
        "补数据 3377 从 2026-11-01 到 昨天 每天 节点 108580",
        "补数据 3377 从 2026-11-01 到 2026-11-30 预览",
    ),
    "backfills": ("补数据任务 暂停 12", "补数据任务 继续 12", "补数据任务 停止 12"),
    "cancel": ("终止 2809-20190812080700",),
    "enable": ("启用 3377",),
    "disable": ("停用 3377",),
    "runbook": (
        "处置指引 3377 https://wiki.example.com/runbooks/daily-energy-report",
        "处置指引 3377 call the grid team before a rerun",
        "处置指引 3377 关",
    ),
    "retry": (
        '自动重试 3377 报错 "Connection reset"',
        '自动重试 3377 报错 "Connection reset" 等待 10分钟',
        "自动重试 3377 关",
    ),
    "unretry": ("取消重试 3377",),
    "expect": ("期望 3377 不晚于 06:00", "期望 3377 不晚于 06:00 周一至周五", "期望 3377 关"),
    "incidents": ("告警", "告警 未认领", "告警 负责人 我"),
    "failed": ("失败", "失败 昨天 负责人 我", "失败 2026-11-01至2026-11-07 任务流 3377"),
    "runs": ("实例 任务流 3377", "实例 最近 3 小时 运行中", "实例 本周 失败 超时"),
    "show": ("查看 3377", '查看 "daily energy report"', "查看 2809-20190812080700"),
    "find": ("查找 daily", "查找 jane.doe"),
    "mine": ("我的任务流",),
    "graph": ("任务图 3377", "任务图 2809-20190812080700"),
    "stats": ("统计", "统计 本周", "统计 2026-11-01至2026-11-30 任务流 3377"),
    "log": ("日志 2809-20190812080700", "日志 2809-20190812080700 节点 104890 末尾 50 行"),
    "ack": ("认领 2809", "认领 全部 我的", "认领 2809 时长 2小时 原因 the source is being repaired"),
    "board": ("告警风暴",),
    "unack": ("取消认领 2809",),
    "take": ("接手 2809", "接手 2809 时长 2小时"),
    "assign": ("指派 2809 给 @jane",),
    "handover": ("交接 给 @jane",),
    "ask": ('代为执行 "trigger 3377"',),
    "accept": ("接受 0123456789abcdef",),
    "decline": ("拒绝 0123456789abcdef",),
    "withdraw": ("撤回 0123456789abcdef",),
    "close": ("关闭 2809 原因 that day is not needed", "关闭 2809 结果 重复 原因 3377 is the cause"),
    "reopen": ("重开 2809",),
    "thread": ("消息列 2809",),
    "snooze": (
        "暂缓提醒 2809 时长 2小时 原因 the source is being repaired",
        "暂缓提醒 2809 直到 明天 08:00 原因 of TICKET-17",
        "暂缓提醒 2809 直到 成功 原因 the fix runs tonight",
    ),
    "unsnooze": ("恢复提醒 2809",),
    "snoozes": ("暂缓列表",),
    "watch": ("订阅 任务流 3377", "订阅 负责人 我 连续 3 次", "订阅 匹配 meter-* 免打扰 22:00-07:00"),
    "unwatch": ("取消订阅 12", "取消订阅 任务流 3377"),
    "watches": ("订阅列表",),
    "prefs": ("偏好", "偏好 提及 关", "偏好 语言 中文 每日汇总 08:30"),
    "drill": ("演练",),
    "link": ("绑定 @jane u15432100000000011 jane.doe", "绑定 我 u15432100000000011 jane.doe"),
    "unlink": ("解绑 @jane",),
    "people": ("人员",),
    "whoami": ("我是谁",),
    "oncall": ("值班",),
    "audit": ("审计", "审计 本周 @jane"),
    "status": ("状态",),
}


def value(words: str) -> str:
    """A value of English words of commands, such as ``last 3h``, in the main Chinese ones: ``最近 3小时``."""
    return _IN_ENGLISH.sub(lambda found: _MAIN[found[0]], words)


def ends(run: str, words: frozenset[str], *, behind_number: bool) -> list[int]:
    """Where each word ends of a run of Chinese characters that is wholly made of words; empty for any other run.

    The longest word counts. Behind a number the first may be its unit.
    """
    found = _ends(run, 0, words)
    unit = _UNIT.match(run) if behind_number and not found else None
    rest = _ends(run, unit.end(), words) if unit else []
    return [unit.end(), *rest] if unit and rest else found


def _ends(run: str, at: int, words: frozenset[str]) -> list[int]:
    found: list[int] = []
    any_word = _any_of(words)
    while at < len(run):
        word = any_word.match(run, at)
        if word is None:
            return []
        at = word.end()
        found.append(at)
    return found


@cache
def _any_of(words: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join((*sorted(words, key=len, reverse=True), IN_NUMERALS)))
