"""How much is tried: a part of all there is at the gate, and all of it in the soak, which sets ``FLOWBOT_TIMES``."""

import os

TIMES = int(os.environ.get("FLOWBOT_TIMES", "0"))  # so many times the examples of a law; 0 at the gate


def examples(few):
    """How many examples of a law are tried; ``few`` at the gate."""
    return few * (TIMES or 1)


def spread(points, every, first=0):
    """Every so many of some points, the first and the last among them; all of them in the soak.

    ``first`` turns the choice, so that each point has its turn in one of several tests.
    """
    points = list(points)
    if TIMES:
        return points
    last = len(points) - 1
    return [each for number, each in enumerate(points) if number in {0, last} or number % every == first % every]
