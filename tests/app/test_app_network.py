"""Proxies and a company's certificates: they work everywhere or are told at once, and no password is shown."""

import asyncio
import os
import subprocess
import sys

import pytest
from app_kit import served
from company_kit import ANOTHER, CA, company, environment
from test_app_settings import GOOD

from bot.settings import network as settings_network
from bot.settings import table
from bot.settings.table import BadSettings
from bot.sim.demo import demo

SECRETS = ("p%40ss", "p@ss", "hush")


async def flowbot(environ, folder, *arguments):
    """Run a command of the program to its end; return its exit code and all that it wrote."""
    process = await demo.flowbot(environ, folder, *arguments, out=subprocess.PIPE, log=subprocess.STDOUT)
    said, _ = await asyncio.wait_for(process.communicate(), 120)
    assert not any(secret in said.decode() for secret in SECRETS)
    return process.returncode, said.decode()


@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
async def test_slack_its_sockets_and_enos_are_reached_through_a_proxy_and_a_companys_certificates(tmp_path, secure):
    async with served() as running, company(running, secure_proxy=secure) as made:
        environ = environment(made, tmp_path, FLOWBOT_LOG_LEVEL="debug")
        slack, log = running.world.workspace, tmp_path / "bot.log"
        with log.open("wb") as file:
            async with demo.started(environ, tmp_path, log=file) as process:
                await demo.connected(running, process)
                await slack.until(lambda: any(each.by_app for each in slack.messages("C0DATAOPS1")), 60)
            assert await process.wait() == 0
        assert set(made.asked) == {("CONNECT", "slack.test:443"), ("CONNECT", "enos.test:443")}
        assert not any(secret in log.read_text() for secret in SECRETS)


async def test_the_doctor_goes_the_same_way(tmp_path):
    async with served() as running, company(running) as made:
        _, said = await flowbot(environment(made, tmp_path), tmp_path, "doctor")
        assert "EnOS accepts the application's keys" in said
        assert "slack socket" in said
        assert ("CONNECT", "slack.test:443") in made.asked


async def test_what_is_in_the_env_file_counts_too(tmp_path):
    async with served() as running, company(running) as made:
        environ = environment(made, tmp_path)
        moved = {name: environ.pop(name) for name in ("HTTPS_PROXY", "SSL_CERT_FILE")}
        (tmp_path / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in moved.items()))
        (tmp_path / "people.csv").write_text("slack_user,enos_user_id,enos_user_name\nU0MAYA00001,u1,maya.chen\n")
        code, said = await flowbot(environ | {"SSL_CERT_FILE": ""}, tmp_path, "people", "import", "people.csv")
        assert code == 1, "what the environment says wins, and it says that there is none"
        assert "Slack's certificate is not trusted" in said
        made.asked.clear()
        code, said = await flowbot(environ, tmp_path, "people", "import", "people.csv")
        assert (code, said.partition(".")[0]) == (0, "Added: 1")
        assert made.asked == [("CONNECT", "slack.test:443")]


@pytest.mark.parametrize("trusted", [None, ANOTHER], ids=["none named", "another"])
async def test_a_certificate_that_is_not_trusted_ends_the_start_with_advice(tmp_path, trusted):
    async with served() as running, company(running) as made:
        code, said = await flowbot(environment(made, tmp_path, SSL_CERT_FILE=trusted), tmp_path, "run")
    assert code == 2
    assert "Slack's certificate is not trusted: unable to get local issuer certificate. Check SLACK_API_URL." in said
    assert "EnOS's certificate is not trusted: unable to get local issuer certificate. Check ENOS_API_URL." in said
    assert said.count("SSL_CERT_FILE") == 2
    assert "Traceback" not in said
    assert "did not answer yet" not in said


async def test_a_certificate_of_another_name_is_told_too(tmp_path):
    async with served() as running, company(running) as made:
        environ = environment(made, tmp_path, SLACK_API_URL="https://elsewhere.test/api/")
        code, said = await flowbot(environ, tmp_path, "run")
        assert code == 2
        assert "Slack's certificate is not trusted: Hostname mismatch" in said
        assert "EnOS" not in said.replace("ENOS", "")
        environ = environment(made, tmp_path, SSL_CERT_FILE=ANOTHER)
        _, said = await flowbot(environ, tmp_path, "doctor")
    assert "failed" in said
    assert "EnOS's certificate is not trusted: unable to get local issuer certificate." in said
    assert "Slack's certificate is not trusted: unable to get local issuer certificate." in said


