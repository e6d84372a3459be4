"""Text from outside: cleaned, escaped, masked, and cut to what may be shown."""
