"""Fingerprints of error lines: the same for the same error at another time, another one for another error."""

import random
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.core.history.fingerprint import fingerprint, key
from bot.core.text.log_text import error_line
from bot.core.text.mask import DEFAULT

SAME = [
    # Java
    (
        "2026-11-12 05:58:01,123 ERROR [pool-3-thread-17] c.m.Loader - ORA-00942: table or view does not exist",
        "2026-11-30 06:01:59,004 ERROR [main] c.m.Loader - ORA-00942: table or view does not exist",
    ),
    (
        "java.net.UnknownHostException: namenode-2.hadoop.corp",
        "java.net.UnknownHostException: namenode-1.hadoop.corp",
    ),
    (
        "java.net.ConnectException: Call From dn07/10.1.2.7 to nn01.prod.local:8020 failed on connection exception",
        "java.net.ConnectException: Call From dn11/10.1.2.11 to nn02.prod.local:8021 failed on connection exception",
    ),
    (
        'Exception in thread "main" java.lang.NullPointerException at com.meter.Load.run(Load.java:42)',
        'Exception in thread "worker-3" java.lang.NullPointerException at com.meter.Load.run(Load.java:57)',
    ),
    (
        "java.io.FileNotFoundException: /data/in/2026/11/12/meters.csv (No such file or directory)",
        "java.io.FileNotFoundException: /data/in/2026/11/30/meters_v2.csv (No such file or directory)",
    ),
    (
        "com.zaxxer.hikari.pool.HikariPool$PoolInitializationException: pool@1b2c3d4e closed after 30000ms",
        "com.zaxxer.hikari.pool.HikariPool$PoolInitializationException: pool@7f00aa12 closed after 15s",
    ),
    (
        "java.lang.OutOfMemoryError: unable to allocate 1.5 GB in region 0x00007f3a",
        "java.lang.OutOfMemoryError: unable to allocate 512 MB in region 0x0000aa10",
    ),
    (
        "com.amazonaws.services.s3.model.AmazonS3Exception: Status Code: 403, Request ID: 9D8A7B6C5E4F3A2B",
        "com.amazonaws.services.s3.model.AmazonS3Exception: Status Code: 403, Request ID: 11AA22BB33CC44DD",
    ),
    # Python
    ("KeyError: 'kwh'", "KeyError: 'volume'"),
    (
        'FileNotFoundError: [Errno 2] No such file or directory: "/tmp/a1/out.csv"',
        'FileNotFoundError: [Errno 2] No such file or directory: "/tmp/b7/result.csv"',
    ),
    (
        "ValueError: time data '2026-11-12' does not match format '%d.%m.%Y'",
        "ValueError: time data '12/11/26' does not match format '%Y'",
    ),
    (
        (
            "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.a.example.com', port=443): Max retries"
            " exceeded with url: /v1/readings?day=2026-11-12"
        ),
        (
            "requests.exceptions.ConnectionError: HTTPSConnectionPool(host='api.b.example.com', port=8443): Max retries"
            " exceeded with url: /v1/readings?day=2026-11-13"
        ),
    ),
    (
        "TypeError: <etl.Row object at 0x7f8e1c2b3d90> is not JSON serializable",
        "TypeError: <etl.Row object at 0x7f11aa2b0010> is not JSON serializable",
    ),
    (
        "psycopg2.OperationalError: could not connect to server 10.0.0.12, port 5432, after 3 attempts",
        "psycopg2.OperationalError: could not connect to server 10.0.0.9, port 5433, after 5 attempts",
    ),
    (
        "pandas.errors.ParserError: Error tokenizing data. C error: Expected 12 fields in line 4711, saw 13",
        "pandas.errors.ParserError: Error tokenizing data. C error: Expected 11 fields in line 3, saw 18",
    ),
    # Hive
    (
        "FAILED: SemanticException [Error 10001]: Line 3:14 Table not found 'ods_meter'",
        "FAILED: SemanticException [Error 10001]: Line 12:7 Table not found 'ods_site'",
    ),
    (
        (
            "FAILED: Execution Error, return code 2 from org.apache.hadoop.hive.ql.exec.tez.TezTask. Vertex failed,"
            " vertexId=vertex_1571212345678_0012_1_00"
        ),
        (
            "FAILED: Execution Error, return code 2 from org.apache.hadoop.hive.ql.exec.tez.TezTask. Vertex failed,"
            " vertexId=vertex_1571299999999_0471_2_01"
        ),
    ),
    (
        "HiveException: Error moving hdfs://nn1:8020/warehouse/a.db/t/dt=2026-11-12 into place",
        "HiveException: Error moving hdfs://nn2:8020/warehouse/a.db/t/dt=2026-11-13/part-00001 into place",
    ),
    # Spark
    (
        "26/11/12 05:58:01 ERROR Executor: Exception in task 3.0 in stage 12.0 (TID 345)",
        "26/11/30 23:00:10 ERROR Executor: Exception in task 11.2 in stage 7.0 (TID 1200)",
    ),
    (
        (
            "org.apache.spark.SparkException: Job aborted due to stage failure: Task 3 in stage 12.0 failed 4 times,"
            " most recent failure: Lost task 3.3 in stage 12.0 (TID 51, dn07.prod.example.com, executor 2)"
        ),
        (
            "org.apache.spark.SparkException: Job aborted due to stage failure: Task 9 in stage 1.0 failed 4 times,"
            " most recent failure: Lost task 9.1 in stage 1.0 (TID 7, dn12.prod.example.com, executor 14)"
        ),
    ),
    (
        "org.apache.spark.shuffle.FetchFailedException: Failed to connect to dn07:7337",
        "org.apache.spark.shuffle.FetchFailedException: Failed to connect to dn12:7338",
    ),
    # YARN
    (
        (
            "Application application_1571212345678_0012 failed 2 times due to AM Container for"
            " appattempt_1571212345678_0012_000002 exited with exitCode: -104"
        ),
        (
            "Application application_1571299999999_4711 failed 2 times due to AM Container for"
            " appattempt_1571299999999_4711_000001 exited with exitCode: -104"
        ),
    ),
    (
        "Container killed by YARN for exceeding memory limits. 5.5 GB of 5.5 GB physical memory used",
        "Container killed by YARN for exceeding memory limits. 990 MB of 1 GB physical memory used",
    ),
    (
        "Container container_e17_1571212345678_0012_01_000002 exited with a non-zero exit code 143",
        "Container container_e18_1571299999999_0001_01_000117 exited with a non-zero exit code 143",
    ),
    (
        "Job job_1571212345678_0012 failed with state FAILED due to: Task failed task_1571212345678_0012_m_000003",
        "Job job_1571299999999_0007 failed with state FAILED due to: Task failed task_1571299999999_0007_m_000001",
    ),
    # shell
    (
        "/opt/jobs/run.sh: line 42: spark-submit: command not found",
        "/opt/a/run.sh: line 7: spark-submit: command not found",
    ),
    (
        "scp: connect to host 10.1.2.3 port 22: Connection timed out",
        "scp: connect to host 10.9.9.9 port 2222: Connection timed out",
    ),
    (
        "curl: (7) Failed to connect to api.example.com port 443 after 30012 ms: Connection refused",
        "curl: (7) Failed to connect to api2.example.com port 8443 after 12 ms: Connection refused",
    ),
    ("Failed at Thu Nov 12 05:58:03 UTC 2026", "Failed at Mon Nov 30 23:01:00 UTC 2026"),
    ("error at 5:58 AM: 12 rows are missing", "error at 11:02 PM: 1,204 rows are missing"),
    (
        "cp: error writing /mnt/a/x.gz: No space left on device",
        "cp: error writing /mnt/b/2026/y.gz: No space left on device",
    ),
    ("mv: cannot stat C:\\data\\in\\a.csv", "mv: cannot stat D:\\data\\b.csv"),
    # SQL
    (
        "ERROR 1045 (28000): Access denied for user 'etl'@'10.0.0.12' (using password: YES)",
        "ERROR 1045 (28000): Access denied for user 'loader'@'10.0.0.13' (using password: YES)",
    ),
    (
        'ERROR: duplicate key value violates unique constraint "meters_pk" DETAIL: Key (id)=(4711) already exists.',
        'ERROR: duplicate key value violates unique constraint "sites_pk" DETAIL: Key (id)=(12) already exists.',
    ),
    (
        "Deadlock found when trying to get lock; transaction 550e8400-e29b-41d4-a716-446655440000 failed",
        "Deadlock found when trying to get lock; transaction 6fa459ea-ee8a-3ca4-894e-db77e160355e failed",
    ),
    (
        "DB2 SQL Error: SQLCODE=-204, SQLSTATE=42704, at 12-Nov-2026",
        "DB2 SQL Error: SQLCODE=-204, SQLSTATE=42704, at 1-Dec-26",
    ),
    ("login failed: password=••• for host db1.prod.internal", "login failed: password=••• for host db2.prod.internal"),
    ("commit 1f4c2d9 failed", "commit abc1234 failed"),
]

