"""Messages: what people read, as values: cards, blocks, and what is posted about an incident. Pure."""
