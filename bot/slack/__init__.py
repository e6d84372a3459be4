"""Slack touches Slack: listeners turn payloads into words, a poster turns cards into calls."""

from bot.absent import absent

with absent("slack_sdk.web.client", "slack_bolt.app.app"):  # the twins of what is used here, for code without asyncio
    import slack_bolt.async_app  # noqa: F401
