"""Slack touches Slack: listeners turn payloads into words, a poster turns cards into calls."""
