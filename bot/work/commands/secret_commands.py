"""Held: commands with a secret in them, in memory alone, for the buttons that say them."""

from collections.abc import Callable

MOST_COMMANDS = 500  # commands; a button whose words went asks for them again


class SecretCommands:
    """What a restart forgets."""

    def __init__(self, most: int = MOST_COMMANDS) -> None:
        self._most = most
        self._commands: dict[str, str] = {}

    def keep(self, command: str, new_id: Callable[[], str]) -> str:
        """Keep a command and return its name; the oldest goes where there are too many."""
        name = new_id()
        self._commands[name] = command
        if len(self._commands) > self._most:
            del self._commands[next(iter(self._commands))]
        return name

    def get(self, name: str) -> str | None:
        """Return a command; None where it is not held (any more)."""
        return self._commands.get(name)
