"""Core decides. It knows what things mean and touches nothing: no I/O, no clock, standard library only."""
