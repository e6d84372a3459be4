"""flowbot's entrance. What it can do stands in ``cli.py``, which takes a moment to read."""

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["run"]:
        from bot.ops import signals

        signals.exit_on_signals()
    from bot.cli import main as commands

    commands()


if __name__ == "__main__":
    main()
