"""What the libraries read from the environment by themselves: proxies, and whose certificates are trusted.

A wrong value would cause a traceback at some later moment, or no message at all: OpenSSL ignores a file of certificates
that does not exist, and then trusts none. So values are checked here, before any library is imported.
"""

import os
import re
import stat
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from bot.core.network import proxies

PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
EXEMPT = "NO_PROXY"
FILE, FOLDER, KEYS = "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"
NAMES = (*PROXIES, EXEMPT, *(name.lower() for name in (*PROXIES, EXEMPT)), FILE, FOLDER, KEYS)
UNSUPPORTED = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # other programs' names for FILE
_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")  # how OpenSSL looks a certificate up in a folder


def named(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables that are not empty, without the spaces around their values."""
    return {name: environment[name].strip() for name in NAMES if environment.get(name, "").strip()}


def export(network: Mapping[str, str], environ: MutableMapping[str, str]) -> None:
    """Let the libraries read exactly this: also what is in ``.env``, and no empty values.

    For OpenSSL an empty ``SSL_CERT_FILE`` is a file without a name.
    """
    forget(environ)
    environ.update(network)


def forget(environ: MutableMapping[str, str]) -> None:
    """Let the libraries read none of it: for commands that talk only to this machine."""
    for name in NAMES:
        environ.pop(name, None)


def problems(network: Mapping[str, str]) -> list[str]:
    """All problems, a line each; none shows a password."""
    found = [proxies.fault(name, network[name]) for name in network if name.upper() in PROXIES]
    found += [proxies.no_proxy_fault(name, network[name]) for name in network if name.upper() == EXEMPT]
    checks = ((FILE, _file_fault), (FOLDER, _folder_fault), (KEYS, _keys_fault))
    found += [check(network[name]) for name, check in checks if name in network]
    return [fault for fault in found if fault]


def warnings(network: Mapping[str, str], environment: Mapping[str, str]) -> list[str]:
    """What may be a mistake, a line each."""
    lines = [
        f"flowbot does not read {name}. Set {FILE} to the same file."
        for name in UNSUPPORTED
        if environment.get(name, "").strip() and not {FILE, FOLDER} & set(network)
    ]
    if KEYS in network:
        lines.append(f"{KEYS} is set. Everybody who can read {network[KEYS]} can decrypt flowbot's connections.")
    return lines


def secrets(network: Mapping[str, str]) -> tuple[str, ...]:
    """What must never be logged."""
    return tuple(
        dict.fromkeys(each for name in network if name.upper() in PROXIES for each in proxies.secrets(network[name]))
    )


def _file_fault(value: str) -> str:
    import ssl

    try:
        if not stat.S_ISREG(Path(value).stat().st_mode):
            return f"{FILE} is {value}, which is not a file."
        # The bare class: ``create_default_context`` reads these same variables.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=value)
    except ssl.SSLError:
        return f"{FILE} is {value}, which contains no readable certificates (in PEM: -----BEGIN CERTIFICATE-----)."
    except (OSError, ValueError) as error:
        return f"{FILE} is {value}, which cannot be read ({_why(error)})."
    if not context.cert_store_stats()["x509"]:
        return f"{FILE} is {value}, which contains no certificates."
    return ""


def _folder_fault(value: str) -> str:
    """What is wrong with folders; one usable folder of several is enough, as for OpenSSL."""
    faults = [_one_folder_fault(folder) for folder in value.split(os.pathsep) if folder]
    return faults[0] if faults and all(faults) else "" if faults else f"{FOLDER} names no folder."


def _one_folder_fault(folder: str) -> str:
    try:
        names = [each.name for each in Path(folder).iterdir()]
    except (OSError, ValueError) as error:
        return f"{FOLDER} is {folder}, which cannot be read ({_why(error)})."
    if any(_HASHED.fullmatch(name) for name in names):
        return ""
    return (
        f"{FOLDER} is {folder}, which contains no certificates under the names that OpenSSL looks for. "
        f"Run: openssl rehash {folder}"
    )


def _keys_fault(value: str) -> str:
    try:
        if stat.S_ISDIR(Path(value).stat().st_mode):
            return f"{KEYS} is {value}, which is a folder."
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        return f"{KEYS} is {value}, which cannot be written ({_why(error)})."
    return "" if _may_write(Path(value)) else f"{KEYS} is {value}, which cannot be written."


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK) if path.exists() else os.access(path.parent, os.W_OK | os.X_OK)


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or "no such name"
