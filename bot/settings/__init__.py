"""Settings: what the environment says, checked all at once."""
