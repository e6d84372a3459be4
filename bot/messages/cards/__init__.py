"""Cards: what is shown, as values. Strings from outside are escaped here, where a card is built."""
