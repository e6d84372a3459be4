"""The shell: commands from a terminal, and their answers as plain text."""
