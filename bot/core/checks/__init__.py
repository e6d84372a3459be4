"""What the doctor finds, as values, and what EnOS's and Slack's answers mean for it."""
