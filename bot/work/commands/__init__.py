"""Commands: the dispatcher, and one function for each verb. The sentences are in ``messages``."""
