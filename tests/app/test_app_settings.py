"""Settings: every problem is shown at once, no line shows a secret, defaults are the table's."""

import re
from pathlib import Path

import pytest

from bot.settings import table as settings
from bot.settings.table import BadSettings, load

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-1",
    "SLACK_APP_TOKEN": "xapp-1",
    "ENOS_API_URL": "https://gateway.example.com/",
    "ENOS_ACCESS_KEY": "the-access-key",
    "ENOS_SECRET_KEY": "the-secret-key",
    "ENOS_ORG_ID": "o15000000000001",
    "ENOS_USER_ID": "u15432100000000001",
    "FLOWBOT_CHANNEL": "C0DATAOPS1",
}


def problems(**changes: str | None) -> list[str]:
    said = {name: value for name, value in (GOOD | changes).items() if value is not None}
    with pytest.raises(BadSettings) as caught:
        load(said)
    return caught.value.problems


@pytest.mark.parametrize(("value", "host"), [("0.0.0.0:8080", "0.0.0.0"), ("[::]:8080", "::"), ("[::1]:0", "::1")])
def test_an_address_to_listen_on_is_of_either_family(value, host):
    got = load(GOOD | {"FLOWBOT_LISTEN": value})
    assert (got.listen.host, str(got.listen)) == (host, value)


def test_the_smallest_settings_have_the_defaults_of_the_table():
    got = load(GOOD)
    assert got.enos_api_url == "https://gateway.example.com"
    assert got.slack_api_url == "https://slack.com/api/"
    assert (got.poll_seconds, got.lookback_hours, got.sweep_minutes) == (30, 72, 10)
    assert (got.alert_statuses, got.group_by, got.storm) == ((-1, 7), "flow", 10)
    assert (got.mode, got.command, str(got.timezone), got.admins) == ("socket", "/flow", "UTC", ())
    assert (str(got.listen), str(got.events_listen)) == ("127.0.0.1:8080", "127.0.0.1:3000")
    assert (got.webhook_url, got.webhook_secret, got.pagerduty_key) == ("", "", "")
    assert got.pagerduty_url == "https://events.pagerduty.com/v2/enqueue"
    assert got.mask
    assert got.warnings == ()


def test_shared_channels_are_a_list_and_none_unless_named():
    assert load(GOOD).shared_channels == ()
    assert load(GOOD | {"FLOWBOT_SHARED_CHANNELS": "C0A, G0B"}).shared_channels == ("C0A", "G0B")


