"""The forms and shortcuts that there are, by the names that Slack calls them by."""

FORMS = frozenset({"ack", "close", "snooze", "assign", "link", "trigger"})  # made in ``work/forms/registry.py``

# What the app's shortcuts do: a form, or a command about the message.
GLOBAL_SHORTCUTS = {"trigger": "trigger"}
MESSAGE_SHORTCUTS = {"ack": "ack", "rerun": "rerun"}
