"""What Slack makes of typed text: names become references, addresses become links, ``& < >`` are escaped.

https://docs.slack.dev/interactivity/implementing-slash-commands (January 2026), ``should_escape``.
"""

import re
from collections.abc import Callable, Iterable

from bot.sim.slack.model import Channel, SlackUser, UserGroup

# What may already be encoded in a text that a program "types".
_ENCODED = r"<(?:@[UW]\w+|#[CGD]\w+|!subteam\^S\w+|(?:https?|mailto|tel):[^<>|\s]+)(?:\|[^<>]*)?>"
_TICKED = r"```.*?```|`[^`\n]+`"
_ADDRESS = r"https?://[^\s<>|]+[^\s<>|.,;:!?)'\"]"
_MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_DOMAIN = r"\b(?:[a-z0-9-]+\.)+(?:com|net|org)\b"
_EVERYONE = {"@here": "<!here>", "@channel": "<!channel>", "@everyone": "<!everyone>"}


def escaped(text: str) -> str:
    """Escape ``& < >``."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    """Undo ``escaped``."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def encode(
    text: str,
    *,
    people: Iterable[SlackUser],
    channels: Iterable[Channel],
    groups: Iterable[UserGroup],
    labels: bool = False,
) -> str:
    """Encode a typed text as Slack delivers it; with ``labels`` people's references carry theirs, as some clients do.

    ``@name`` is a handle, full name or first name. Text between backticks is only escaped.
    """
    names = _names(people, groups, labels=labels)
    channel_references = {
        f"#{channel.name}".casefold(): f"<#{channel.id}|{channel.name if channel.kind == 'public' else ''}>"
        for channel in channels
        if channel.kind != "im"
    }
    known = "|".join(re.escape(name) for name in sorted((*names, *channel_references), key=len, reverse=True))
    pattern = re.compile(
        rf"(?P<ticked>{_TICKED})|(?P<encoded>{_ENCODED})|(?P<url>{_ADDRESS})|(?P<mail>{_MAIL})"
        rf"|(?<![\w@#])(?P<name>{known or '(?!)'})(?!\w)|(?P<domain>{_DOMAIN})|(?P<sign>[&<>])",
        re.IGNORECASE | re.DOTALL,
    )
    return pattern.sub(_replacer(names | channel_references), text)


def _names(people: Iterable[SlackUser], groups: Iterable[UserGroup], *, labels: bool) -> dict[str, str]:
    names = dict(_EVERYONE)
    for person in people:
        reference = f"<@{person.id}|{person.handle}>" if labels else f"<@{person.id}>"
        for name in (person.handle, person.real_name, person.real_name.split()[0]):
            names.setdefault(f"@{name}".casefold(), reference)
    for group in groups:
        names.setdefault(f"@{group.handle}".casefold(), f"<!subteam^{group.id}|@{group.handle}>")
    return names


def _replacer(known: dict[str, str]) -> Callable[[re.Match[str]], str]:
    def replacement(match: re.Match[str]) -> str:
        typed = match.group()
        match match.lastgroup:
            case "encoded":
                return typed
            case "url":
                return f"<{escaped(typed)}>"
            case "mail":
                return f"<mailto:{typed}|{typed}>"
            case "domain":
                return f"<http://{typed}|{typed}>"
            case "name":
                return known[typed.casefold()]
            case _:
                return escaped(typed)

    return replacement
