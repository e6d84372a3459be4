"""Verbs: one function for each request, from what was asked to the answer. The words are the cards'."""
