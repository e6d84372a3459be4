"""Forms: each is another way to say a command. The command that it says goes the way of all commands."""
