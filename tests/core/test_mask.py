"""What looks like a secret is never shown."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.core.flow.model import Parameter
from bot.core.text.mask import DEFAULT, STARS, Mask

KEPT = [
    "spark-submit --class Main /data/energy.jar 2026-11-21",
    "column kwh not found in /data/token_counts.parquet",
    "password",
    "https://enos.example/batch?flow=3377",
    "the token service answered 200",
    "https://enos.example:8080/batch?by=maya@corp",
    "https://enos.example:8080/batch/maya@corp",
    "sqlplus / as sysdba",
    "sqlplus -s /nolog @/sql/load.sql",
    "actions/checkout@v4 bypass=1 compass: 2",
    "pass: 3, fail: 2",
    "x?signal=3&sigma=2",
    "task-sk-learn-regression-nightly",
]
MASKED = [
    ("password=hunter2", "password=•••"),
    ("db.password = hunter2, retries=3", "db.password = •••, retries=3"),
    ('{"password": "two words", "user": "maya"}', '{"password": "•••", "user": "maya"}'),
    (r"{\"secretKey\":\"abc\"}", r"{\"secretKey\":\"•••\"}"),
    ("pwd: 'it is here' next", "pwd: '•••' next"),
    ("mysql --password hunter2 -u root", "mysql --password ••• -u root"),
    ("--token --verbose", "--token --verbose"),
    ("Authorization: Basic bWF5YTpodW50ZXIy", "Authorization: Basic •••"),
    ("curl -H 'X: Bearer abcdefgh12345'", "curl -H 'X: Bearer •••'"),
    ("jdbc:postgresql://etl:hunter2@db:5432/x", "jdbc:postgresql://etl:•••@db:5432/x"),
    ("key AKIAABCDEFGHIJKLMNOP used", "key ••• used"),
    ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-_1", "•••"),
    ("xoxb-1234567890-abcdef", "•••"),
    ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nnext", "•••\nnext"),
    ("-----BEGIN PRIVATE KEY-----\nMIIE cut off", "•••"),
    ("access_key_id=AK1 secret=b", "access_key_id=••• secret=•••"),
    ("jdbc:oracle:thin:scott/t1ger@//db:1521/x", "jdbc:oracle:thin:scott/•••@//db:1521/x"),
    ('jdbc:oracle:oci:"a b"', 'jdbc:oracle:oci:"a b"'),
    ('JDBC:Oracle:oci8:scott/"t1@/ger"@tns', 'JDBC:Oracle:oci8:scott/"•••"@tns'),
    ("jdbc:oracle:thin:etl[scott]/t1ger@(DESCRIPTION=", "jdbc:oracle:thin:etl[scott]/•••@(DESCRIPTION="),
    ("sqlplus -s scott/t1ger@db @load.sql", "sqlplus -s scott/•••@db @load.sql"),
    ("sqlldr userid=scott/t1ger control=x", "sqlldr userid=scott/••• control=x"),
    ("ALTER USER etl IDENTIFIED BY 't1ger'", "ALTER USER etl IDENTIFIED BY '•••'"),
    ("postgres://u:a/b@h/db", "postgres://u:•••@h/db"),
    ("postgres://u:a@b@h/db", "postgres://u:•••@h/db"),
    ("{'Authorization': 'Basic bWF5YQ=='}", "{'Authorization': 'Basic •••'}"),
    (r"{\"authorization\":\"Token abc\"}", r"{\"authorization\":\"Token •••\"}"),
    ("Authorization: 0123456789abcdef0123456789\nHost: x", "Authorization: •••\nHost: x"),
    ("DB_PASS=t1ger pass=t1ger", "DB_PASS=••• pass=•••"),
    ("encryption_key: k secret.key=s", "encryption_key: ••• secret.key=•••"),
    ("AccountKey=ab12==;EndpointSuffix=x", "AccountKey=•••;EndpointSuffix=x"),
    ("fs.azure.account.key.lake.dfs.x=ab12==", "fs.azure.account.key.lake.dfs.x=•••"),
    ("https://x/a?sv=1&sig=ab%2F12&se=2", "https://x/a?sv=1&sig=•••&se=2"),
    ("https://s3/a?X-Amz-Signature=0f", "https://s3/a?X-Amz-Signature=•••"),
    ("https://hooks.slack.com/services/T0/B0/x1", "https://hooks.slack.com/services/•••"),
    ("<db.password>t1ger</db.password>", "<db.password>•••</db.password>"),
    ("password => 't1 ger'", "password => '•••'"),
    (r'password="t1\"g\"er" next', 'password="•••" next'),
    ("run --password 't1 ger' -v", "run --password '•••' -v"),
    ("key ASIAABCDEFGHIJKLMNOP used", "key ••• used"),
    ("xapp-1-A0-12-abcdef", "•••"),
    ("ghp_abcdefghijklmnopqrst glpat-abcdefghijklmnopqrst", "••• •••"),
]


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_secret_stays(text):
    assert DEFAULT(text) == text


@pytest.mark.parametrize(("text", "shown"), MASKED)
def test_common_shapes_of_secrets_are_starred(text, shown):
    assert DEFAULT(text) == shown


@pytest.mark.parametrize(
    ("pattern", "text", "shown"),
    [
        ("hunter2", "is hunter2 here", "is ••• here"),  # no group: the whole match
        ("(a+)-(b+)", "aaa-bbb", "•••-•••"),
        ("(a(b)c)", "abc", "•••"),  # a group inside another
        ("x(?:(a)|b)", "xa xb", "x••• xb"),  # a group that took no part
        ("", "ab", "•••a•••b•••"),
    ],
)
def test_a_pattern_stars_its_groups_or_all_of_it(pattern, text, shown):
    assert Mask([re.compile(pattern)])(text) == shown


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("db_password", "x", STARS),
        ("API-KEY", "x", STARS),
        ("login.pass", "x", STARS),
        ("encryption_key", "x", STARS),
        ("compass", "north", "north"),
        ("path", "/data?token=abc&x=1", "/data?token=•••&x=1"),
        ("path", "/data", "/data"),
    ],
)
def test_a_parameter_whose_key_looks_secret_hides_its_value(key, value, shown):
    assert DEFAULT.parameter(Parameter(key, value)) == Parameter(key, shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("paſſword=hunter2", "paſſword=•••"),
        ("PRIVATE_\u212aEY_ID: x", "PRIVATE_\u212aEY_ID: •••"),
        ("authorızation: Basic x", "authorızation: Basic •••"),
        ("-eyJabcdefgh1.eyJabcdefgh1.x", "-•••"),
        ("x-eyJ.eyJabcdefgh1.eyJabcdefgh1.x", "x-eyJ.•••"),
        ("_eyJabcdefgh.abcdefgh.x", "_eyJabcdefgh.abcdefgh.x"),  # no beginning of a word
        ("x+ssh.1://me:hunter2@db", "x+ssh.1://me:•••@db"),
        ("1://me:hunter2@db", "1://me:•••@db"),
    ],
)
def test_no_way_to_write_it_shows_more(text, shown):
    assert DEFAULT(text) == shown


HOSTILE = [
    "a.",
    "a://b:c/",
    "a://b:c@",
    "jdbc:oracle:thin:",
    "oracle:a:b/",
    "sqlplus a/",
    "sqlplus ",
    "identified by ",
    "identified\t",
    "?sig=",
    "account.key.",
    'password="\\',
    'password="a\\"',
    "password='",
    "password:",
    '--password "',
    "password>a",
    "_pass=",
    "authorization: a",
    "hooks.slack.com/a/",
    "ghp_",
    "sk-",
    "xapp-",
    " ",
    "-",
    "eyJ-",
    "eyJ",
    "password",
    "password=",
    'password="',
    "password\\",
    "password ",
    "--token ",
    "authorization:\n",
    "authorization: a ",
    "bearer ",
    "://",
    "a://:",
    "x://a:b",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----END ",
    "xoxb-",
    "AKIA",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_four_times_the_text_takes_about_four_times_as_long(unit):
    def seconds(size):
        text = "-----BEGIN PRIVATE KEY----- password eyJ akia:// author bearer xox " + unit * (size // len(unit))
        began = time.process_time()
        DEFAULT(text)
        return time.process_time() - began

    short, long = min(seconds(25_000) for _ in range(3)), min(seconds(100_000) for _ in range(3))
    assert long < 9 * short + 0.01  # sixteen times where each sign were looked at from each


@given(
    some.text(some.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=30), some.text(max_size=30)
)
def test_whatever_stands_before_it_a_password_is_hidden(secret, before):
    shown = DEFAULT(f"{before} password={secret}§ after")
    assert shown.endswith(" after")
    assert f"={secret}§" not in shown
