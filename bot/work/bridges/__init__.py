"""Bridges: events of the outbox to a webhook and to PagerDuty."""
