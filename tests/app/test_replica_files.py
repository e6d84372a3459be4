"""The files for several replicas: each setting in them exists and can be read, and ports and times are flowbot's."""

import re
import secrets
from pathlib import Path

import postgres
import psycopg
import pytest
import yaml

from bot.core.health.promise import Judgement
from bot.core.postgres_address import PostgresAddress
from bot.ops import health, process
from bot.ops.metrics import Metrics
from bot.settings.readers import read_address
from bot.settings.table import SETTINGS, load
from bot.store.store import Store

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "operations"
IMAGE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PAGE = (FOLDER / "replicas.md").read_text(encoding="utf-8")
DOCUMENTS = list(yaml.safe_load_all((FOLDER / "kubernetes.yml").read_text(encoding="utf-8")))
KUBERNETES = {each["kind"]: each for each in DOCUMENTS}
POD = KUBERNETES["Deployment"]["spec"]["template"]
(CONTAINER,) = POD["spec"]["containers"]
COMPOSE = yaml.safe_load((FOLDER / "compose.yml").read_text(encoding="utf-8"))["services"]
NAMES = {row.name for row in SETTINGS}


def environment():
    """What the pods are given, each … filled in."""
    given = KUBERNETES["Secret"]["stringData"] | KUBERNETES["ConfigMap"]["data"]
    return {name: value.replace("…", "X1") for name, value in given.items()}


def port(name):
    """Where the image listens."""
    return read_address(re.search(rf"{name}=(\S+)", IMAGE)[1]).port


def seconds(text):
    return int(text.removesuffix("s"))


@pytest.mark.parametrize("name", ["kubernetes.yml", "compose.yml", "replicas.md"])
def test_every_setting_that_is_named_exists(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert set(re.findall(r"\b(?:FLOWBOT|SLACK|ENOS)_[A-Z_]+", text)) <= NAMES


def test_the_pods_have_all_settings_that_they_need():
    got = load(environment())
    assert isinstance(got.database, PostgresAddress)
    assert str(got.database) == "postgresql://flowbot@postgres.example.com/flowbot"
    assert got.warnings == ()
    secret = {row.name for row in SETTINGS if row.secret} | {"FLOWBOT_DATABASE"}
    assert not secret & KUBERNETES["ConfigMap"]["data"].keys()
    given = [each[kind]["name"] for each in CONTAINER["envFrom"] for kind in each]
    assert given == [KUBERNETES["ConfigMap"]["metadata"]["name"], KUBERNETES["Secret"]["metadata"]["name"]]


def test_ports_paths_and_the_user_are_those_of_the_image():
    ports = {each["name"]: each["containerPort"] for each in CONTAINER["ports"]}
    assert ports == {"health": port("FLOWBOT_LISTEN"), "slack": port("FLOWBOT_EVENTS_LISTEN")}
    served = health.application(Metrics(), lambda: Judgement((), ()), lambda: None).router.resources()
    probes = {name: CONTAINER[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {each["path"] for each in probes.values()} <= {each.canonical for each in served}
    assert (probes["readiness"]["path"], probes["liveness"]["path"]) == ("/readyz", "/healthz")
    assert {each["port"] for each in probes.values()} == {"health"}
    assert KUBERNETES["Service"]["spec"]["ports"][0]["targetPort"] == "slack"
    user = POD["spec"]["securityContext"]
    assert f"USER {user['runAsUser']}:{user['runAsGroup']}" in IMAGE
    assert COMPOSE["flowbot"]["ports"] == [f"127.0.0.1:8080-8081:{ports['health']}"]


def test_there_are_two_replicas_apart_and_one_always_stays():
    deployment, budget = KUBERNETES["Deployment"]["spec"], KUBERNETES["PodDisruptionBudget"]["spec"]
    assert deployment["replicas"] == COMPOSE["flowbot"]["deploy"]["replicas"] == 2
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert budget["minAvailable"] == 1
    (rule,) = POD["spec"]["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    labels = POD["metadata"]["labels"]
    selectors = [deployment["selector"], budget["selector"], rule["podAffinityTerm"]["labelSelector"]]
    assert [each["matchLabels"] for each in selectors] == [labels] * 3
    assert KUBERNETES["Service"]["spec"]["selector"] == labels


def test_what_was_started_can_be_finished_before_the_end():
    waits = int(CONTAINER["lifecycle"]["preStop"]["exec"]["command"][1])
    assert POD["spec"]["terminationGracePeriodSeconds"] > waits + process.DRAIN_SECONDS
    assert seconds(COMPOSE["flowbot"]["stop_grace_period"]) > process.DRAIN_SECONDS


def test_nothing_can_be_written_but_where_the_sockets_are():
    (mount,) = CONTAINER["volumeMounts"]
    assert [each["name"] for each in POD["spec"]["volumes"]] == [mount["name"]]
    assert [mount["mountPath"]] == COMPOSE["flowbot"]["tmpfs"] == ["/tmp"]
    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"]
    assert COMPOSE["flowbot"]["read_only"]


def test_with_compose_replicas_wait_for_a_healthy_server_and_know_its_address():
    server, bot = COMPOSE["postgres"], COMPOSE["flowbot"]
    assert bot["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    asked = dict(each.removeprefix("--").split("=") for each in server["healthcheck"]["test"] if "=" in each)
    assert server["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]
    address = bot["environment"]["FLOWBOT_DATABASE"].replace("${POSTGRES_PASSWORD}", "X1")
    got = load(environment() | {"FLOWBOT_DATABASE": address}).database
    assert (got.servers, got.name, got.user) == ((("postgres", "5432"),), asked["dbname"], asked["username"])
    made = server["environment"]
    assert (made["POSTGRES_DB"], made["POSTGRES_USER"]) == (got.name, got.user)


@pytest.mark.parametrize("address", re.findall(r"postgresql://[^\s`']+", PAGE))
def test_every_address_on_the_page_can_be_read(address):
    assert load(environment() | {"FLOWBOT_DATABASE": address}).database.name == "flowbot"


def test_the_page_says_what_the_files_are_for():
    assert all(f"]({name})" in PAGE for name in ("kubernetes.yml", "compose.yml"))
    assert "](replicas.md)" in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert f"within {process.DRAIN_SECONDS:.0f} seconds" in PAGE


def test_a_role_with_the_rights_on_the_page_is_enough():
    """Its own database, made by the statements on the page, and nothing else."""
    statements = [line.strip() for line in PAGE.splitlines() if line.startswith("    CREATE ")]
    assert len(statements) == 2
    role = f"flowbot_{secrets.token_hex(4)}"
    with psycopg.connect(postgres.address("postgres"), autocommit=True) as admin:
        for each in statements:
            admin.execute(re.sub(r"\bflowbot\b", role, each))
    address = postgres.address(role).replace(f"user={postgres.USER}", f"user={role}")
    try:
        Store.open(load(environment() | {"FLOWBOT_DATABASE": address}).database).close()
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT count(*) FROM replication").fetchone() == (1,)
    finally:
        postgres.drop(address)
        with psycopg.connect(postgres.address("postgres"), autocommit=True) as admin:
            admin.execute(f"DROP ROLE {role}")