def test_all_problems_are_told_at_once_and_none_shows_a_secret():
    lines = problems(SLACK_BOT_TOKEN="topsecret", ENOS_SECRET_KEY=None, FLOWBOT_CHANNEL="data-ops", FLOWBOT_STORM="x")
    assert [line.split()[0] for line in lines] == [
        "SLACK_BOT_TOKEN",
        "ENOS_SECRET_KEY",
        "FLOWBOT_CHANNEL",
        "FLOWBOT_STORM",
    ]
    assert "topsecret" not in "\n".join(lines)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SLACK_API_URL", "https://slack.com/", "must end in /api/"),
        ("SLACK_APP_TOKEN", "xoxb-1", "begins with xapp-"),
        ("ENOS_API_URL", "http://gateway.example.com", "must begin with https://"),
        ("ENOS_API_URL", "gateway", "is not an address"),
        ("ENOS_API_URL", "https://[::1", "is not an address"),
        ("ENOS_API_URL", "https://gateway.example.com:https", "is not an address"),
        ("ENOS_API_URL", "https://gateway.example.com:0", "is not an address"),
        ("ENOS_API_URL", "https://gateway example.com", "is not an address"),
        ("SLACK_API_URL", "https://slack.com:99999/api/", "is not an address"),
        ("FLOWBOT_ADMINS", "U0A,maya", "Not valid: maya."),
        ("FLOWBOT_SHARED_CHANNELS", "C0A, finance", "takes channel IDs such as C0123456789. Not valid: finance."),
        ("FLOWBOT_ONCALL", "oncall", "user group IDs"),
        ("FLOWBOT_MODE", "sockets", "must be one of socket, http"),
        ("FLOWBOT_LANGUAGE", "de", "must be one of en, zh"),
        ("FLOWBOT_LISTEN", "8080", "must look like"),
        ("FLOWBOT_LISTEN", "127.0.0.1:99999", "must look like"),
        ("FLOWBOT_LISTEN", "::1:8080", "or [::1]:8080"),
        ("FLOWBOT_COMMAND", "flow", "must be / and then"),
        ("FLOWBOT_TIMEZONE", "Europe/Berln", "Did you mean Europe/Berlin?"),
        ("FLOWBOT_TIMEZONE", "Q", "is not a time zone"),
        ("FLOWBOT_POLL_SECONDS", "soon", "must be a number"),
        ("FLOWBOT_POLL_SECONDS", "0", "must be between 0.2 and 3600."),
        ("FLOWBOT_STORM", "1.5", "must be a whole number"),
        ("FLOWBOT_ALERT_STATUSES", "FAIL,BROKEN", "contains BROKEN, which is not a status"),
        ("FLOWBOT_ALERT_STATUSES", ",", "needs at least one status"),
        ("FLOWBOT_ENOS_TIMEZONE", "CST", "GMT+8"),
        ("FLOWBOT_MASK", "a(", "cannot be read"),
        ("FLOWBOT_MASK", "pin=(\\d+),(a+)+$", "contains (a+)+$, which can run for minutes on some texts. A part"),
        ("FLOWBOT_MASK", "({setting}|a{2,3})+$", "contains ({setting}|a{2,3})+$, which can run"),
        ("FLOWBOT_MASK", r"(a)\1", "Write it without"),
        ("FLOWBOT_MASK", "x*", "matches the empty text and would mask everything"),
        ("FLOWBOT_WEBHOOK_URL", "http://hooks.example.com/a", "must begin with https://"),
        ("FLOWBOT_WEBHOOK_SECRET", "topsecret", "must be whsec_ and then base64 of 24 to 64 bytes. Make one with:"),
        ("FLOWBOT_PAGERDUTY_KEY", "u+abcdef", "integration key of PagerDuty's Events API v2: 32 letters"),
        ("FLOWBOT_PAGERDUTY_URL", "http://events.example.com", "must begin with https://"),
        ("FLOWBOT_PAGE_BASE", "2", "must be one of auto, 0, 1"),
    ],
)
def test_a_bad_value_says_what_is_expected(name: str, value: str, says: str):
    (line,) = problems(**{name: value})
    assert line.startswith(name)
    assert says in line


def test_a_misspelled_name_is_reported_with_what_is_missing():
    lines = problems(FLOWBOT_CHANNEL=None, FLOWBOT_CHANEL="C0DATAOPS1")
    assert [line.partition(". ID")[0] for line in lines] == [
        "FLOWBOT_CHANNEL is missing",
        "FLOWBOT_CHANEL is not a setting of flowbot. Did you mean FLOWBOT_CHANNEL?",
    ]


def test_a_token_that_slack_rotates_is_a_token():
    assert load(GOOD | {"SLACK_BOT_TOKEN": "xoxe.xoxb-1"}).slack_bot_token == "xoxe.xoxb-1"


def test_values_are_read_in_their_own_types():
    got = load(
        GOOD
        | {
            "FLOWBOT_ADMINS": "U0A, U0B",
            "FLOWBOT_ALERT_STATUSES": "fail,7,42",
            "FLOWBOT_MASK": r"pin=(\d{2,9}), a\x2cb",
            "FLOWBOT_ENOS_TIMEZONE": "gmt+8",
            "FLOWBOT_TIMEZONE": "Asia/Shanghai",
            "ENOS_API_URL": "http://127.0.0.1:9",
        }
    )
    assert got.admins == ("U0A", "U0B")
    assert got.alert_statuses == (-1, 7, 42)
    assert [pattern.pattern for pattern in got.mask] == [r"pin=(\d{2,9})", r"a\x2cb"]
    assert (got.enos_timezone, str(got.timezone)) == ("GMT+8", "Asia/Shanghai")


def test_http_mode_needs_the_signing_secret_and_no_app_token():
    (line,) = problems(FLOWBOT_MODE="http", SLACK_APP_TOKEN=None)
    assert line.startswith("SLACK_SIGNING_SECRET is missing")
    got = load({**GOOD, "FLOWBOT_MODE": "http", "SLACK_SIGNING_SECRET": "s"} | {"SLACK_APP_TOKEN": ""})
    assert got.slack_app_token == ""


