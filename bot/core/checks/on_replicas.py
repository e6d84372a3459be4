"""Checks of a database on PostgreSQL and of the replicas that share it. Pure."""

from collections.abc import Sequence

from bot.core.checks.check import Check, failed, ok, some, warning
from bot.core.values import dataclass

MOST_AHEAD = 5.0  # seconds by which two clocks may differ: a lease lasts six


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What PostgreSQL said. ``ahead``: by how many seconds its clock is ahead of this machine's."""

    version: str
    ahead: float = 0.0
    is_pooled: bool = False  # one connection does not always reach the same session
    replicas: Sequence[tuple[str, str]] = ()  # the name and version of each
    leader: str = ""  # its name


def checks(server: ServerFacts) -> list[Check]:
    """All of them."""
    found = [ok("postgresql", f"PostgreSQL {server.version} answers.")]
    if server.is_pooled:
        found.append(
            failed(
                "database pooler",
                "A pooler between flowbot and PostgreSQL changes the session in the middle of a connection. "
                "No replica could lead.",
                "Set FLOWBOT_DATABASE to the address of PostgreSQL itself, or set the pooler to session mode.",
            )
        )
    return [*found, _clocks(server.ahead), _replicas(server)]


def _clocks(ahead: float) -> Check:
    if abs(ahead) <= MOST_AHEAD:
        return ok("database clock", "The clocks of this machine and of the database agree.")
    which = "behind" if ahead > 0 else "ahead of"
    says = f"The clock of this machine is {abs(ahead):.0f} s {which} the database's."
    return warning("database clock", says, "Let both machines set their clocks by NTP.")


def _replicas(server: ServerFacts) -> Check:
    if not server.replicas:
        return ok("replicas", "No replica is running.")
    versions = sorted({version for _, version in server.replicas})
    if len(versions) > 1:
        which = some([f"{version} ({name})" for name, version in server.replicas])
        return warning("replicas", f"The replicas run different versions: {which}.", "Finish the upgrade of all.")
    number, leads = len(server.replicas), f"{server.leader} leads." if server.leader else "None of them leads."
    running = "1 replica is running" if number == 1 else f"{number} replicas are running"
    says = f"{running}, version {versions[0]}. {leads}"
    if server.leader:
        return ok("replicas", says)
    return failed("replicas", says, "See /readyz and the log of the replicas.")
