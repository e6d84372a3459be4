"""Work joins: commands from words to answers, the monitor from EnOS to posts, delivery from the outbox to Slack."""
