"""What must hold of reminders, read from what was said in the threads and when: not from what the bot notes.

open    calls EVERY after it was told or given back, and again EVERY after that, until all were called; then its owner
        is reminded after twice as long each time; six steps in all
taken   a quarter of an hour before a promise of half an hour or more ends, who took it is asked; then it is open
ended   is quiet

While its flow or all flows are snoozed nobody is called and nothing expires; after that it starts again. A step that no
channel allows waits. What is said in several threads at once is one step.
"""

import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot.messages.incident_posts import HOLD

EVERY = timedelta(minutes=10)
OWNER = "U0MAYA00001"  # she reads each channel
# Whom each step calls, what it says of it, and who hears of it by direct message: the second group is empty.
GROUP1, GROUP2 = "<!subteam^S0ONCALL01>", "<!subteam^S0SECOND01>"
STEPS = (
    ([GROUP1, f"<@{OWNER}>"], r"$", {"U0SAMLEE001"}),
    ([GROUP2], r"\n.*`S0EMPTY001`: nobody in it is active\.$", {"U0LEE000001"}),
    ([], r"PagerDuty is called now\.$", set()),
    *(([f"<@{OWNER}>"], r"$", set()),) * 3,
)
MAX_REMINDERS = len(STEPS)
CALLS = 3  # of these, those that call somebody new
BEFORE = timedelta(minutes=15)
HALF_AN_HOUR = timedelta(minutes=30)


@dataclass(frozen=True)
class Looks:
    """When the bot looked for what is due and lived on, and what was allowed then."""

    times: Sequence[datetime]
    snoozed: Callable  # of an incident, at a time
    late_snoozed: Callable  # the same, but not yet in the second in which it was snoozed
    reminds: Callable = lambda _incident, _at: True  # whether a channel of an incident allows reminders
    reminds_in: Callable = lambda _incident, _channel, _at: True
    mentions_in: Callable = lambda _incident, _channel, _at: True
    lost: Collection[str] = ()  # channels whose messages may have moved

    def that_remind(self, incident, before=None):
        """Those at which something may have been said about an incident."""
        times = [at for at in self.times if before is None or at < before]
        return [at for at in times if not self.snoozed(incident, at)]


@dataclass(frozen=True)
class Care:
    """Who looks after an incident, as its threads tell."""

    state: str  # open, taken, ended
    since: datetime  # when it was told, reminded of, or taken last
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
            case "taken" | "moved":
                first = self.since if (self.state, word) == ("taken", "taken") else at
                return Care("taken", first, until=until, long=until - first >= HALF_AN_HOUR)
            case "lapsed":
                return Care("open", at)
            case "woken":
                return replace(self, asked=False) if self.until and self.until > at else Care("open", at)
            case _:
                return Care("ended", at)


WORDS = {
    "called": r"^⏰ .* (has been failing for |已失败 )",
    "asked": r"^⏰ <@\w+>, your acknowledgement of ",
    "lapsed": r"^⏰ <@\w+>'s acknowledgement of .* expired",
    "taken": r"> acknowledged \*",
    "moved": r"^<@\w+> took over \*.* until ",
    "woken": r"^⏰ The snooze of .* is over\. |> ended the snooze of \*",
    "ended": r"> closed \*|^🟢 .*\* recovered after ",
}


def check_reminders(posts, incidents, looks):
    """Check that each reminder was said once, at the first look at which it was due and allowed; and no other."""
    for incident in incidents:
        care = Care("open", min(each.told_at for each in incident.threads))
        for word, at, said in _said(posts, incident):
            _not_forgotten(care, looks, incident, at)
            if word in {"called", "asked", "lapsed"}:
                assert not looks.late_snoozed(incident, at), f"{incident.id} was {word} at {at}, while it was snoozed"
                _was_due(care, word, at, incident)
            if word == "woken" and looks.snoozed(incident, at):
                continue  # it is snoozed in another way
            if word == "called":
                _called(posts, incident, care.calls, at, said, looks)
            care = care.after(word, at, _until(said[0].body))
        _not_forgotten(care, looks, incident)


