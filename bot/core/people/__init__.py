"""People: who they are in Slack and in EnOS, and who is on call."""
