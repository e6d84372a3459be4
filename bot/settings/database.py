"""Which database: the path of an SQLite file, or the address of a PostgreSQL database.

An address is a URI of libpq (PostgreSQL's manual, "Connection URIs"). What is wrong with it is said here, since libpq's
own messages repeat pieces of it, and a password may be among them.
"""

import difflib
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

from bot.core.postgres_address import PORT, PostgresAddress
from bot.settings.readers import Problem

_HOW = "Write postgresql://USER:PASSWORD@HOST/NAME."
_ESCAPE = "In a user or a password, write @ as %40, : as %3A, / as %2F, ? as %3F and % as %25."
_ADDRESS = re.compile(
    r"postgres(?:ql)?://(?:(?P<who>[^@/?]*)@)?(?P<servers>[^@/?]*)(?:/(?P<name>[^/?]*))?(?:\?(?P<parameters>[^?]*))?"
)
_SERVER = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:]*))(?::([^:]*))?")
_KEYWORD = re.compile(r"(?:host|hostaddr|port|dbname|user|password|service)\s*=")  # libpq's other form
_TLS = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_WRITERS = ("read-write", "primary")
_PARAMETERS = (
    *(
        "application_name",
        "channel_binding",
        "connect_timeout",
        "dbname",
        "gssencmode",
        "host",
        "hostaddr",
        "keepalives",
    ),
    *("keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname", "load_balance_hosts", "options"),
    *("passfile", "port", "require_auth", "ssl_min_protocol_version", "sslcert", "sslcrl", "sslkey", "sslmode"),
    *("sslnegotiation", "sslrootcert", "target_session_attrs", "tcp_user_timeout", "user"),
)


def read_database(value: str) -> Path | PostgresAddress:
    """A path, or the address of a PostgreSQL database, whose driver is then installed."""
    scheme, is_address, _ = value.partition("://")
    if not is_address and not _KEYWORD.match(value) and not re.match(r"postgres(ql)?:", value):
        return Path(value)
    if scheme.lower() not in {"postgresql", "postgres"}:
        raise Problem("{setting} must be a path (SQLite), or begin with postgresql://. " + _HOW)
    if find_spec("psycopg") is None:
        raise Problem(
            "{setting} is a PostgreSQL database, but its driver is not installed. Run: pip install 'flowbot[postgres]'"
        )
    return _address(value.replace(scheme, "postgresql", 1))


def _address(url: str) -> PostgresAddress:
    if re.search(r"[\s\x00-\x20\x7f]|%(?![0-9A-Fa-f]{2})|%00", url):
        raise Problem("{setting} contains a space, or a % without two hexadecimal digits after it. " + _ESCAPE)
    found = _ADDRESS.fullmatch(url)
    if found is None:
        raise Problem("{setting} is not the address of a database. " + _HOW + " " + _ESCAPE)
    user, _, password = (found["who"] or "").partition(":")
    if ":" in password:
        raise Problem("{setting} has a user and a password that flowbot can't tell apart. " + _ESCAPE)
    servers = [_server(each) for each in found["servers"].split(",")]
    parameters = found["parameters"] or ""
    is_named = found["name"] or "dbname=" in parameters  # else they may be a piece of a password
    given = _parameters(parameters) if is_named else {}
    name = given.get("dbname", unquote(found["name"] or ""))
    if not name:
        raise Problem("{setting} names no database. " + _HOW)
    places = _places(servers, given)
    if len(places) > 1 and given.get("target_session_attrs") not in _WRITERS:
        raise Problem("{setting} names several servers. Add target_session_attrs=read-write: only one takes writes.")
    secrets = (f"{found['who']}@", password, unquote(password)) if password else ()
    return PostgresAddress(url, name, given.get("user") or unquote(user), places, tuple(dict.fromkeys(secrets)))


def _server(text: str) -> tuple[str, str]:
    found = _SERVER.fullmatch(text)
    if found is None:
        raise Problem("{setting} is not the address of a database. " + _HOW + " " + _ESCAPE)
    return found[1] or unquote(found[2]), _port(found[3] or PORT)


def _port(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise Problem("{setting} has a port that is not a number from 1 to 65535. " + _ESCAPE)
    return text


def _parameters(text: str) -> Mapping[str, str]:
    given = {}
    for part in filter(None, text.split("&")):
        name, _, value = part.partition("=")
        if name in {"password", "sslpassword"}:
            raise Problem("{setting} has a password after the question mark. " + _HOW)
        if name not in _PARAMETERS:
            near = difflib.get_close_matches(name, _PARAMETERS, 1)
            raise Problem(
                "{setting} has the parameter {name}, which flowbot does not support.{near}",
                name=name,
                near=f" Did you mean {near[0]}?" if near else "",
            )
        given[name] = unquote(value)
    if given.get("sslmode", "prefer") not in _TLS:
        raise Problem("{setting} has an unknown sslmode. It must be one of {names}.", names=", ".join(_TLS))
    return given


def _places(servers: list[tuple[str, str]], given: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The servers; as for libpq, what the parameters say counts more than what is before the name."""
    hosts = given["host"].split(",") if given.get("host") else [host for host, _ in servers]
    ports = [_port(each) for each in given["port"].split(",")] if given.get("port") else [port for _, port in servers]
    if len(ports) == 1:
        ports *= len(hosts)
    if len(hosts) != len(ports):
        raise Problem("{setting} does not have one port for each server.")
    return tuple(zip(hosts, ports, strict=True))
