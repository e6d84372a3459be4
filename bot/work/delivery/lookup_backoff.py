"""Back-off of look-ups after a failure. Trouble in one place holds the look-ups there and nothing else.

    asked to wait   all look-ups by the method that Slack limited: it limits methods, not places (docs.slack.dev,
                    "Rate limits"); where the method is not known, all look-ups
    all else        the place, longer with each failure

An alarm is active while a place refuses look-ups. Times are those of the steady clock.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from bot.core.outbox.conversations import SlackLimited, SlackRefused
from bot.core.outbox.slack_errors import meaning
from bot.core.text.message import Text, msg, sentences
from bot.core.values import dataclass
from bot.work.delivery.alarms import Alarms
from bot.work.delivery.outcomes import backoff
from bot.work.delivery.search import Place
from bot.work.ports import Clock

ANY = ""  # the method where a failure names none
_ALARM = "look"


@dataclass(slots=True)
class _Wait:
    until: datetime
    tries: int = 0


class LookupBackoff:
    """What waits after a failure, by place and by method."""

    def __init__(self, steady: Clock, alarms: Alarms, jitter: Callable[[], float]) -> None:
        self._steady = steady
        self._alarms = alarms
        self._jitter = jitter
        self.places: dict[Place, _Wait] = {}  # that wait
        self.methods: dict[str, datetime] = {}  # until when
        self._refused: dict[Place, Text] = {}  # with the sentence of the alarm

    def is_waiting(self, place: Place, method: str | None) -> bool:
        """Whether a look-up at a place has to wait. ``method`` is what it calls first; None where it needs no call."""
        now = self._steady()
        wait = self.places.get(place)
        times = [wait.until] if wait is not None else []
        if method is not None:
            times += [until for each in (method, ANY) if (until := self.methods.get(each)) is not None]
        return any(until > now for until in times)

    def failed(self, place: Place) -> None:
        """Hold a place, for longer with each failure."""
        wait = self.places.setdefault(place, _Wait(self._steady()))
        wait.tries += 1
        wait.until = self._steady() + timedelta(seconds=backoff(wait.tries, self._jitter()))

    def limited(self, place: Place, limited: SlackLimited) -> None:
        """Hold the method and the place for as long as Slack asked."""
        self.failed(place)
        until = self._steady() + timedelta(seconds=limited.seconds)
        if limited.seconds:
            self.places[place].until = until
        self.methods[limited.method] = max(until, self.methods.get(limited.method, until))

    def refused(self, place: Place, refused: SlackRefused) -> None:
        """Hold a place where Slack refuses look-ups, and alarm."""
        what = msg("Sent messages can't be looked up ({error}).", error=refused.error)
        self._refused[place] = sentences(what, meaning(refused.error).told)
        self._update_alarm()
        self.failed(place)

    def progressed(self, place: Place) -> None:
        """A place can be read, though perhaps not yet to its end: end its alarm."""
        self._refused.pop(place, None)
        self._update_alarm()

    def succeeded(self, place: Place) -> None:
        """A place was read to its end: end its hold."""
        self.progressed(place)
        self.places.pop(place, None)

    def forget_others(self, places: Collection[Place]) -> None:
        """Forget the places that have nothing to look up."""
        self.places = {place: wait for place, wait in self.places.items() if place in places}
        self._refused = {place: sentence for place, sentence in self._refused.items() if place in places}
        self._update_alarm()

    def _update_alarm(self) -> None:
        sentence = next(iter(self._refused.values()), None)
        if sentence is not None:
            self._alarms.fire(_ALARM, sentence)
        else:
            self._alarms.resolve(_ALARM)
