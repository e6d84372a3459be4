"""The platform of the demo: an energy company's flows, their owners, and weeks without a failure.

At the start everything is healthy, so the first failure on the page is one that the visitor causes.
"""

import zlib
from collections.abc import Callable
from typing import Any

from bot.sim.enos.cron import fires
from bot.sim.enos.model import MANUAL, Flow, FlowLink, Status, Task
from bot.sim.enos.platform import ORG, Directory, Platform

WATCHER = "u15432100000000001"
MAYA, JONAS, PRIYA = "u15432100000000011", "u15432100000000012", "u15432100000000013"
ALEX, SAM, WEI = "u15432100000000014", "u15432100000000015", "u15432100000000016"
OUTSIDER = "u15432100000000099"

# How many days of runs there are, by cycle: enough to learn from, and few enough to start fast.
_DAYS = {"D": 90, "W": 90, "M": 90, "H": 12, "mi": 3}
_LIMIT = 8.0  # seconds until a task of the demo times out: five minutes are too long to watch
_ROOT, _DAILY, _LIVE = (f"{number:032x}" for number in (0x249A33BD, 0x62E30388, 0x7F3C51AA))

_HOURLY, _EVERY_10_MINUTES = "0 0 * * * ? *", "0 0/10 * * * ? *"


# id: the flow that it waits for
_WAITS_FOR = {
    4602: FlowLink(4601, "meter-import"),
    4605: FlowLink(4601, "meter-import"),
    4606: FlowLink(4601, "meter-import"),
    4614: FlowLink(3377, "daily-energy-report"),
}


def _daily(hour: int, minute: int = 0) -> str:
    return f"0 {minute} {hour} * * ? *"


# id, name, owners, task names (one after another, the first with the id given), cycle, cron
_FLOWS: tuple[tuple[int, str, str, int, str, str, str], ...] = (
    (3377, "daily-energy-report", "maya.chen wei.lin", 108579, "extract transform load", "D", _daily(2)),
    (2809, "turbine-10min", "jonas.weber", 104890, "collect aggregate", "mi", _EVERY_10_MINUTES),
    (3318, "reduce_entity", "maya.chen jonas.weber", 107210, "read reduce", "H", _HOURLY),
    (2957, "billing-close", "alex.kim", 105040, "freeze invoice archive", "D", _daily(22, 30)),
    (4410, "<!channel> weather & wind", "maya.chen", 112010, "fetch interpolate", "H", "0 15 * * * ? *"),
    (4601, "meter-import", "jonas.weber", 113001, "download parse store", "H", "0 5 * * * ? *"),
    (4602, "meter-quality", "jonas.weber priya.nair", 113011, "check score publish", "H", "0 35 * * * ? *"),
    (4603, "asset-master-sync", "alex.kim", 113021, "export_mdm merge", "D", _daily(1, 30)),
    (4604, "co2-balance", "maya.chen", 113031, "factors balance report", "D", _daily(5)),
    (4605, "price-forecast", "priya.nair", 113041, "market train predict", "H", "0 50 * * * ? *"),
    (4606, "storage-dispatch", "jonas.weber", 113051, "plan dispatch", "H", "0 20 * * * ? *"),
    (4607, "alarm-history", "sam.lee", 113061, "collect compact", "H", "0 40 * * * ? *"),
    (4608, "solar-curtailment", "sam.lee jonas.weber", 113071, "signals losses", "D", _daily(4)),
    (4609, "grid-codes", "alex.kim", 113081, "fetch validate", "W", "0 0 3 ? * MON *"),
    (4610, "month-end-export", "alex.kim maya.chen", 113091, "collect sign upload", "M", "0 0 6 1 * ? *"),
    (4611, "turbine-health", "jonas.weber", 113101, "features score", "H", "0 10 * * * ? *"),
    (4612, "warehouse-vacuum", "sam.lee", 113111, "vacuum analyze", "D", _daily(0, 20)),
    (4613, "日报-华北", "priya.nair", 113121, "抽取 汇总", "D", _daily(16)),
)


def demo_platform(clock: Callable[[], float], speed: float = 1.0) -> Platform:
    """Build the demo's platform; the demo's Slack and settings refer to its ids.

    ``clock`` gives epoch seconds; at speed 2 every run takes half as long.
    """
    platform = Platform(clock, speed)
    _people(platform)
    for directory, title, parent in ((_ROOT, "Workflow", ""), (_DAILY, "reports", _ROOT), (_LIVE, "operations", _ROOT)):
        platform.directories[directory] = Directory(directory, title, parent)
    now = platform.tick()
    for flow_id, name, owners, first, tasks, cycle, freq in _FLOWS:
        platform.add_flow(
            flow_id,
            name,
            owners=owners.split(),
            tasks=_tasks(first, tasks.split()),
            cycle=cycle,
            freq=freq,
            active=True,
            **_extra(flow_id, cycle, now),
        )
    _particular(platform, now)
    for flow in platform.flows.values():
        _history(platform, flow, now)
    _by_hand(platform, now)
    return platform


