"""Calls of the batch API are built, signed and read by pure functions; only ``transport.py`` sends them."""

import sys

# httpx imports its own command line where click, pygments and rich happen to be installed. It is not used here, and
# it takes more time and memory than all the rest of httpx.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: not to be found
