"""The doctor asks Slack, EnOS and the running bot; ``bot.core.checks`` decides what the answers mean."""
