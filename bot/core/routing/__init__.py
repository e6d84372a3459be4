"""Routing: to which channels a failure goes, and whether it mentions people there. Pure."""
