"""Retries: a flow whose error contains a text is rerun once by itself, as the owner who said so.

    a run fails, its error line contains the text of the flow's rule
      │
      ├─ somebody has acted, or the run is a rerun itself ──► not retried, with the reason in the thread
      ▼
    waiting ──► starting ──► started        followed like any run that a person started
      │            └───────► refused        EnOS, or the owner's rights at that moment, do not allow it
      ├────────────────────► stopped        somebody pressed **Stop**
      └────────────────────► refused        what the wait depended on is true no longer

There is one row for each failed run, and never a second one: that is what "once" means. A row in ``starting`` that a
crash left behind is decided again only where no call was made (``work/runs/retrier.py``).
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import NewType

from bot.core.errors import Refusal
from bot.core.flow.model import FlowId, InstanceId, UserName
from bot.core.flow.run import Run, RunState
from bot.core.flow.status import OWN
from bot.core.history.background import PlannedRetry
from bot.core.incident.lifecycle import is_live
from bot.core.incident.model import Incident, IncidentId, Occurrence, Phase
from bot.core.people.model import Link, Person
from bot.core.text.message import msg
from bot.core.values import dataclass

RuleId = NewType("RuleId", str)
RetryId = NewType("RetryId", str)

SHORTEST_TEXT, LONGEST_TEXT = 3, 200  # characters
SHORTEST_WAIT = timedelta(minutes=1)  # EnOS allows one start a minute for each flow
LONGEST_WAIT = timedelta(hours=6)
TOO_LATE_AFTER = timedelta(hours=1)  # beyond its time: flowbot was not running
_BACKFILL = "backfill"  # of the runs of a backfill: its message tells them, and it starts one after the other
VERB = "retry"  # of the runs that a rule starts, and of their attempts


class RuleEnd(Enum):
    """What ended a rule."""

    PERSON = "person"
    REPLACED = "replaced"  # by another rule of the flow
    UNLINKED = "unlinked"  # its maker is not linked to the same EnOS user any more
    DEACTIVATED = "deactivated"  # nor active in Slack


@dataclass(frozen=True, slots=True)
class RetryRule:
    """Which error reruns a flow. What it says never changes; it only ends. A flow has one at most."""

    id: RuleId
    flow_id: FlowId
    flow_name: str
    text: str  # masked
    wait: timedelta
    by: Person
    user_name: UserName  # of the maker in EnOS: cards name them by it, which notifies nobody
    at: datetime
    end: RuleEnd | None = None  # None: not ended
    ended_at: datetime | None = None


class RetryState(Enum):
    """Where a retry has come to. The values are what the database stores."""

    WAITING = "waiting"
    STARTING = "starting"
    STARTED = "started"
    STOPPED = "stopped"
    REFUSED = "refused"


OPEN = frozenset({RetryState.WAITING, RetryState.STARTING})


class RetryReason(Enum):
    """Why a failure is retried now, later or not at all. The values are what the database stores and the log shows."""

    RETRY = "retry"
    NOT_YET = "not yet"
    NO_MATCH = "no match"
    KNOWN = "known"  # it has its row already
    ENDED = "incident ended"
    OTHER_FAILURE = "another failure since"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    STARTED = "a run was started"
    IS_RERUN = "the failed run is a rerun"
    RULE_ENDED = "rule ended"
    NOT_LINKED = "not linked"
    TOO_LATE = "too late"
    STOPPED = "stopped"
    NOT_FAILED = "not failed in EnOS any more"
    NOT_OWNER = "not an owner"
    USER_LOCKED = "user locked"
    HIDDEN = "not shown by EnOS"
    NOT_STARTED = "not started"
    REFUSED = "refused"  # by EnOS, or by what a rerun needs
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Retry:
    """One failed run that a rule wants rerun, and what became of that."""

    id: RetryId
    incident: IncidentId
    flow_id: FlowId
    instance: InstanceId  # the run that failed
    rule: RuleId
    text: str
    by: Person
    user_name: UserName
    made_at: datetime
    due: datetime
    state: RetryState
    reason: RetryReason = RetryReason.RETRY
    started: str = ""  # the id of the run it started

    def ended(self, state: RetryState, reason: RetryReason = RetryReason.RETRY, started: str = "") -> "Retry":
        """The retry as it ended."""
        return replace(self, state=state, reason=reason, started=started)


# ── what a person asks for ──


def checked_text(text: str) -> str:
    """The text of a rule, or raise Refusal where it is too short to mean anything, or too long."""
    if not SHORTEST_TEXT <= len(text.strip()) <= LONGEST_TEXT:
        raise Refusal(
            "retry_text",
            msg(
                "The text of a retry rule needs {least} to {most} characters. Nothing was changed.",
                least=SHORTEST_TEXT,
                most=LONGEST_TEXT,
            ),
        )
    return text.strip()


def checked_wait(wait: timedelta | None) -> timedelta:
    """How long a rule waits, or raise Refusal where EnOS or people cannot follow that."""
    if wait is None:
        return SHORTEST_WAIT
    if not SHORTEST_WAIT <= wait <= LONGEST_WAIT:
        raise Refusal(
            "retry_wait",
            msg(
                "A retry waits from {least} to {most}. EnOS allows one start a minute for each flow. "
                "Nothing was changed.",
                least=SHORTEST_WAIT,
                most=LONGEST_WAIT,
            ),
        )
    return wait


def ended_rule(rule: RetryRule, end: RuleEnd, now: datetime) -> RetryRule:
    """The rule, ended."""
    return replace(rule, end=end, ended_at=now)


# ── a failure ──


def contains(text: str, error_line: str) -> bool:
    """Whether an error line contains a text, in capitals or not."""
    return bool(text) and text.casefold() in error_line.casefold()


def matches(rule: RetryRule, failure: Occurrence) -> bool:
    """Whether a rule is about a failure: seen since the rule was made, with the text in its first error line."""
    if failure.status in OWN:  # it is late, and has not failed
        return False
    return rule.end is None and failure.seen_at >= rule.at and contains(rule.text, failure.error_line)


def at_failure(
    rule: RetryRule, incident: Incident, tried: Collection[InstanceId], run: Run | None, now: datetime
) -> RetryReason:
    """Whether to retry the newest failure of an incident, and why not.

    ``tried``: the failed runs that have a row. ``run``: the failed run, where it was started from chat or by a rule.
    """
    failure = incident.occurrences[-1]
    if not matches(rule, failure) or (run is not None and run.verb == _BACKFILL):
        return RetryReason.NO_MATCH
    if failure.instance in tried:
        return RetryReason.KNOWN
    if not is_live(incident):
        return RetryReason.ENDED
    if run is not None and run.verb in {"rerun", VERB}:
        return RetryReason.IS_RERUN
    if now - failure.seen_at > TOO_LATE_AFTER:
        return RetryReason.TOO_LATE
    return _acted(incident) or RetryReason.RETRY


def planned(rule: RetryRule, incident: Incident, id_: RetryId, reason: RetryReason, now: datetime) -> Retry:
    """The row of the newest failure: it waits, or says why it is not retried."""
    waits = reason is RetryReason.RETRY
    return Retry(
        id=id_,
        incident=incident.id,
        flow_id=incident.flow_id,
        instance=incident.occurrences[-1].instance,
        rule=rule.id,
        text=rule.text,
        by=rule.by,
        user_name=rule.user_name,
        made_at=now,
        due=now + rule.wait,
        state=RetryState.WAITING if waits else RetryState.REFUSED,
        reason=reason,
    )


def at_its_time(
    retry: Retry,
    incident: Incident | None,
    rules: Iterable[RetryRule],
    link: Link | None,
    runs: Iterable[Run],
    now: datetime,
) -> RetryReason:
    """Whether to start a retry that waits, at this moment; who owns the flow is asked of EnOS as it is started.

    ``rules`` are those that have not ended, ``link`` that of the rule's maker, ``runs`` those of the flow that were
    started from chat.
    """
    if incident is None or not is_live(incident):
        return RetryReason.ENDED
    newest = incident.occurrences[-1]
    if newest.instance != retry.instance or newest.seen_at > retry.made_at:  # it may have failed again, rerun in EnOS
        return RetryReason.OTHER_FAILURE
    if (acted := _acted(incident)) is not None:
        return acted
    if any(run.started_at >= retry.made_at and run.state is not RunState.NOT_STARTED for run in runs):
        return RetryReason.STARTED
    if all(rule.id != retry.rule for rule in rules):
        return RetryReason.RULE_ENDED
    if link is None or link.user_name != retry.user_name:
        return RetryReason.NOT_LINKED
    if now < retry.due:
        return RetryReason.NOT_YET
    return RetryReason.TOO_LATE if now - retry.due > TOO_LATE_AFTER else RetryReason.RETRY


_REFUSED = {
    **dict.fromkeys(("not_owner", "not_proven"), RetryReason.NOT_OWNER),
    **dict.fromkeys(("not_linked", "link_changed"), RetryReason.NOT_LINKED),
    **dict.fromkeys(("unknown_flow", "not_found", "no_right", "unknown_instance"), RetryReason.HIDDEN),
    **dict.fromkeys(("second_start", "minute_taken"), RetryReason.STARTED),
    "user_locked": RetryReason.USER_LOCKED,
}


def refused(reason: str) -> RetryReason:
    """Why a start was refused, by the name of its refusal."""
    return _REFUSED.get(reason, RetryReason.REFUSED)


def attempt_key(retry: Retry) -> str:
    """The key of its attempt: one act for each retry."""
    return f"retry:{retry.id}"


def own_run(retry: Retry, runs: Iterable[Run]) -> Run | None:
    """The run that a retry has started or may have started, among the newest of its flow."""
    return next((run for run in runs if run.verb == VERB and run.started_at >= retry.made_at), None)


def _acted(incident: Incident) -> RetryReason | None:
    """What somebody has done about an incident, so that it is theirs."""
    if incident.phase is Phase.ACKNOWLEDGED:
        return RetryReason.ACKNOWLEDGED
    return RetryReason.SNOOZED if incident.snooze is not None else None


def shown(incident: Incident, retry: Retry) -> Incident:
    """The incident with what its card shows of a retry: nothing, unless it waits."""
    waits = None
    if retry.state is RetryState.WAITING:
        waits = PlannedRetry(retry.instance, retry.due, retry.text, retry.user_name)
    return replace(incident, background=replace(incident.background, retry=waits))
