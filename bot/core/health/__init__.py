"""Health: whether the promise is kept, and how much is watched."""
