"""Who is on call: what came of reading the groups of ``FLOWBOT_ONCALL``, and what that means. Pure.

readable, somebody active    its members may acknowledge, reminders mention it
readable, nobody active      empty: reminders skip it, the admins are told
Slack refuses                unread: skipped; nobody is told "you are not on call", the admins are told
Slack does not answer        silent: its last read counts for 15 minutes, then as unread; still mentioned
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.core.outbox.slack_errors import meaning
from bot.core.people.model import Profile
from bot.core.text.escape import Markup, code
from bot.core.text.message import Text, msg, sentences
from bot.core.values import dataclass

LAST_READ_COUNTS_FOR = timedelta(minutes=15)  # how long the last read of a group counts while Slack does not answer
EMPTY, SILENT = "empty", "silent"  # our own, next to Slack's error codes

# usergroups.users.list, docs.slack.dev (January 2026); codes that are not here are quoted.
_NO_GROUP = (
    msg("Slack has no such group, or the group is disabled."),
    msg("Enable the group in Slack, or correct FLOWBOT_ONCALL."),
)
_NO_GROUPS = (
    msg("The workspace's plan has no user groups."),
    msg("Leave FLOWBOT_ONCALL empty, or upgrade the plan."),
)
_REFUSED: Mapping[str, tuple[Text, Text]] = {
    "no_such_subteam": _NO_GROUP,
    "subteam_not_found": _NO_GROUP,
    "plan_upgrade_required": _NO_GROUPS,
    "paid_teams_only": _NO_GROUPS,
    "missing_scope": (
        msg("The bot token lacks the scope usergroups:read."),
        msg("Add it on the app's page under OAuth & Permissions, then reinstall the app."),
    ),
}


@dataclass(frozen=True, slots=True)
class OnCallGroup:
    """An on-call group as it could be read."""

    id: str
    active: frozenset[str] = frozenset()  # user ids of its people: neither deactivated, nor apps, nor strangers
    word: str = ""  # why nobody in it is known to be on call: ``EMPTY``, ``SILENT``, or Slack's error code
    name: str = ""  # as people know it, such as "@grid-oncall"; empty where Slack does not say

    @property
    def mentioned(self) -> bool:
        """Whether a reminder may mention it: it is not known to be empty or refused."""
        return not self.word or self.word == SILENT


def names(groups: Sequence[OnCallGroup]) -> Mapping[str, str]:
    """What people know the groups by, by id; those of which Slack does not say it are left out."""
    return {group.id: group.name for group in groups if group.name}


def can_be_on_call(profile: Profile) -> bool:
    """Whether somebody can be on call at all."""
    return not (profile.deleted or profile.bot or profile.stranger)


def why(word: str) -> Text:
    """Why a group could not be read."""
    if word == SILENT:
        return msg("Slack did not answer.")
    known = _REFUSED[word][0] if word in _REFUSED else meaning(word).sentence
    return sentences(msg("Slack refused ({error}).", error=code(word)), known)


def fix(word: str) -> Text:
    """What to do about it."""
    if word == EMPTY:
        return msg("Add somebody to the group.")
    if word == SILENT:
        return msg("Check Slack's status page.")
    return _REFUSED[word][1] if word in _REFUSED else meaning(word).way_out or msg("Correct FLOWBOT_ONCALL.")


def sentence(group: OnCallGroup) -> Text:
    """What is wrong with a group that has a ``word``."""
    if group.word == EMPTY:
        return msg("Nobody in the on-call group {group} is active.", group=code(group.id))
    return sentences(msg("I can't read the on-call group {group}.", group=code(group.id)), why(group.word))


def unread(groups: Sequence[OnCallGroup]) -> Text:
    """What somebody is told who is in none of the groups that could be read; empty where all could be."""
    missed = [group for group in groups if group.word and group.word != EMPTY]
    if not missed:
        return Markup()
    lasting = any(group.word != SILENT for group in missed)
    return sentences(
        *map(sentence, missed),
        msg("I don't know whether you are on call."),
        msg("I'll tell the flowbot admins.") if lasting else msg("Try again in a minute."),
    )


def problems(groups: Sequence[OnCallGroup]) -> tuple[Text, ...]:
    """What is wrong with any of the groups, for ``status``."""
    return tuple(sentence(group) for group in groups if group.word)


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
