"""Clauses that verbs of several families have."""

from bot.core.command import forms, word_forms
from bot.core.command.clauses import Clause

PAGE = Clause(("page",), "page", word_forms.COUNT, hidden=True)
TARGET = Clause(("flow", "instance"), form=forms.TARGET, in_thread=True)
PERIOD = Clause(("period",), form=forms.PERIOD)
OF_FLOW = Clause(("flow",), "of", forms.FLOW)
BY_OWNER = Clause(("owner",), "by", forms.OWNER, loose=True)
