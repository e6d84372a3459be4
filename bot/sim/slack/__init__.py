"""A pretend Slack: the workspace's model, and its API on a socket."""
