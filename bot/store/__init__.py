"""Store touches the database: one async method is one transaction, on one dedicated thread."""

from bot.absent import absent

# What sqlite-utils' command line, its plugins and its full-text search need: half of the library's memory.
with absent("click", "sqlite_fts4", "sqlite_utils.hookspecs", "sqlite_utils.plugins", "sqlite_utils.recipes"):
    import sqlite_utils  # noqa: F401
