"""Proxies and certificates: what they mean for a call."""
