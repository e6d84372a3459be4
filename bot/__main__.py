"""flowbot's entrance. Its commands are in ``cli.py``, which takes a moment to import; ``run`` is in ``start.py``."""

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["run"]:
        from bot.ops import signals

        signals.exit_on_signals()
    if sys.argv[1:] == ["run"]:
        from bot import start

        start.run()
    from bot.cli import main as commands

    commands()


if __name__ == "__main__":
    main()
