"""Many incidents at once: which of them a command is about, and why one is left out.

Each is acted on by itself, within the rights of the person who asks. What is not done is told by its reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from bot.core.errors import DatabaseUnavailable, Failure, Refusal, TemporaryFailure, Unclear
from bot.core.flow.model import FlowId, UserName
from bot.core.flow.run import Run
from bot.core.incident.board import Rerun, rerun_of
from bot.core.incident.groups import worst_first
from bot.core.incident.lifecycle import failures, is_live
from bot.core.incident.model import Incident, Phase
from bot.core.values import dataclass

LIMIT = 500  # incidents that one command acts on


class LeftOut(Enum):
    """Why one of many was not done, in the order in which that is told."""

    NOT_YOURS = "not yours"
    TAKEN = "already acknowledged"
    RECOVERED = "recovered meanwhile"
    CLOSED = "closed meanwhile"
    RUNS_ALREADY = "its rerun is under way"
    TOO_SOON = "its minute is taken"
    LOCKED = "locked in EnOS"
    NO_SAFE_RERUN = "needs a person to choose"
    NO_ANSWER = "EnOS did not answer"
    UNCONFIRMED = "EnOS did not confirm the start"
    BROKEN = "flowbot's own fault"
    BEYOND = "more than the limit"

    @property
    def may_work_later(self) -> bool:
        """Whether the same button may do it when it is pressed again."""
        return self in {LeftOut.NO_ANSWER, LeftOut.BROKEN, LeftOut.BEYOND, LeftOut.TOO_SOON}


_REASONS = {
    **dict.fromkeys(
        ("not_owner", "not_responder", "not_proven", "not_linked", "link_changed", "unknown_flow"), LeftOut.NOT_YOURS
    ),
    **dict.fromkeys(("owners_unread", "on_call_unread"), LeftOut.NO_ANSWER),
    **dict.fromkeys(("flow_locked", "user_locked"), LeftOut.LOCKED),
    **dict.fromkeys(("second_start", "minute_taken", "no_free_minute", "not_created"), LeftOut.TOO_SOON),
    "already_acknowledged": LeftOut.TAKEN,
    "recovered": LeftOut.RECOVERED,
    **dict.fromkeys(("closed", "unknown_incident", "no_incident"), LeftOut.CLOSED),
}


def why_left_out(failure: Failure) -> LeftOut:
    """The reason why one was not done, from what its act raised."""
    if isinstance(failure, Unclear):
        return LeftOut.UNCONFIRMED
    if isinstance(failure, DatabaseUnavailable):
        return LeftOut.BROKEN
    if isinstance(failure, TemporaryFailure):
        return LeftOut.NO_ANSWER
    reason = failure.reason if isinstance(failure, Refusal) else ""
    return _REASONS.get(reason, LeftOut.NO_SAFE_RERUN)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a command for many is about."""

    incidents: tuple[Incident, ...]  # to act on, the worst first
    left_out: tuple[tuple[Incident, LeftOut], ...] = ()  # known before anything is asked


def to_acknowledge(incidents: Iterable[Incident], owner: UserName | None = None) -> Chosen:
    """The open ones, of all or of one owner's flows; those that somebody has acknowledged are left out."""
    live = [each for each in worst_first(incidents) if is_live(each) and owner in {None, *each.owners}]
    return _within_limit(live, {each.id: LeftOut.TAKEN for each in live if each.phase is Phase.ACKNOWLEDGED})


def to_rerun(incidents: Iterable[Incident], owner: UserName, runs: Mapping[FlowId, Run]) -> Chosen:
    """Those of an owner's flows that have failed and whose rerun is not under way."""
    live = [each for each in worst_first(incidents) if is_live(each) and owner in each.owners and failures(each)]
    at_work = {Rerun.QUEUED, Rerun.RUNNING}
    return _within_limit(live, {each.id: LeftOut.RUNS_ALREADY for each in live if rerun_of(each, runs) in at_work})


def _within_limit(live: Sequence[Incident], left: Mapping[str, LeftOut]) -> Chosen:
    wanted = [each for each in live if each.id not in left]
    beyond = [(each, LeftOut.BEYOND) for each in wanted[LIMIT:]]
    return Chosen(tuple(wanted[:LIMIT]), (*((each, left[each.id]) for each in live if each.id in left), *beyond))


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What became of each."""

    done: tuple[Incident, ...]  # as they are now
    left_out: tuple[tuple[Incident, LeftOut], ...] = ()

    @property
    def reasons(self) -> Mapping[LeftOut, tuple[Incident, ...]]:
        """Those that were left out, by reason."""
        return {
            reason: tuple(each for each, why in self.left_out if why is reason)
            for reason in LeftOut
            if any(why is reason for _, why in self.left_out)
        }

    @property
    def is_final(self) -> bool:
        """Whether pressing the same button again would find nothing more to do."""
        return not any(reason.may_work_later for _, reason in self.left_out)