def test_a_secret_does_not_show_itself():
    assert "xoxb-1" not in repr(load(GOOD))
    assert "the-secret-key" not in repr(load(GOOD))


def test_what_no_log_may_show_is_every_secret_of_the_table_and_nothing_else():
    assert load(GOOD).secrets == ("xoxb-1", "xapp-1", "", "the-access-key", "the-secret-key", "", "", "", "")


WEBHOOK = {"FLOWBOT_WEBHOOK_URL": "https://hooks.example.com/a/", "FLOWBOT_WEBHOOK_SECRET": f"whsec_{'a' * 40}"}


def test_a_webhook_needs_its_secret_and_keeps_its_address_as_it_is(tmp_path):
    (line,) = problems(**WEBHOOK | {"FLOWBOT_WEBHOOK_SECRET": ""})
    assert line.startswith("FLOWBOT_WEBHOOK_SECRET is missing. flowbot sends no unsigned events")
    (line,) = problems(**WEBHOOK | {"FLOWBOT_WEBHOOK_SECRET": "short"})
    assert line.startswith("FLOWBOT_WEBHOOK_SECRET must be whsec_")
    file = tmp_path / "secret"
    file.write_text(WEBHOOK["FLOWBOT_WEBHOOK_SECRET"] + "\n")
    got = load(GOOD | WEBHOOK | {"FLOWBOT_WEBHOOK_SECRET": "", "FLOWBOT_WEBHOOK_SECRET_FILE": str(file)})
    assert got.webhook_secret == WEBHOOK["FLOWBOT_WEBHOOK_SECRET"]
    assert got.webhook_url == "https://hooks.example.com/a/"
    assert not any(value in repr(got) for value in WEBHOOK.values())
    assert set(WEBHOOK.values()) <= set(got.secrets)


def test_a_key_of_pagerduty_is_a_secret():
    got = load(
        GOOD | {"FLOWBOT_PAGERDUTY_KEY": "R0" + "a" * 30, "FLOWBOT_PAGERDUTY_URL": "http://127.0.0.1:9/v2/enqueue"}
    )
    assert "R0" + "a" * 30 in got.secrets
    assert got.pagerduty_url == "http://127.0.0.1:9/v2/enqueue"


def test_a_value_is_read_from_a_file_and_not_from_both(tmp_path: Path):
    file = tmp_path / "secret"
    file.write_text("from-the-file\n", encoding="utf-8")
    said = {name: value for name, value in GOOD.items() if name != "ENOS_SECRET_KEY"}
    assert load(said | {"ENOS_SECRET_KEY_FILE": str(file)}).enos_secret_key == "from-the-file"
    (line,) = problems(ENOS_SECRET_KEY_FILE=str(file))
    assert "are both set" in line
    (line,) = problems(ENOS_SECRET_KEY=None, ENOS_SECRET_KEY_FILE=str(tmp_path / "none"))
    assert "ENOS_SECRET_KEY_FILE names a file that cannot be read" in line
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (line,) = problems(ENOS_SECRET_KEY=None, ENOS_SECRET_KEY_FILE=str(tmp_path / "binary"))
    assert "it is not a text file" in line


def test_an_env_file_is_read_and_the_environment_beats_it(tmp_path: Path):
    file = tmp_path / ".env"
    file.write_text("FLOWBOT_STORM=7\nFLOWBOT_COMMAND=/ops\nEMPTY\n", encoding="utf-8")
    got = load(GOOD | {"FLOWBOT_COMMAND": "/flows"}, env_file=file)
    assert (got.storm, got.command) == (7, "/flows")
    assert load(GOOD, env_file=tmp_path / "none").storm == 10


def test_an_unknown_setting_is_a_warning_with_the_nearest_name():
    got = load(GOOD | {"FLOWBOT_TIMZONE": "UTC", "FLOWBOT_QQ": "1"})
    assert got.warnings == (
        "FLOWBOT_QQ is not a setting of flowbot.",
        "FLOWBOT_TIMZONE is not a setting of flowbot. Did you mean FLOWBOT_TIMEZONE?",
    )


def test_the_table_names_every_setting_once():
    table = settings.markdown_table()
    for row in settings.SETTINGS:
        assert len(re.findall(rf"^\| `{row.name}` \|", table, re.MULTILINE)) == 1
