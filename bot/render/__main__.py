"""The process that draws one picture: a drawing as JSON on stdin, a PNG on stdout; what went wrong is its exit code."""

import resource
import sys
from typing import BinaryIO

from bot.core.pictures.model import decoded
from bot.render import NO_FONT, NO_LIBRARY, NO_MEMORY, TOO_LARGE
from bot.render.drawing import TooLarge, png
from bot.render.fonts import NoFont

MEMORY = 768 * 1024 * 1024  # bytes of address space
SECONDS = 5  # of computing
LONGEST_REQUEST = 4_000_000  # bytes


def limit() -> None:
    """Take away what drawing does not need: memory, time, files to write."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))


def main(given: BinaryIO, out: BinaryIO) -> int:
    """Draw, and return the exit code."""
    try:
        picture = png(decoded(given.read(LONGEST_REQUEST)))
    except ImportError:
        return NO_LIBRARY
    except NoFont as missing:
        sys.stderr.write(f"{missing}\n")
        return NO_FONT
    except TooLarge:
        return TOO_LARGE
    except MemoryError:
        return NO_MEMORY
    out.write(picture)
    out.flush()
    return 0


if __name__ == "__main__":
    limit()
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))
