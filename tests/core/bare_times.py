"""Times that a reader elsewhere would read wrongly: without a zone, or with the month in digits alone."""

import re

_DATE = re.compile(r"<!date\^[^>]*>")
_CODE = re.compile(r"`[^`\n]*`")  # commands, ids and what programs wrote, as they are
_CARRIED = re.compile(r"(?<=: )1\|[^\]\[]*|→ [^\]]*(?=\])")  # what buttons say, as the pictures draw it
_CLOCK = re.compile(r"(?<![\d:.+-])\d{1,2}:\d{2}(?::\d{2})?(?![\d:])")
_TYPED = re.compile(r"“[^”\n]*”|(?<=\(optional\): )\[[^\]\n]*\]")  # in a form: what somebody may type
_ZONE = re.compile(
    r"[^\n;]{0,90}?(?:\bUTC\b|\bGMT\b|(?<=\d)Z\b|[+-]\d\d:\d\d|\b[A-Z][a-z]+/[A-Z][A-Za-z_]+"
    r"|Slack time zone|Slack 时区|time zone not known|时区未知|EnOS's time zone|EnOS 时区)"
)
_DAY = re.compile(r"(?<![\d-])(?:0[1-9]|1[0-2])-(?:[0-2]\d|3[01])(?![\d-])")


def bare_times(text):
    """Return the times in a text that name no zone, and the days that name no month or year."""
    found = []
    for line in text.split("\n"):
        if "▸" in line:  # what somebody typed, in their own zone, with the place of an error
            continue
        shown = _TYPED.sub("", _CARRIED.sub("", _CODE.sub("", _DATE.sub("", line))))
        found += [match[0] for match in _CLOCK.finditer(shown) if not _ZONE.match(shown, match.end())]
        found += _DAY.findall(shown)
    return found
