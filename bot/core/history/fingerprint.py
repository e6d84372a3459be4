"""Fingerprints: what stays of an error line when everything is taken out that differs from one failure to the next.

Taken out: numbers, ids, UUIDs, hashes, times, dates, durations, sizes, paths, addresses of the web, hosts, ports,
quoted values, thread names, line numbers; a ``#`` stands for each, and for several in a row.

Kept: words, names of classes (also in quotes, and with digits in them: ``AmazonS3Exception``), since they say what
kind of error it is; and codes that have a meaning of their own (``ORA-00942``, exit code 137, HTTP 503, SQLSTATE
42S02): another code is another error. A value in quotes is mostly a name of data (a key, a column, a file), so errors
that differ in nothing else count as one. Errors are only compared within a flow.

The line was masked before, so its secrets are stars; these stay.
"""

import hashlib
import re

_READ = 1_000  # characters of a line that count
_ANY = "#"

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?\s{1,3})?"
_UNIT = (
    r"(?:[nuµm]s|msecs?|millis|milliseconds?|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?"
    r"|[KMGTPkmgt]?i?[Bb]|bytes?|%)"
)
_DOMAIN = "(?:com|net|org|io|cn|de|local|internal|intranet|lan|corp|cluster|cloud|svc)"
_PACKAGE = r"[a-z_]\w{0,60}[./]"
_CODE = (
    "(?i:(?:exit(?:ed)?|return(?:ed)?|error|status|response|http)(?:[ _]?(?:code|status|value))?(?: with| is| was)?"
    "|code|rc|errno|signal|sqlcode|sqlstate)"
)
_COUNTED = r"(?!\s{0,3}(?:rows?|records?|files?|lines?|times?|tasks?)\b)"

# Each takes time in proportion to the text: what repeats is possessive, or bounded. The first that fits counts.
_KEPT = (
    r"\b[A-Z][A-Z0-9]{1,9}-\d{2,6}(?![\w.-])",  # ORA-00942
    rf"\b{_CODE}(?:\s{{0,3}}[=:\[(#]\s{{0,2}}|\s{{1,3}})-?\d[0-9A-Z]{{0,4}}(?![\w%]|[.:/-]\d){_COUNTED}",
    r"\bHTTP/\d(?:\.\d)? [1-5]\d\d\b",
    rf"\b(?:{_PACKAGE}){{0,20}}+[A-Z][\w$]{{0,100}}(?:Exception|Error|Failure|Fault|Warning|Timeout)\b",
    rf"\b(?:{_PACKAGE}){{2,20}}+[A-Z][A-Za-z$]{{1,100}}+(?![/\w]|\.\w)",  # another class, in its package
)
_TAKEN_OUT = (
    # addresses and paths
    r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s'\"<>,;)\]}]++",
    r"\b(?:jdbc|file|hdfs):[^\s'\"<>,;)\]}]++",
    r"\b[A-Za-z]:\\[^\s'\"<>:,;)\]}]++",
    rf"(?<![\w/{_ANY}•])\.{{0,2}}~?/[\w.~%@+=\[{{-][^\s'\"<>:,;)}}]*+",
    r"(?<![\w/.=-])[\w.=%-]++(?:/[\w.=%-]++){2,}+/?",
    # values in quotes
    r"\"[^\"]{0,500}+\"|`[^`]{0,500}+`|“[^”]{0,500}+”|‘[^’]{0,500}+’|«[^»]{0,500}+»|(?<!\w)'[^']{0,500}+'(?!\w)",
    # threads
    (
        r"\[(?=[^\[\]]{0,80}?(?i:main|thread|worker|-exec-|event-loop|dispatcher|pool-|qtp\d|scheduling-))"
        r"[^\[\]]{1,160}+\]"
    ),
    # times
    rf"\b{_WEEKDAY}{_MONTH}\.?[ -]\d{{1,2}}\b(?:,? \d{{4}}\b)?|\b{_WEEKDAY}\d{{1,2}}[ -]{_MONTH}(?:[ -]\d{{2,4}})?\b",
    r"\d{4}-\d\d-\d\d(?:[T_]\d\d)?",
    r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:\s?(?:[AaPp][Mm]|Z|UTC|GMT|CST|[+-]\d\d:?\d\d)\b)?",
    # ids and hosts
    r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b",
    rf"\b(?:[a-z0-9][a-z0-9-]{{0,62}}\.){{1,8}}{_DOMAIN}(?::\d{{1,5}})?(?![\w(]|\.\w)",
    r"\b[a-z0-9](?:[a-z0-9.-]{0,100}[a-z0-9])?:\d{2,5}(?![\w:])",
    # numbers with their units
    rf"(?<![\w.])[-+]?\d[\d.,]*+\s?{_UNIT}(?!\w)",
)
_PART = re.compile(
    rf"(?P<file>\b\w[\w.-]{{0,100}}\.(?:py|java|scala|kt|sh|bash|sql|hql|js|go|rb|pl|R))(?::\d+)?(?!\w)"
    rf"|(?P<kept>{'|'.join(_KEPT)})"
    rf"|[\"'`“‘«](?P<quoted>(?:{_PACKAGE}){{1,20}}+[A-Z][A-Za-z$]{{1,100}}+)[\"'`”’»]"
    rf"|(?P<out>{'|'.join(_TAKEN_OUT)})"
    r"|(?P<quote>[\"'`“”‘’«»])"
    r"|(?P<word>\w++)"
)
_DIGITS = re.compile(r"\d++")
_NAMED = re.compile(r"([^\W\d]+)\d+")  # letters, then a number
_HEX = re.compile(r"[0-9a-fA-F]{6,}|0[xX][0-9a-fA-F]+")
_SEVERAL = re.compile(rf"{_ANY}(?:[\s.,:;/=_+x*-]{{0,3}}{_ANY})++")
_LONG = 16  # characters of a word with digits that is taken for an id
_CUT = "…"  # what ends an error line that was too long: the word before it may lack its end


def fingerprint(line: str) -> str:
    """What is the same each time in an error line; empty where nothing is. Its own fingerprint is itself."""
    text = line.rstrip()
    if text.endswith(_CUT):
        text = text[: -len(_CUT)].rpartition(" ")[0]
    text, before = _taken_out(text[:_READ]), ""
    while text != before:  # what was taken out may let more be seen; each time there is less to take out
        text, before = _taken_out(text), text
    return text if any(letter.isalpha() for letter in text) else ""


def key(line: str) -> str:
    """The fingerprint of an error line, short enough to be stored with each failure; empty where it has none."""
    found = fingerprint(line)
    return hashlib.sha256(found.encode()).hexdigest()[:16] if found else ""


def _taken_out(text: str) -> str:
    return _SEVERAL.sub(_ANY, " ".join(_PART.sub(_shown, text).split()))


def _shown(part: re.Match[str]) -> str:
    match part.lastgroup:
        case "file" | "kept" | "quoted" as group:
            return str(part[group])
        case "out":
            return _ANY
        case "quote":
            return ""
        case _:
            return "_".join(_word(each) for each in part[0].split("_"))


def _word(word: str) -> str:
    """A word, with a sign for the number in it."""
    if not _DIGITS.search(word):
        return word
    if _HEX.fullmatch(word) or len(word) >= _LONG:
        return _ANY
    named = _NAMED.fullmatch(word)
    return f"{named[1]}{_ANY}" if named else _ANY
