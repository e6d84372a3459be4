"""Bridges: the steps of incidents, told to other programs: a webhook, and PagerDuty."""
