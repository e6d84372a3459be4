"""The outbox: what is queued for Slack, and what Slack's answers mean for it."""
