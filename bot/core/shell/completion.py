"""What a shell offers to complete a command with: verbs, and the words of their clauses."""

from collections.abc import Sequence

from bot.core.command.table import BY_VERB, SHOWN


def following(words: Sequence[str], typed: str) -> list[str]:
    """What can follow the words and begins with what was typed: a verb, then words of its clauses, each once."""
    if not words:
        return _beginning(typed, [word for row in SHOWN for word in (row.verb, *row.words_zh[:1])])
    row = BY_VERB.get(words[0].casefold())
    clauses = [each for each in row.clauses if not each.hidden] if row else []
    of_last = [each.form.words for each in clauses if each.form and each.word == words[-1].casefold()]
    if of_last:  # behind a clause's word: what it may hold
        return _beginning(typed, of_last[0])
    used = {word.casefold() for word in words[1:]}
    left = [each for each in clauses if each.repeats or each.word not in used]
    offered = [each.word for each in left if each.word]
    return _beginning(
        typed, offered + [word for each in left if each.form and not each.word for word in each.form.words]
    )


def _beginning(typed: str, words: Sequence[str]) -> list[str]:
    return [each for each in dict.fromkeys(words) if each.startswith(typed.casefold())]
