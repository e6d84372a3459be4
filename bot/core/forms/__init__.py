"""Forms and the home: what they are made of, what Slack is sent of them, and what people do with them."""
