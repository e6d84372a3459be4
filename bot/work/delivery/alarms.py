"""What a delivery reports to the operator: alarms, once when they begin and once when they end, and figures."""

from collections.abc import Callable

from bot.core.bridges.model import Bridge
from bot.core.outbox.posts import Lane, PostKind
from bot.core.text.message import Text
from bot.core.values import dataclass

DEFAULT_CHANNEL = "default channel"  # the alarm that it refuses messages
BUG = "bug"  # an alarm that stops nothing
LEFT_OUT = "runs left out"  # the alarm that EnOS lists runs that cannot be read or stored
LOST = "lost messages"  # messages keep being deleted in a channel; their updates are posted as separate messages
PAGE_REFUSED = "pagerduty refused"
NOT_ACCEPTED = frozenset(bridge.value for bridge in Bridge)  # a bridge's receiver does not accept its events
STOP_NOTHING = frozenset({BUG, LEFT_OUT, LOST, PAGE_REFUSED, *NOT_ACCEPTED})


@dataclass(frozen=True, slots=True)
class DeliveryMetrics:
    """Where the figures go. None of them names a person or a channel."""

    outcome: Callable[[PostKind, str], None] = lambda _kind, _outcome: None  # a word of ``delivery.py``
    late: Callable[[Lane, float], None] = lambda _lane, _seconds: None  # from due to sent
    duplicate: Callable[[], None] = lambda: None  # a double was found and deleted


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that flowbot cannot fix itself."""

    name: str  # short and stable, e.g. "slack" or "default channel"
    sentence: Text  # what happened, why, and what to do; without "I" and "flowbot", since logs and people read it
    over: bool = False


class Alarms:
    """The alarms that are active."""

    def __init__(self, tell: Callable[[Alarm], None]) -> None:
        self._tell = tell
        self.active: dict[str, Text] = {}  # the sentences, by name

    def fire(self, name: str, sentence: Text) -> None:
        """Report an alarm unless it is active with the same sentence."""
        if self.active.get(name) != sentence:
            self.active[name] = sentence
            self._tell(Alarm(name, sentence))

    def resolve(self, name: str) -> None:
        """Report that an alarm is over if it was active."""
        sentence = self.active.pop(name, None)
        if sentence is not None:
            self._tell(Alarm(name, sentence, over=True))
