"""Monitor: polls EnOS, decides what is news, and writes facts and posts together."""