async def test_this_machine_is_trusted_by_the_same_certificates_and_asked_of_no_proxy(tmp_path):
    async with served() as running, company(running) as made:
        environ = environment(
            made,
            tmp_path,
            SLACK_API_URL=f"https://localhost:{made.slack}/api/",
            ENOS_API_URL=f"https://127.0.0.1:{made.enos}",
        )
        _, said = await flowbot(environ, tmp_path, "doctor")
        assert "EnOS accepts the application's keys" in said
        assert "not trusted" not in said
        assert made.asked == []


TROUBLE = {
    "a password that is wrong": ({}, 407, "the proxy needs a user and a password; check those in HTTPS_PROXY"),
    "a proxy that refuses": ({}, 403, "the proxy refused, HTTP 403"),
    "a proxy that is not there": ({"HTTPS_PROXY": "http://maya:hush@127.0.0.1:9"}, 0, "the proxy cannot be reached"),
    "no proxy at all": ({"HTTPS_PROXY": None}, 0, "the host name is unknown here"),
    "a proxy without TLS": ({"TLS": "1"}, 0, "the server there does not use TLS"),
}


@pytest.mark.parametrize(("changes", "refuses", "says"), TROUBLE.values(), ids=TROUBLE)
async def test_what_may_pass_is_waited_out_and_told_as_what_it_is(tmp_path, changes, refuses, says):
    async with served() as running, company(running) as made:
        made.refuses = refuses
        environ = environment(made, tmp_path, **{name: value for name, value in changes.items() if name != "TLS"})
        if "TLS" in changes:
            environ["HTTPS_PROXY"] = made.proxy.replace("http://", "https://")
        log = tmp_path / "bot.log"
        with log.open("wb") as file:
            async with demo.started(environ, tmp_path, log=file) as process:
                await running.world.workspace.until(
                    lambda: process.returncode is not None or says in log.read_text(), 60
                )
            assert await process.wait() == 0
        text = log.read_text()
    assert f"Slack can't be reached ({says}" in text
    assert not any(secret in text for secret in SECRETS)
    assert "Traceback" not in text


async def test_a_certificate_that_has_expired_is_waited_out(tmp_path):
    async with served() as running, company(running, certificate="expired.pem") as made:
        log = tmp_path / "bot.log"
        with log.open("wb") as file:
            async with demo.started(environment(made, tmp_path), tmp_path, log=file) as process:
                await running.world.workspace.until(lambda: "flowbot tries again" in log.read_text(), 60)
            assert await process.wait() == 0
        assert "its certificate is not trusted, certificate has expired" in log.read_text()


def bad(tmp_path):
    """Return values that are wrong, by the variable that is to be named."""
    (tmp_path / "empty.pem").touch()
    (tmp_path / "garbage.pem").write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    (tmp_path / "binary.pem").write_bytes(bytes(range(256)))
    (tmp_path / "folder").mkdir(exist_ok=True)
    if not (tmp_path / "pipe").exists():
        os.mkfifo(tmp_path / "pipe")
    return [
        *(("SSL_CERT_FILE", str(tmp_path / name)) for name in ("none.pem", "empty.pem", "garbage.pem", "binary.pem")),
        *(("SSL_CERT_FILE", str(tmp_path / name)) for name in ("folder", "pipe", "empty.pem/below")),
        *(("SSL_CERT_DIR", str(tmp_path / name)) for name in ("none", "folder", "empty.pem")),
        ("SSL_CERT_DIR", ":"),
        *(("SSLKEYLOGFILE", str(tmp_path / name)) for name in ("folder", "none/keys", "empty.pem/below")),
        ("HTTPS_PROXY", "socks5://maya:hush-hush@proxy:1080"),
        ("https_proxy", "proxy.corp.example:3128"),
        ("HTTPS_PROXY", "http://maya:hush#hush@proxy:3128"),
        ("HTTP_PROXY", "http://proxy:port"),
        ("http_proxy", "nonsense"),
        ("ALL_PROXY", "socks5h://proxy"),
        ("all_proxy", "//proxy"),
        ("NO_PROXY", "https://slack.com"),
        ("no_proxy", "10.0.0.0/99"),
    ]


