"""What a pretend Slack does to a call instead of answering it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lost:
    """The call takes effect, its answer is lost."""


@dataclass(frozen=True)
class Vanished:
    """The call never takes effect, and nobody is told."""


@dataclass(frozen=True)
class Late:
    """The answer is lost, and the call takes effect only ``seconds`` later."""

    seconds: float


@dataclass(frozen=True)
class Untold:
    """A channel is described, but not whether it is shared."""


@dataclass(frozen=True)
class Short:
    """A look that ends before it has read anything."""

    wait: float = 0.0


class Always:
    """What every call meets until it is taken away; ``made`` makes a new one for each."""

    def __init__(self, made) -> None:
        self._made = made

    def pop(self, _place):
        return self._made()
