"""Buttons: what the value of one carries, written and read here only.

1|post|ack 2809       version, the post it belongs to, the command it says
1|post|#stash         words too long for a value: they are kept in the store under this id
1|post|#stash.secret  words with a secret: in memory under the second id, in the store without it
1|post|#stash.secret@replica   the same in the memory of one of several replicas
1|post|form ack 2809  opens a form, filled with what the words say
1|post|form trigger #stash
"""

VALUE_LIMIT = 2000  # characters of a button's value; docs.slack.dev, "Block Kit reference"
OPTION_LIMIT = 150  # of a menu option's value
OLD_BUTTON = "old button"  # the words of a press whose value this version cannot read
_VERSION = "1"
_FORM = "form "


def value(command: str, post: str) -> str:
    """The value of a button that says ``command``; the caller keeps it within Slack's limit, by a ``reference``."""
    return f"{_VERSION}|{post}|{command}"


def read(carried: str) -> tuple[str, str]:
    """The post and the words of a button's value; no post and ``OLD_BUTTON`` for a value of another version."""
    version, _, rest = carried.partition("|")
    post, bar, words = rest.partition("|")
    if version != _VERSION or not bar or not words.strip():
        return "", OLD_BUTTON
    return post, words


def reference(stash: str, secret: str = "") -> str:
    """The words of a button whose command is kept under these ids."""
    return f"#{stash}.{secret}" if secret else f"#{stash}"


def referenced(words: str) -> tuple[str, str] | None:
    """The ids (stash, secret or "") that words of a button refer to; None where they are the command itself."""
    if not words.startswith("#"):
        return None
    stash, _, secret = words[1:].partition(".")
    return stash, secret


def keeper(secret: str) -> str:
    """The replica that keeps a secret; empty where there is but one."""
    return secret.partition("@")[2]


def form(words: str) -> str:
    """The words of a button that opens the form of a command, which begins with the form's name."""
    return f"{_FORM}{words}"


def asked_form(words: str) -> tuple[str, str] | None:
    """The name of the form that words of a button open, and what is said in it; None where they are a command."""
    if not words.startswith(_FORM):
        return None
    said = words.removeprefix(_FORM)
    name, _, rest = said.partition(" ")
    return name, rest if rest.startswith("#") else said
