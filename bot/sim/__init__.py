"""Sim pretends: one world with two faces, an EnOS and a Slack on local sockets, and a page to click in."""
