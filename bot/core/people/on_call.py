"""Who is on call: what came of reading the groups of ``FLOWBOT_ONCALL``, and what that means. Pure.

readable, somebody active    its members may acknowledge, reminders mention it
readable, nobody active      empty: reminders skip it, the admins are told
Slack refuses                unread: skipped; nobody is told "you are not on call", the admins are told
Slack does not answer        silent: its last read counts for 15 minutes, then as unread; still mentioned
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.core.outbox.slack_errors import meaning
from bot.core.people.model import Profile

LAST_READ_COUNTS_FOR = timedelta(minutes=15)  # how long the last read of a group counts while Slack does not answer
EMPTY, SILENT = "empty", "silent"  # our own, next to Slack's error codes

# usergroups.users.list, docs.slack.dev (January 2026); codes that are not here are quoted.
_REFUSED = {
    "no_such_subteam": (
        "Slack has no such group, or it is disabled",
        "Enable the group in Slack, or correct FLOWBOT_ONCALL.",
    ),
    "subteam_not_found": (
        "Slack has no such group, or it is disabled",
        "Enable the group in Slack, or correct FLOWBOT_ONCALL.",
    ),
    "plan_upgrade_required": (
        "the workspace's plan has no user groups",
        "Leave FLOWBOT_ONCALL empty, or upgrade the plan.",
    ),
    "paid_teams_only": (
        "the workspace's plan has no user groups",
        "Leave FLOWBOT_ONCALL empty, or upgrade the plan.",
    ),
    "missing_scope": (
        "the bot token lacks the scope usergroups:read",
        "Add it on the app's page under OAuth & Permissions, then install the app again.",
    ),
}


@dataclass(frozen=True, slots=True)
class OnCallGroup:
    """An on-call group as it could be read."""

    id: str
    active: frozenset[str] = frozenset()  # user ids of its people: neither deactivated, nor apps, nor strangers
    word: str = ""  # why nobody in it is known to be on call: ``EMPTY``, ``SILENT``, or Slack's error code

    @property
    def mentioned(self) -> bool:
        """Whether a reminder may mention it: it is not known to be empty or refused."""
        return not self.word or self.word == SILENT


def can_be_on_call(profile: Profile) -> bool:
    """Whether somebody can be on call at all."""
    return not (profile.deleted or profile.bot or profile.stranger)


def why(word: str) -> str:
    """Why a group could not be read: a clause."""
    if word == SILENT:
        return "Slack did not answer"
    known = _REFUSED.get(word, ("", ""))[0] or meaning(word).sentence
    return f"{known} ({word})" if known else f"Slack refused with {word}"


def fix(word: str) -> str:
    """What to do about it: a sentence."""
    if word == EMPTY:
        return "Put somebody on call there."
    if word == SILENT:
        return "Look at Slack's status page."
    return _REFUSED.get(word, ("", ""))[1] or meaning(word).way_out or "Correct FLOWBOT_ONCALL."


def sentence(group: OnCallGroup) -> str:
    """What is wrong with a group; empty where nothing is."""
    if not group.word:
        return ""
    if group.word == EMPTY:
        return f"Nobody in the on-call group {group.id} is active."
    return f"I could not read the on-call group {group.id}: {why(group.word)}."


def unread(groups: Sequence[OnCallGroup]) -> str:
    """The sentence for somebody who is in none of the groups that could be read; empty where all could be."""
    missed = [group for group in groups if group.word and group.word != EMPTY]
    if not missed:
        return ""
    told = " ".join(sentence(group) for group in missed)
    lasting = any(group.word != SILENT for group in missed)
    then = "I tell the flowbot admins." if lasting else "Try again in a minute."
    return f"{told} So I can't tell whether you are on call. {then}"


def problems(groups: Sequence[OnCallGroup]) -> str:
    """What is wrong with any of the groups, for ``status``; empty where nothing is."""
    return " ".join(sentence(group) for group in groups if group.word)


@dataclass(frozen=True, slots=True)
class OnCallChange:
    """What has changed since the admins were told last."""

    begun: tuple[OnCallGroup, ...]
    ended: tuple[OnCallGroup, ...]
    noted: Mapping[str, str]  # group id to word: what the admins know


def compare(noted: Mapping[str, str], groups: Sequence[OnCallGroup]) -> OnCallChange:
    """Compare what the admins know with what is read: they are told once when a group fails and once when it is back.

    A changed error code is not news. Silence is not the end of what they know, and not a change of it.
    """
    begun, ended, stands = list[OnCallGroup](), list[OnCallGroup](), dict[str, str]()
    for group in groups:
        told = noted.get(group.id, "")
        if group.word == SILENT and told:
            stands[group.id] = told
        elif group.word:
            stands[group.id] = group.word
            begun += [] if told else [group]
        elif told:
            ended.append(group)
    return OnCallChange(tuple(begun), tuple(ended), stands)
