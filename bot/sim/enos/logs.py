"""A task's log: the header that the platform prints, then lines such as real programs write.

Layout of the header: Get Task Instance Log (API v2.1), with the backslashes its samples have lost put back.
Some lines hold passwords and tokens, as real logs do; a program that shows them must mask them.
"""

from datetime import UTC, datetime

from bot.sim.enos.model import FailurePlan, Instance, Status, TaskRun

_RULE = "=" * 80

_WORK = (
    (
        "INFO  Connecting to jdbc:mysql://mdm-db.internal:3306/energy?user=etl&password=hunter2",
        "INFO  Connected. Reading partition dt={day}",
        "INFO  Fetched 50000 rows",
        "INFO  Fetched 100000 rows",
        "INFO  Fetched 148233 rows, 0 rejected",
    ),
    (
        "INFO  spark-submit --queue batch --conf spark.executor.memory=2g transform.py --day {day}",
        "INFO  Stage 0: 24/24 tasks",
        "INFO  Stage 1: 96/200 tasks",
        "WARN  Stage 1: 3 stragglers, speculating",
        "INFO  Stage 1: 200/200 tasks",
    ),
    (
        "INFO  Hive session started, user db_demo",
        "INFO  INSERT OVERWRITE TABLE dws_energy_daily PARTITION (dt='{day}')",
        "INFO  Map 100%, reduce 67%",
        "INFO  Map 100%, reduce 100%",
        "INFO  Partition dt={day}: 9312 rows",
    ),
    (
        "INFO  GET https://weather.example/v3/grid?day={day}",
        "DEBUG request headers: Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.ZmxvdyI6InBl.c2lnbmF0dXJl",
        "INFO  200 OK, 4.1 MB",
        "INFO  Interpolating 312 sites",
        "INFO  Wrote /user/db_demo/weather/{day}.parquet",
    ),
)

_ERRORS = (
    (
        "ERROR java.sql.SQLTimeoutException: Statement cancelled after 60000 ms: SELECT * FROM ods_meter_reading",
        "        at com.mysql.cj.jdbc.StatementImpl.executeQuery(StatementImpl.java:1200)",
        "        at com.example.sync.MeterReader.read(MeterReader.java:88)",
        "Caused by: java.net.SocketTimeoutException: Read timed out",
        "INFO  Retry hint: mysql -h mdm-db.internal -u etl --password=hunter2 energy",
        "exit code: 1",
    ),
    (
        "Traceback (most recent call last):",
        '  File "/opt/jobs/transform.py", line 214, in <module>',
        "    frame = join(readings, sites)",
        "KeyError: 'site_id'",
        "ERROR transform.py ended with exit code 1",
    ),
    (
        "ERROR FAILED: SemanticException [Error 10001]: Line 14:21 Table not found 'ods_turbine_10min'",
        "ERROR org.apache.hadoop.hive.ql.parse.SemanticException: Line 14:21 Table not found",
        "exit code: 17",
    ),
    (
        "WARN  Container container_e37_0001_01_000004 is using 4.2 GB of 4 GB physical memory",
        "ERROR Container killed by YARN for exceeding memory limits. 4.2 GB of 4 GB used",
        "exit code: 143",
    ),
    (
        "ERROR java.io.IOException: No space left on device: /data/spill/part-00017",
        "ERROR aws_secret_access_key=PRETENDpretendPRETENDpretendPRETEND could not be used to spill to s3",
        "exit code: 1",
    ),
)

_TIMEOUT = (
    "WARN  Waiting for lock on table dws_energy_daily, held by application_1763_0042",
    "WARN  Still waiting",
    "ERROR The task ran longer than its limit of {limit:g} s and was stopped",
)


def log_of(instance: Instance, run: TaskRun, now: float) -> str | None:
    """Write the log as it is at ``now`` (epoch seconds); None where the task has not begun."""
    if run.start is None:
        return None
    task = run.task
    began = datetime.fromtimestamp(run.start, UTC)
    words = {"day": f"{datetime.fromtimestamp(instance.trigger - 86400, UTC):%Y-%m-%d}", "limit": task.limit}
    command = task.command or f"sh /opt/jobs/{task.name}.sh --token=s3cr3t-{task.id}"
    lines = [
        _RULE,
        f"run  num:\t{run.number}",
        f"instance:\tt{task.id}-{instance.suffix}",
        f"cmdline:\t{command}",
        f"submitter:\t{instance.flow.do_as}",
        f"current time:\t{began:%a %b %d %H:%M:%S} UTC {began:%Y}",
        _RULE,
    ]
    lines += [_stamped(run, index, line.format_map(words)) for index, line in enumerate(_output(run, now))]
    lines += [line.format_map(words) if run.failure and not run.failure.lines else line for line in _ending(run)]
    return "\n".join(lines) + "\n"


def _stamped(run: TaskRun, index: int, line: str) -> str:
    at = datetime.fromtimestamp((run.start or 0.0) + index * 0.25, UTC)
    return f"{at:%Y-%m-%d %H:%M:%S} {line}"


def _output(run: TaskRun, now: float) -> tuple[str, ...]:
    """Choose the lines that the program has printed so far: more the longer it runs, fewer where it fails."""
    work = _WORK[run.task.id % len(_WORK)]
    if run.status is Status.RUNNING:
        share = (now - (run.start or now)) / max(run.task.seconds, 0.1)
        return work[: max(1, min(len(work), int(share * len(work)) + 1))]
    return work if run.failure is None else work[:3]


def _ending(run: TaskRun) -> tuple[str, ...]:
    if run.status is Status.RUNNING:
        return ()
    if run.status is Status.CANCEL:
        return ("WARN  Stopped on request", "exit code: 137")
    if run.failure is None:
        return ("INFO  Done", "exit code: 0")
    return run.failure.lines or _fitting(run.failure, run.task.id)


def _fitting(plan: FailurePlan, task_id: int) -> tuple[str, ...]:
    if plan.kind is Status.TIMEOUT:
        return _TIMEOUT
    return _ERRORS[task_id % len(_ERRORS)]
