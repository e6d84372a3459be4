"""flowbot: runs EnOS batch flows from Slack and tells the right people when one breaks."""

__version__ = "0.1.0"
