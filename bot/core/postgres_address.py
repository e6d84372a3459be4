"""Where a PostgreSQL database is: what may be shown of its address, and what may not."""

from dataclasses import field
from urllib.parse import quote

from bot.core.values import dataclass

PORT = "5432"


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A database of a PostgreSQL server. ``url`` is for the driver, and holds the password; all else may be shown."""

    url: str = field(repr=False)
    name: str
    user: str = ""
    servers: tuple[tuple[str, str], ...] = (("", PORT),)  # host, or the folder of a Unix socket, and port
    secrets: tuple[str, ...] = field(default=(), repr=False)  # what no log may show

    def __str__(self) -> str:
        """The address without its password and its parameters."""
        user = f"{quote(self.user)}@" if self.user else ""
        return f"postgresql://{user}{self.place}"

    @property
    def place(self) -> str:
        """Which database it is, whoever uses it: ``HOST/NAME``, or ``/NAME?host=FOLDER`` for a Unix socket."""
        folders = [host for host, _ in self.servers if host.startswith("/")]
        hosts = "" if folders else ",".join(_shown(*each) for each in self.servers)
        return f"{hosts}/{quote(self.name)}{f'?host={folders[0]}' if folders else ''}"


def _shown(host: str, port: str) -> str:
    name = f"[{host}]" if ":" in host else host
    return name if port == PORT else f"{name}:{port}"