def _said(posts, incident):
    """Each word of the threads of an incident, when it was said, and the replies that say it."""
    found = {}
    for post in posts:
        new = post.new
        word = _word(new) if new.incident == incident.id and new.thread_of is not None else None
        if word is not None:  # whether it moved or not
            held = new.reminds_of or (word == "woken" and "⏰" in _text(new))
            found.setdefault((word, new.due - HOLD if held else new.due), []).append(new)
    return [(word, at, said) for (word, at), said in found.items()]


def _called(posts, incident, calls, at, said, looks):
    whom, notes, directly = STEPS[calls]
    if "maya.chen" not in incident.owners:
        whom = [each for each in whom if each != f"<@{OWNER}>"]
    channels = [each.channel for each in said]
    assert len(channels) == len(set(channels)), f"step {calls + 1} of {incident.id} stands twice in a channel"
    if {*channels} & {*looks.lost}:
        return
    for each in said:
        assert looks.reminds_in(incident, each.channel, at), f"{each.channel} was reminded of {incident.id} at {at}"
    mentioning = [each for each in said if whom and all(each_one in _text(each) for each_one in whom)]
    allowed = [each for each in channels if looks.mentions_in(incident, each, at)]
    assert len(mentioning) == bool(whom and allowed), f"step {calls + 1} of {incident.id} mentions in {len(mentioning)}"
    for each in mentioning:
        assert each.channel in allowed, f"{each.channel} was mentioned about {incident.id} at {at}"
    english = [each for each in said if "has been failing" in _text(each) and (each in mentioning or not whom)]
    for each in english:
        assert re.search(notes, _text(each)), f"step {calls + 1} of {incident.id}: {_text(each)}"
    told = [post.new.channel for post in posts if _is_direct(post.new, incident) and post.new.due == said[0].due]
    assert len(told) == len(set(told)), f"somebody heard twice of one step of {incident.id}"
    everybody = {OWNER} if whom and not allowed and (f"<@{OWNER}>" in whom or GROUP1 in whom) else set()
    expected = (directly | everybody) - {*channels}  # whose thread in their direct messages shows it
    assert {*told} == expected, f"step {calls + 1} of {incident.id} was told to {told}"


def _is_direct(post, incident):
    return post.incident == incident.id and post.thread_of is None and post.channel[:1] == "U" and post.reminds_of


def _text(post):
    first = next(iter(post.body.get("blocks", ())), {})
    return first["text"]["text"] if first.get("type") == "section" else ""


def _word(post):
    return next((word for word, pattern in WORDS.items() if re.search(pattern, _text(post))), None)


def steps_taken(posts, incident):
    """How many steps its threads tell of."""
    return sum(word == "called" for word, _, _ in _said(posts, incident))


def _until(body):
    found = re.search(r"> (?:acknowledged|took over) .*? until <!date\^(\d+)", json.dumps(body))
    return datetime.fromtimestamp(int(found[1]), UTC) if found else None


def _not_forgotten(care, looks, incident, before=None):
    for at in reversed(looks.that_remind(incident, before)):
        if care.due is None or at < care.due[0]:
            return
        due, word = care.due
        may_wait = word == "called" and not looks.reminds(incident, at)
        assert may_wait, f"{incident.id} was to be {word} at {due}, and was not at {at}"


def _was_due(care, word, at, incident):
    assert care.due, f"{incident.id} was {word} at {at}, when it had {care.state}"
    due, expected = care.due
    missed = word == "lapsed" and care.until and care.until <= at  # the bot was away when the question was due
    assert word == expected or missed, f"{incident.id} was {word} at {at}, instead of {expected}"
    assert due <= at, f"{incident.id} was {word} at {at}, too early or once more: it was due at {due}"
