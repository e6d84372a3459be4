"""``flowbot run``, and how every command begins: with the settings. click is not needed for it, so it is not read."""

import gc
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from bot.settings import network as settings_network

if TYPE_CHECKING:
    from bot.settings.table import Settings

EXIT_SETTINGS = 2


def run() -> NoReturn:
    """Run flowbot until SIGTERM, then end the program."""
    settings = configured("flowbot cannot start:")
    # What is imported stays: to look through it again and again is a tenth of the start. Once is worth it, for what a
    # class leaves behind when it is made.
    gc.set_threshold(10_000, 1_000)
    from bot.ops import process  # sets it back

    sys.exit(process.run(settings))


def configured(title: str, *, as_json: bool = False) -> "Settings":
    """The settings, for the libraries too, before any of these is imported; or end the program."""
    from bot.settings import table

    try:
        settings = table.load(os.environ, env_file=Path(".env"))
    except table.BadSettings as bad:
        if as_json:
            checks = [{"name": "settings", "state": "failed", "says": each, "mend": ""} for each in bad.problems]
            sys.stdout.write(json.dumps({"ok": False, "checks": checks}, indent=2) + "\n")
        complain(title, bad.problems)
        sys.exit(EXIT_SETTINGS)
    settings_network.export(settings.network, os.environ)
    return settings


def complain(title: str, problems: Sequence[str]) -> None:
    """Say what is wrong, a line for each problem."""
    sys.stderr.write("".join(f"{line}\n" for line in (title, *(f"  {problem}" for problem in problems))))
