"""What can go wrong between an app and the pretend Slack, on demand and counted.

Of the Web API, response_urls and uploads; ``method``, ``channel`` and ``ts`` (of one message) narrow a fault, where
``response`` is the method of response_urls and ``upload`` that of uploads:

============  =====================================================================
ratelimited   429 with Retry-After ``seconds``; nothing was done
http_500/503  that status with a JSON body; nothing was done
html          a 502 with an HTML body; nothing was done
error         ``ok: false`` with the word ``error``; nothing was done
reset         the connection is cut before anything was done
lost          the call takes effect, then the connection is cut
lost_500      the call takes effect, then 500
slow          ``seconds`` pass before the call is looked at
late          the call takes effect at once, its answer comes ``seconds`` later
silence       the call takes effect and is never answered
gone          every connection is cut, sockets too, until cleared
refused       nobody listens: every address that the app is given from now on leads to a port that refuses
              connections. Of ``response`` and ``upload`` only, whose hosts are not that of the Web API
============  =====================================================================

Of Socket Mode:

============  =====================================================================
refuse        a handshake is refused with 503
duplicate     an envelope is delivered twice, each over some socket
redelivered   an event arrives as if it were a second attempt
close         every connection is closed with 1001
drop          every connection is cut without a close frame
mute          every connection stays open, and nothing is sent on it any more, not even a pong
disconnect    a ``disconnect`` frame with ``reason`` is sent, then the connection is closed
============  =====================================================================
"""

from dataclasses import dataclass, field

WEB_FAULTS = frozenset(
    {
        "ratelimited",
        "http_500",
        "http_503",
        "html",
        "error",
        "reset",
        "lost",
        "lost_500",
        "slow",
        "late",
        "silence",
        "gone",
        "refused",
    }
)
CLOSED_PORT = "http://127.0.0.1:1"  # nobody listens at this port
SOCKET_FAULTS = frozenset({"refuse", "duplicate", "redelivered"})
SOCKET_ACTS = frozenset({"close", "drop", "mute", "disconnect"})


@dataclass(kw_only=True)
class Fault:
    """One thing that will go wrong ``times`` times, or until cleared where that is None."""

    name: str
    method: str | None = None
    channel: str | None = None
    ts: str | None = None
    times: int | None = None
    seconds: float = 1.0
    error: str = "internal_error"


@dataclass
class Faults:
    """The faults in force, oldest first."""

    active: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> Fault:
        """Make it go wrong from now on; raises ``ValueError`` for a name that is not in the tables above."""
        if fault.name not in WEB_FAULTS | SOCKET_FAULTS:
            raise ValueError(f"there is no fault called {fault.name}")
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        """End every fault."""
        self.active.clear()

    def origin(self, method: str, origin: str) -> str:
        """Choose the origin of ``response`` or ``upload`` addresses: a closed port where they are ``refused``."""
        refused = any(fault.name == "refused" and fault.method in {None, method} for fault in self.active)
        return CLOSED_PORT if refused else origin

    def take(
        self, names: frozenset[str], method: str | None = None, channel: str | None = None, ts: str | None = None
    ) -> Fault | None:
        """Use the first fault that applies once, and return it; None where there is none."""
        for fault in self.active:
            if fault.name not in names:
                continue
            if fault.method not in {None, method} or fault.channel not in {None, channel} or fault.ts not in {None, ts}:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.active.remove(fault)
            return fault
        return None