def test_each_wrong_value_is_one_line_that_names_its_variable(tmp_path):
    for name, value in bad(tmp_path):
        with pytest.raises(BadSettings) as caught:
            table.load(GOOD | {name: value})
        (line,) = caught.value.problems
        assert line.startswith(f"{name} "), line
        assert "hush" not in line
        assert "\n" not in line


def test_a_file_that_may_not_be_read_is_one(tmp_path, monkeypatch):
    if os.geteuid() == 0:
        monkeypatch.setattr(settings_network.Path, "stat", denied)
    path = tmp_path / "secret.pem"
    path.touch(mode=0)
    (line,) = settings_network.problems({"SSL_CERT_FILE": str(path)})
    assert line == f"SSL_CERT_FILE is {path}, which cannot be read (Permission denied)."


def denied(_path):
    raise PermissionError(13, "Permission denied")


def test_right_values_are_not_problems(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "0123abcd.0").touch()
    right = {
        "SSL_CERT_FILE": f" {CA} ",
        "SSL_CERT_DIR": f"{tmp_path / 'none'}{os.pathsep}{tmp_path / 'folder'}",
        "SSLKEYLOGFILE": str(tmp_path / "keys"),
        "HTTPS_PROXY": "http://maya:hush-hush@proxy:3128",
        "http_proxy": "  ",
        "no_proxy": "localhost,.corp.example,10.0.0.0/8",
    }
    got = table.load(GOOD | right)
    assert got.network == {name: value.strip() for name, value in right.items() if value.strip()}
    assert {"maya:hush-hush@", "hush-hush"} <= set(got.secrets)
    assert "hush" not in repr(got)
    (line,) = got.warnings
    assert line.startswith("SSLKEYLOGFILE is set")


def test_another_programs_name_for_the_certificates_is_a_warning():
    assert table.load(GOOD | {"REQUESTS_CA_BUNDLE": CA}).warnings == (
        "flowbot does not read REQUESTS_CA_BUNDLE. Set SSL_CERT_FILE to the same file.",
    )
    assert table.load(GOOD | {"REQUESTS_CA_BUNDLE": CA, "SSL_CERT_FILE": CA}).warnings == ()


def test_the_libraries_read_what_was_checked_and_no_empty_values():
    environ = {"SSL_CERT_FILE": "", "http_proxy": " ", "HTTPS_PROXY": " http://proxy:1 ", "PATH": "/bin"}
    settings_network.export(settings_network.named(environ | {"SSLKEYLOGFILE": "/keys"}), environ)
    assert environ == {"HTTPS_PROXY": "http://proxy:1", "SSLKEYLOGFILE": "/keys", "PATH": "/bin"}
    settings_network.forget(environ)
    assert environ == {"PATH": "/bin"}


COMMANDS = [
    ("run",),
    ("doctor",),
    ("doctor", "--json"),
    ("people", "list"),
    ("people", "import", "x.csv"),
    ("backup", "x"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
async def test_every_command_ends_with_2_and_a_line_for_each(tmp_path, command):
    (tmp_path / "x.csv").write_text("slack_user,enos_user_id,enos_user_name\n")
    environ = {"PATH": os.environ["PATH"], **GOOD} | {
        "SSL_CERT_FILE": str(tmp_path / "none.pem"),
        "SSLKEYLOGFILE": str(tmp_path / "none" / "keys"),
        "HTTPS_PROXY": "socks5://maya:hush-hush@proxy:1080",
        "all_proxy": "hush:hush@proxy",
    }
    code, said = await flowbot(environ, tmp_path, *command)
    assert code == 2
    for name in ("SSL_CERT_FILE", "SSLKEYLOGFILE", "HTTPS_PROXY", "all_proxy"):
        assert f"  {name} " in said
    assert "Traceback" not in said


async def test_what_needs_no_network_does_not_mind(tmp_path):
    environ = {"PATH": os.environ["PATH"], "SSL_CERT_FILE": "none", "SSLKEYLOGFILE": "no/keys", "HTTPS_PROXY": "x"}
    code, said = await flowbot(environ, tmp_path, "manifest")
    assert (code, said[:9]) == (0, "# Made by")
    code, said = await flowbot(environ, tmp_path, "sim", "--enos", "99999")
    assert code == 2


def test_nothing_that_reads_them_is_imported_before_they_were_checked(tmp_path):
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, bot.cli, bot.settings; print({'aiohttp', 'httpx'} & set(sys.modules))",
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(demo._ROOT)},
        check=True,
    )
    assert said.stdout == "set()\n"
