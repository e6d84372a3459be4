"""Work joins: a command from words to answer, a poll from platform to posts, a delivery from outbox to Slack."""
