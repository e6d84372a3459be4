"""Incidents: when they begin, what people do with them, and when they end."""
