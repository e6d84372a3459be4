"""Enos touches the batch API: building, signing and reading calls is pure, sending them is one short file."""

import sys

# httpx imports its own command line where click, pygments and rich happen to be installed. Nobody calls it here, and
# it takes more time and memory than all the rest of httpx.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: not to be found
