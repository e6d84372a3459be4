"""The last time that a flow had the same error, and what ended it. Which errors are the same: ``fingerprint.py``."""

from collections.abc import Mapping
from enum import Enum

from bot.core.digest import Recovery, how_recovered
from bot.core.flow.run import Run
from bot.core.history.background import MetBefore
from bot.core.incident.model import Incident, Phase


class Ending(Enum):
    """What ended an incident."""

    BY_ITSELF = "itself"
    RERUN = "rerun"  # by a person, from chat
    RETRIED = "retried"  # by a retry rule
    RUN = "run"  # started by a person, from chat
    IN_ENOS = "enos"
    FIXED = "fixed"  # what a person said who closed it
    EXPECTED = "expected"
    DUPLICATE = "duplicate"
    UNNEEDED = "unneeded"
    CLOSED = "closed"


_RECOVERIES: Mapping[Recovery, Ending] = {
    Recovery.BY_ITSELF: Ending.BY_ITSELF,
    Recovery.RERUN_BY_PERSON: Ending.RERUN,
    Recovery.RUN_BY_PERSON: Ending.RUN,
    Recovery.IN_ENOS: Ending.IN_ENOS,
    Recovery.RETRIED: Ending.RETRIED,
}


def who_ended(incident: Incident, run: Run | None) -> str:
    """Who closed an incident or started the run that ended it (Person as text); empty where nobody did."""
    if incident.phase is Phase.CLOSED:
        return str(incident.ended_by or "")
    return run.by if run else ""


def met_before(incident: Incident, run: Run | None, times: int, name: str) -> MetBefore:
    """What is said of an ended incident with the same error.

    ``run``: the run that ended it, where a person started that from chat. ``times``: ended incidents with this error.
    ``name``: the EnOS user name of who ended it, if known.
    """
    ending = _RECOVERIES[how_recovered(incident, run)]
    if incident.phase is Phase.CLOSED:
        ending = Ending(incident.resolution.value) if incident.resolution else Ending.CLOSED
    after = incident.ended_at - incident.opened_at if incident.ended_at else None
    return MetBefore(incident.opened_at, ending.value, name, after, times)
