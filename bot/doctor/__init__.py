"""The doctor asks the outside and hands what it was told to ``bot.core.checks``, which decides what it means."""