def _people(platform: Platform) -> None:
    platform.add_user(WATCHER, "flowbot", sees_all=True)
    for user, name in (
        (MAYA, "maya.chen"),
        (JONAS, "jonas.weber"),
        (PRIYA, "priya.nair"),
        (ALEX, "alex.kim"),
        (SAM, "sam.lee"),
        (WEI, "wei.lin"),
    ):
        platform.add_user(user, name)
    platform.add_user(OUTSIDER, "robin.fox", org=f"{ORG[:-1]}2")


def _tasks(first: int, names: list[str]) -> list[Task]:
    return [
        Task(first + index, name, seconds=2.0 + (first + index) % 5 / 2, command=_command(name), limit=_LIMIT)
        for index, name in enumerate(names)
    ]


def _command(name: str) -> str:
    return f"sh /opt/jobs/{name}.sh --day ${{cal_dt}} --db-password=hunter2"


def _extra(flow_id: int, cycle: str, now: float) -> dict[str, Any]:
    """Choose further fields of a flow: age, folder, what it waits for, what is special about 3377, 4605 and 2957."""
    extra: dict[str, Any] = {
        "created": now - 86400.0 * (200 + flow_id % 90),
        "updated": now - 86400.0 * (5 + flow_id % 20),
        "directory": _DAILY if cycle in {"D", "W", "M"} else _LIVE,
        "links": _links(flow_id),
    }
    if flow_id == 3377:
        extra["parameters"] = (("path", "/user/db_demo/energy/"), ("overwrite", "true"))
        extra["description"] = "Energy per site and day, in the mailboxes at six"
    if flow_id == 4605:
        extra["parameters"] = (("horizon", "48h"), ("api_token", "tok-5f1d7c90ab"))
    if flow_id == 2957:
        extra["locked"] = True
    return extra


def _links(flow_id: int) -> tuple[FlowLink, ...]:
    return (_WAITS_FOR[flow_id],) if flow_id in _WAITS_FOR else ()


def _particular(platform: Platform, now: float) -> None:
    """Add flows with special graphs: without tasks, with many, and one that depends on another flow."""
    extra: dict[str, Any] = {"created": now - 86400.0 * 40, "updated": now - 86400.0 * 3}
    platform.add_flow(4102, "empty-flow", owners=["maya.chen"], kind=MANUAL, active=False, directory=_LIVE, **extra)
    wide = _tasks(114001, ["prepare", "north", "south", "east", "west", "merge", "publish"])
    a, b, c, d, e, f, g = (task.id for task in wide)
    edges = [(a, b), (a, c), (a, d), (a, e), (b, f), (c, f), (d, f), (e, f), (f, g)]
    platform.add_flow(
        4500,
        "forecast-wide",
        owners=["maya.chen"],
        tasks=wide,
        edges=edges,
        cycle="H",
        freq="0 30 * * * ? *",
        active=True,
        directory=_LIVE,
        **extra,
    )
    platform.add_flow(
        4614,
        "board-summary",
        owners=["maya.chen"],
        tasks=_tasks(113131, ["summarise", "mail"]),
        links=_links(4614),
        cycle="D",
        freq=_daily(6),
        active=True,
        directory=_DAILY,
        **extra,
    )
    platform.add_flow(
        4615,
        "resync-by-hand",
        owners=["jonas.weber", "sam.lee"],
        tasks=_tasks(113141, ["stop", "copy", "start"]),
        kind=MANUAL,
        active=False,
        directory=_LIVE,
        **extra,
    )


def _history(platform: Platform, flow: Flow, now: float) -> None:
    """Add a successful run of a flow for each time of its schedule in the days of its cycle.

    They took about as long as those that a visitor starts.
    """
    if not flow.active:
        return
    usual = 1 + sum(task.seconds for task in flow.shape.tasks)
    for at in fires(flow.freq, now - _DAYS[flow.cycle] * 86400.0, now - 10):
        took = usual * (0.85 + zlib.crc32(f"{flow.id}{at}".encode()) % 1000 / 3000)
        platform.add_past(flow.id, at, took=min(took, max(1.0, now - at - 2)))


def _by_hand(platform: Platform, now: float) -> None:
    """Add a few runs that people started; one of them was cancelled."""
    for flow_id, hours, status in (
        (3377, 26.3, Status.SUCCESS),
        (3377, 271.8, Status.SUCCESS),
        (3377, 1010.4, Status.SUCCESS),
        (3318, 7.6, Status.SUCCESS),
        (4615, 30.1, Status.SUCCESS),
        (4615, 50.4, Status.CANCEL),
    ):
        platform.add_past(flow_id, now - hours * 3600, status, took=75.0, triggered=True)
