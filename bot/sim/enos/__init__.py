"""A pretend EnOS: the platform's model, and its API on a socket."""
