"""Delivery: from the outbox to Slack, each post once."""
