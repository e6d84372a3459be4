"""What of a task's log may be shown: the program's own output, without the head that EnOS writes before it.

The head stands between two lines of ``=`` and holds the command line, which may hold secrets: it goes whole, for a
command line may itself have many lines. A retried task may have several heads. Source: Get Task Instance Log, samples.
"""

import re

_HEAD = re.compile(
    r"^={5,}[ \t]*\n(?:run  ?num:|instance:|cmdline:).*?^current time:[^\n]*\n={5,}[ \t]*(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
_UNDATED_HEAD = re.compile(  # without a time at its end: it ends at the next line like its first
    r"^(={5,})[ \t]*\n(?:run  ?num:|instance:|cmdline:)(?:(?!^current time:).)*?\n\1[ \t]*(?:\n|\Z)",
    re.MULTILINE | re.DOTALL,
)
_FLAT_HEAD = re.compile(r"={5,}nrun  ?num:t.*?ncurrent time:t.*?={5,}n?", re.DOTALL)  # as the samples print it
_REST_OF_HEAD = re.compile(r"\A.*?^current time:[^\n]*\n={5,}[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)
_ONLY_HEAD = re.compile(r"^={5,}[ \t]*\n(?:run  ?num:|instance:|cmdline:).*\Z", re.MULTILINE | re.DOTALL)
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_BEGINNING = 20_000  # characters in which the rest of a head is looked for, where the log begins inside one


def own_words(log: str) -> str:
    """Return the program's output: no heads, no colours, no control characters."""
    text = _COLOURS.sub("", log.replace("\r\n", "\n").replace("\r", "\n"))
    text = _UNDATED_HEAD.sub("", _HEAD.sub("", _FLAT_HEAD.sub("", text)))
    text = _ONLY_HEAD.sub("", text)  # cut off before the head had ended
    rest = _REST_OF_HEAD.match(text, 0, _BEGINNING)  # cut off after it had begun
    return _CONTROL.sub("", text[rest.end() :] if rest else text).strip("\n")
