"""What must hold of reminders, read from what was said in a thread and when: not from what the bot notes.

open    calls EVERY after it was told or given back, and again EVERY after that, until all were called; then its owner
        is called to mind after twice as long each time; six steps in all
taken   a quarter of an hour before a promise of half an hour or more ends, who took it is asked; then it is open
ended   is quiet
"""

import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.messages.incident_posts import HOLD

EVERY = timedelta(minutes=10)
# What each step says, and who hears of it by direct message: the second group is empty, Maya reads the channel.
STEPS = (
    (r"\n<!subteam\^S0ONCALL01>, <@U0MAYA00001>, who can take it\?$", {"U0SAMLEE001"}),
    (r"\n<!subteam\^S0SECOND01>, who can take it\?\n.*`S0EMPTY001`: nobody in it is active\.$", {"U0LEE000001"}),
    (r"nobody is on it\.\nPagerDuty is called now\.$", set()),
    *((r"\n<@U0MAYA00001>, who can take it\?$", set()),) * 3,
)
MAX_REMINDERS = len(STEPS)
CALLS = 3  # of these, those that call somebody new
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
            return self.since + EVERY * 2 ** max(0, self.calls - CALLS + 1), "called"
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
        messages = [post.new for post in posts if post.new.incident == incident.id and post.new.channel[:1] == "U"]
        told = [(each.due, each.channel) for each in messages if each.reminds_of]
        assert len(told) == len(set(told)), f"somebody heard twice of one step of {incident.id}"
        for post in posts:
            word = _word(post.new) if post.new.incident == incident.id else None  # whether it moved or not
            word = word if post.new not in messages else None
            if word is None:
                continue
            at = post.new.due - HOLD if post.new.reminds_of else post.new.due
            _not_forgotten(care, [look for look in check_times if look < at], incident)
            if word in {"called", "asked", "lapsed"}:
                _was_due(care, word, at, incident)
            if word == "called":
                text, directly = STEPS[care.calls]
                assert re.search(text, _text(post.new)), f"step {care.calls + 1} of {incident.id}: {_text(post.new)}"
                assert {user for due, user in told if due == post.new.due} == directly
            care = care.after(word, at, _until(post.new.body))
        _not_forgotten(care, check_times, incident)


def _text(post):
    first = next(iter(post.body.get("blocks", ())), {})
    return first["text"]["text"] if first.get("type") == "section" else ""


def _word(post):
    return next((word for word, pattern in WORDS.items() if re.search(pattern, _text(post))), None)


def steps_taken(posts, incident):
    """How many steps its thread tells of."""
    mine = [post.new for post in posts if post.new.incident == incident.id and post.new.channel[:1] != "U"]
    return sum(_word(each) == "called" for each in mine)


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
