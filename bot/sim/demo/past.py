"""Flows with a past that the demo adds to the platform: one that is late on the page, and two of a promise.

They start every hour or two, so that two days of their runs, which flowbot reads first, are enough to learn from.
"""

from datetime import timedelta

from bot.sim.enos.cron import fires
from bot.sim.enos.model import FlowLink, Task
from bot.sim.enos.platform import Platform

LATE = 4616
IMPORT, REPORT = 4617, 4618  # the report waits for the import

_MINUTE, _HOUR = 60.0, 3600.0
_DAYS = timedelta(days=10).total_seconds()
_MISSING_SINCE = 105 * _MINUTE  # an hourly flow is late when its next run could not make up for it either


def add_late(platform: Platform) -> None:
    """Add a flow whose last two runs did not start: it is late as soon as flowbot has read two days."""
    missing = platform.tick() - _MISSING_SINCE
    _add(platform, LATE, "weather-archive", ("maya.chen", "sam.lee"), missing, hours=1, took=4 * _MINUTE)


def add_promised(platform: Platform) -> None:
    """Add an import that has been running for far too long, and a report that waits for it."""
    now = platform.tick()
    slow, waits = now - 55 * _MINUTE, now - 12 * _MINUTE
    _add(platform, IMPORT, "tariff-import", ("jonas.weber",), slow, hours=2, took=35 * _MINUTE)
    link = FlowLink(IMPORT, "tariff-import")
    _add(platform, REPORT, "tariff-report", ("maya.chen",), waits, hours=2, took=17 * _MINUTE, links=(link,))
    for flow, at in ((IMPORT, slow), (REPORT, waits)):
        platform.add_past(flow, at // _MINUTE * _MINUTE, "RUNNING")


def end_promised(platform: Platform) -> None:
    """Let the slow import and the report end."""
    for flow in (IMPORT, REPORT):
        for run in platform.instances(flow):
            if run.end is None:
                platform.restate(run.id, "SUCCESS", end=platform.clock())


def _add(
    platform: Platform,
    flow: int,
    name: str,
    owners: tuple[str, ...],
    until: float,
    *,
    hours: int,
    took: float,
    links: tuple[FlowLink, ...] = (),
) -> None:
    """Add a flow that starts every so many hours, with its runs before ``until``, when it would start again."""
    last = until // _MINUTE * _MINUTE
    minute, hour = int(last // _MINUTE) % 60, int(last // _HOUR) % hours
    freq = f"0 {minute} {hour}/{hours} * * ? *"
    tasks = [Task(110_000 + flow, "download"), Task(120_000 + flow, "load")]
    platform.add_flow(
        flow,
        name,
        owners=owners,
        tasks=tasks,
        links=links,
        cycle="H",
        freq=freq,
        active=True,
        created=last - 2 * _DAYS,
        updated=last - _DAYS,
    )
    for at in fires(freq, last - _DAYS, last - _MINUTE):
        platform.add_past(flow, at, took=took + at // _MINUTE % 7)
