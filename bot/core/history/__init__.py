"""What flowbot learns from the runs it has seen: usual durations and times, errors met before, causes."""
