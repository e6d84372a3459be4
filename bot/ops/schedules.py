"""Schedules: a Quartz expression (seven fields) in words.

Only cron-descriptor reads Quartz weekdays right; next runs are never computed here, EnOS knows them.
"""


def in_words(quartz: str) -> str:
    """Return the expression in English words, or itself where it cannot be read."""
    from cron_descriptor import ExpressionDescriptor, Options

    options = Options()
    options.use_24hour_time_format = True
    options.day_of_week_start_index_zero = False
    try:
        return str(ExpressionDescriptor(quartz, options).get_description())
    except Exception:  # noqa: BLE001  the library raises several kinds, and any of them means "unreadable"
        return quartz