DIFFERENT = [
    ("java.lang.NullPointerException", "java.lang.IllegalStateException"),
    ("java.lang.OutOfMemoryError: Java heap space", "java.lang.OutOfMemoryError: Metaspace"),
    ("ORA-00942: table or view does not exist", "ORA-01017: table or view does not exist"),
    ("SQLCODE=-204 in step 1", "SQLCODE=-911 in step 1"),
    ("ERROR: SQLSTATE 42S02", "ERROR: SQLSTATE 42S22"),
    ("process ended with exit code 1", "process ended with exit code 137"),
    ("exited with status 2", "exited with status 3"),
    ("HTTP/1.1 503 from upstream", "HTTP/1.1 401 from upstream"),
    ("request failed: HTTP 500", "request failed: HTTP 403"),
    ("[Errno 2] failed", "[Errno 13] failed"),
    ("FAILED: SemanticException [Error 10001]: Line 3:14", "FAILED: SemanticException [Error 10004]: Line 3:14"),
    (
        "return code 2 from org.apache.hadoop.hive.ql.exec.tez.TezTask.",
        "return code 2 from org.apache.hadoop.hive.ql.exec.mr.MapRedTask.",
    ),
    (
        "java.lang.NoClassDefFoundError: org/apache/spark/Logging",
        "java.lang.NoClassDefFoundError: org/apache/hadoop/Conf",
    ),
    ("ClassNotFound 'com.meter.etl.Load' failed", "ClassNotFound 'com.meter.etl.Store' failed"),
    ("AmazonS3Exception: AccessDenied", "AmazonS3Exception: NoSuchBucket"),
    ("KeyError: 'kwh'", "ValueError: 'kwh'"),
    ("bash: run.sh: Permission denied", "bash: run.sh: No such file or directory"),
    ("Connection refused by 10.0.0.1", "Connection reset by 10.0.0.1"),
    ("load.py:12: error", "store.py:12: error"),
    ("Container killed on request. Exit code is 143", "Container killed on request. Exit code is 137"),
    ("curl: (7) Connection refused, rc=7", "curl: (7) Connection refused, rc=28"),
    ("Py4JJavaError: failed", "Py4JNetworkError: failed"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same_error(one, other):
    assert fingerprint(one) == fingerprint(other) != ""
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_another_error(one, other):
    assert fingerprint(one) != fingerprint(other)
    assert key(one) != key(other)


def test_there_are_enough_lines():
    assert 2 * (len(SAME) + len(DIFFERENT)) >= 60


@pytest.mark.parametrize("line", ["", "   ", "2026-11-12 05:58", "12345", "'a value'", "/data/x", "10.0.0.1:80"])
def test_a_line_in_which_nothing_is_the_same_each_time_has_none(line):
    assert fingerprint(line) == ""
    assert key(line) == ""


@pytest.mark.parametrize(
    ("line", "left"),
    [
        ("Lost task 3.0 in stage 12.0 (TID 345)", "Lost task # in stage # (TID #)"),
        ("partitions [1, 2, 3] failed", "partitions [#] failed"),
        ("read/write error, I/O error: N/A", "read/write error, I/O error: N/A"),
        ("error: 12 rows failed", "error: # rows failed"),
        ("error 404.5 failed", "error # failed"),
        ("can't open 'x", "cant open x"),
        ("utf8 and dn07", "utf# and dn#"),
    ],
)
def test_what_is_left(line, left):
    assert fingerprint(line) == left


def test_the_word_before_a_cut_does_not_count():
    whole = "error: the table is not there and the job stops in the middle of"
    assert fingerprint(f"{whole} everyth…") == fingerprint(f"{whole} every…") == fingerprint(whole)


def test_a_masked_line_stays_masked():
    line = error_line("login failed: password=hunter2 token=abcdef1234567890", DEFAULT)
    assert "hunter2" not in fingerprint(line)
    assert fingerprint(line) == "login failed: password=••• token=•••"


LINES = sorted({line for pair in (*SAME, *DIFFERENT) for line in pair})
_PIECES = [
    "/",
    "'",
    '"',
    "`",
    "[",
    "]",
    ".",
    ":",
    "-",
    "_",
    "#",
    "@",
    " ",
    "•",
    "…",
    "main",
    "a",
    "Ab",
    "12",
    "7f",
    "Error",
]


@given(
    some.sampled_from(LINES) | some.lists(some.sampled_from(_PIECES), max_size=40).map("".join) | some.text(max_size=80)
)
def test_a_fingerprint_is_its_own(line):
    assert fingerprint(fingerprint(line)) == fingerprint(line)


_CODES = re.compile(
    r"(?i)[A-Z]+-\d+|(?:code|errno|error|status|rc|http/?|sqlcode|sqlstate)\W{0,3}[\d.]+\w*(?: \d+)?|\d+\.sh"
)


@given(some.sampled_from(LINES), some.integers(0, 2**32))
def test_other_numbers_change_nothing(line, seed):
    """Where they are not codes, and as many digits."""
    random_numbers = random.Random(seed)

    def other(found):
        return "".join(random_numbers.choice("123456789") for _ in found[0])

    spans = [found.span() for found in _CODES.finditer(line)]
    parts, at = [], 0
    for start, end in [*spans, (len(line), len(line))]:
        parts += [re.sub(r"(?<![\w.])\d+(?![\w.])", other, line[at:start]), line[start:end]]
        at = end
    assert fingerprint("".join(parts)) == fingerprint(line)


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "a.",
        "/a",
        "'",
        '"',
        "[",
        "[a",
        "1",
        "1.",
        "a-",
        "a_1",
        "a:1",
        "A.a",
        "a/",
        "x=1/",
        "Nov 1 ",
        "•",
        "0a-",
        "10:",
        "`'\"[",
    ],
)
def test_ten_thousand_characters_take_no_time(unit):
    line = unit * (10_000 // len(unit))
    began = time.process_time()
    fingerprint(line)
    assert time.process_time() - began < 0.5
