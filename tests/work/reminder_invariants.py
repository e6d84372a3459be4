"""What must hold of reminders, read from what was said in a thread and when: not from what the bot notes.

open    is called to mind EVERY after it was told or given back, then after twice as long each time, six times
taken   a quarter of an hour before a promise of half an hour or more ends, who took it is asked; then it is open
ended   is quiet
"""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.messages.incident_posts import HOLD

EVERY = timedelta(minutes=10)
MAX_REMINDERS = 6
BEFORE = timedelta(minutes=15)
HALF_AN_HOUR = timedelta(minutes=30)


@dataclass(frozen=True)
class Care:
    """Who looks after an incident, as its thread tells."""

    state: str  # open, taken, ended
    since: datetime  # when it was told, called to mind, or taken last
    calls: int = 0
    until: datetime | None = None
    asked: bool = False
    long: bool = False  # whether who took it is asked before the promise ends

    @property
    def due(self):
        """When something is to be said, and what; None where nothing is."""
        if self.state == "open" and self.calls < MAX_REMINDERS:
            return self.since + EVERY * 2**self.calls, "called"
        if self.state == "taken" and self.long and not self.asked:
            return self.until - BEFORE, "asked"
        if self.state == "taken":
            return self.until, "lapsed"
        return None

    def after(self, word, at, until):
        """Return what it is after a word."""
        match word:
            case "called":
                return replace(self, since=at, calls=self.calls + 1)
            case "asked":
                return replace(self, asked=True)
            case "taken":
                first = self.since if self.state == "taken" else at
                return Care("taken", first, until=until, long=until - first >= HALF_AN_HOUR)
            case "lapsed":
                return Care("open", at)
            case _:
                return Care("ended", at)


WORDS = {
    "called": r"^⏰ .* has been failing for ",
    "asked": r"^⏰ <@\w+>, your acknowledgement of ",
    "lapsed": r"^⏰ <@\w+>'s acknowledgement of .* expired",
    "taken": r"> acknowledged \*",
    "ended": r"> closed \*|^🟢 .*\* recovered after ",
}


def check_reminders(posts, incidents, check_times):
    """Check that each reminder was said once, at the first look at which it was due; and no other.

    ``check_times`` are the times at which the bot looked for what is due and lived on.
    """
    for incident in incidents:
        care = Care("open", incident.home.told_at)
        for post in posts:
            word = _word(post.new) if post.new.incident == incident.id else None  # whether it moved or not
            if word is None:
                continue
            at = post.new.due - HOLD if post.new.reminds_of else post.new.due
            _not_forgotten(care, [look for look in check_times if look < at], incident)
            if word in {"called", "asked", "lapsed"}:
                _was_due(care, word, at, incident)
            care = care.after(word, at, _until(post.new.body))
        _not_forgotten(care, check_times, incident)


def _word(post):
    first = next(iter(post.body.get("blocks", ())), {})
    text = first["text"]["text"] if first.get("type") == "section" else ""
    return next((word for word, pattern in WORDS.items() if re.search(pattern, text)), None)


def _until(body):
    found = re.search(r"> acknowledged .*? until <!date\^(\d+)", json.dumps(body))
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None


def _not_forgotten(care, check_times, incident):
    if care.due and check_times:
        due, word = care.due
        assert check_times[-1] < due, f"{incident.id} was to be {word} at {due}, and was not at {check_times[-1]}"


def _was_due(care, word, at, incident):
    assert care.due, f"{incident.id} was {word} at {at}, when it had {care.state}"
    due, expected = care.due
    missed = word == "lapsed" and care.until and care.until <= at  # the bot was away when the question was due
    assert word == expected or missed, f"{incident.id} was {word} at {at}, instead of {expected}"
    assert due <= at, f"{incident.id} was {word} at {at}, too early or once more: it was due at {due}"
