"""The bulk import: a CSV file of links. Every line is right, or nothing is imported; it never removes a link.

slack_user,enos_user_id,enos_user_name
U0123456789,u15432100000000011,maya.chen
T0123456789:U0123456780,u15432100000000012,jonas.weber
"""

import csv
import io
import re
from collections.abc import Iterable

from bot.core.errors import Refusal
from bot.core.flow.model import UserId, UserName
from bot.core.people.model import Link, Person
from bot.core.text.escape import visible
from bot.core.text.message import verbatim

HEADER = ["slack_user", "enos_user_id", "enos_user_name"]
_USER = re.compile(r"(?:(?P<team>[TE][A-Z0-9]+):)?(?P<user>[UW][A-Z0-9]+)")
_BLANKS = " \t"
# Letters and marks to Unicode, but drawn as nothing: grapheme joiner, fillers of Hangul and Khmer, Mongolian and other
# variation selectors, the blank pattern of Braille. ``str.isprintable`` finds what is not a letter at all.
_BLANK_LETTERS = frozenset(
    map(
        chr,
        (
            *(0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
            *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
        ),
    )
)
_SHOWN = 10  # problems in one message
_WAY_OUT = verbatim("Nothing was imported. Correct the file and import it again.")


def read(text: str, team: str) -> tuple[Link, ...]:
    """The links of a file; ``team`` is that of people named without one. Raises Refusal with every problem."""
    rows = _rows(text.removeprefix("\ufeff"))
    if not rows or [cell.strip() for cell in rows[0][1]] != HEADER:
        raise Refusal("header", verbatim(f"The first line must be {','.join(HEADER)}."), _WAY_OUT)
    problems: list[str] = []
    links: list[Link] = []
    for number, row in rows[1:]:
        cells = [cell.strip(_BLANKS) for cell in row]
        if not any(cells):
            continue
        match = _USER.fullmatch(cells[0])
        if unseen := _unseen("".join(cells)):
            problems.append(f"Line {number} contains {unseen}.")
        elif len(cells) != len(HEADER) or not all(cells):
            problems.append(f"Line {number} needs three columns, none of them empty.")
        elif match is None:
            problems.append(f"Line {number}: {_cell(cells[0])} is not a Slack user ID (U… or T…:U…).")
        elif not match["team"] and not team:
            problems.append(f"Line {number}: write {cells[0]} with its team, as in T…:{cells[0]}.")
        else:
            person = Person(match["team"] or team, match["user"])
            links.append(Link(person, UserId(cells[1]), UserName(cells[2])))
    problems.extend(_twice((str(link.person) for link in links), "The person {} is in the file twice."))
    problems.extend(_twice((link.user_id for link in links), "The EnOS user ID {} is in the file twice."))
    problems.extend(_twice((link.user_name for link in links), "The EnOS user name {} is in the file twice."))
    if problems:
        more = [f"Not shown: {len(problems) - _SHOWN} more."] if len(problems) > _SHOWN else []
        raise Refusal("lines", verbatim(" ".join([*problems[:_SHOWN], *more])), _WAY_OUT)
    return tuple(links)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The rows, each with the line it begins on: a cell in quotes may hold line breaks."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for row in lines:
            rows.append((begins, row))
            begins = lines.line_num + 1
    except csv.Error as error:
        sentence = f"This CSV file cannot be read: {error} (line {begins})."
        raise Refusal("no_csv", verbatim(sentence), _WAY_OUT) from error
    return rows


def _unseen(text: str) -> str:
    """The first character that nobody would see in an ID or a name, in words; empty where there is none."""
    for each in text:
        if each in "\r\n":
            return "a line break inside quotes"
        if not each.isprintable() or each in _BLANK_LETTERS:
            return f"an invisible character (U+{ord(each):04X})"
    return ""


def names_teams(text: str) -> bool:
    """Whether every person in a file is named with a team, so that no team has to be asked for."""
    people = (line.strip().strip('"') for line in text.splitlines()[1:])
    return not any(re.match(r"[UW][A-Z0-9]+\W", person) for person in people)


def teams(text: str) -> frozenset[str]:
    """The teams and enterprises that people in a file are named with."""
    return frozenset(re.findall(r'^\s*"?\s*([TE][A-Z0-9]+):', text, re.MULTILINE))


def write(links: Iterable[Link]) -> str:
    """Links as such a file, so that ``list`` can be edited and imported again."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(HEADER)
    for link in sorted(links, key=lambda each: each.user_name):
        lines.writerow([str(link.person), link.user_id, link.user_name])
    return out.getvalue()


def _twice(names: Iterable[str], sentence: str) -> list[str]:
    seen: set[str] = set()
    again: list[str] = []
    for name in names:
        if name in seen and name not in again:
            again.append(name)
        seen.add(name)
    return [sentence.format(_cell(name)) for name in again]


def _cell(text: str) -> str:
    """A cell fit for a terminal."""
    shown = visible(text)
    return shown if len(shown) <= 60 else shown[:59] + "…"
