"""The one table of commands. Parser, help, README, usage hint and permissions read it."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from bot.core.command import chinese, common, flow_rows, forms, incident_rows, requests, routing_forms, word_forms
from bot.core.command.clauses import Clause
from bot.core.command.requests import Request
from bot.core.command.rights import Who
from bot.core.command.row import Family, Row
from bot.core.text.message import msg, plain

HINT_LIMIT = 1000  # characters. Source: Slack's manifest schema, slash_commands.usage_hint

_PERSON = Clause(("person",), form=forms.PERSON, optional=False)
_FILTERS = (
    common.OF_FLOW,
    common.BY_OWNER,
    Clause(("glob",), "matching", routing_forms.GLOB),
    Clause(("after",), "after", routing_forms.TIMES),
    Clause(("quiet",), "quiet", routing_forms.HOURS),
)

ROWS = (
    Row(
        "help",
        requests.Help,
        Who.ANYONE,
        msg("What you can do, or one command in full."),
        (Clause(("topic",), form=word_forms.VERB),),
        ("help", "help trigger"),
        aliases=("?",),
        family=Family.ME,
    ),
    *flow_rows.ROWS,
    *incident_rows.ROWS,
    Row(
        "watch",
        requests.Watch,
        Who.LINKED,
        msg("Post failures in this channel. In a direct message: send them to you."),
        _FILTERS,
        ("watch of 3377", "watch by me after 3", "watch matching meter-* quiet 22:00-07:00"),
        changes=True,
        family=Family.ROUTING,
    ),
    Row(
        "unwatch",
        requests.Unwatch,
        Who.LINKED,
        msg("Remove a watch of this channel, by its number or by its filters."),
        (Clause(("number",), form=routing_forms.NUMBER), *_FILTERS),
        ("unwatch 12", "unwatch of 3377"),
        changes=True,
        family=Family.ROUTING,
    ),
    Row(
        "watches",
        requests.Watches,
        Who.LINKED,
        msg("The watches of this channel, each with a button that removes it."),
        (common.PAGE,),
        ("watches",),
        family=Family.ROUTING,
    ),
    Row(
        "prefs",
        requests.Preferences,
        Who.LINKED,
        msg("How flowbot speaks in this channel. Without words: what is set."),
        (
            Clause(("mentions",), "mentions", routing_forms.SWITCH),
            Clause(("reminders",), "reminders", routing_forms.SWITCH),
            Clause(("replies",), "replies", routing_forms.REPLIES),
            Clause(("language",), "language", routing_forms.LANGUAGE),
            Clause(("digest",), "digest", routing_forms.DIGEST),
        ),
        ("prefs", "prefs mentions off", "prefs language zh digest 08:30"),
        changes=True,
        shows=True,
        family=Family.ROUTING,
    ),
    Row(
        "drill",
        requests.Drill,
        Who.ADMIN,
        msg("Post a sample failure, marked as a drill, wherever failures of this channel go. It mentions nobody."),
        (),
        ("drill",),
        changes=True,
        family=Family.ROUTING,
    ),
    Row(
        "link",
        requests.LinkPerson,
        Who.ADMIN,
        msg("Link a person to an EnOS user. Everybody can ask for their own link with `link me USERID NAME`."),
        (
            Clause(("person",), form=forms.PERSON_OR_ME, optional=False),
            Clause(("user_id",), form=forms.USER_ID, optional=False),
            Clause(("user_name",), form=forms.USER_NAME, optional=False),
        ),
        ("link @jane u15432100000000011 jane.doe", "link me u15432100000000011 jane.doe"),
        changes=True,
        family=Family.PEOPLE,
    ),
    Row(
        "unlink",
        requests.Unlink,
        Who.ADMIN,
        msg("Unlink a person from their EnOS user."),
        (_PERSON,),
        ("unlink @jane",),
        changes=True,
        family=Family.PEOPLE,
    ),
    Row(
        "people",
        requests.People,
        Who.ADMIN,
        msg("Who is linked to which EnOS user."),
        (common.PAGE,),
        ("people",),
        family=Family.PEOPLE,
    ),
    Row(
        "whoami",
        requests.Whoami,
        Who.ANYONE,
        msg("Your EnOS user and your permissions."),
        (),
        ("whoami",),
        family=Family.ME,
    ),
    Row(
        "audit",
        requests.Audit,
        Who.ADMIN,
        msg("Who did what in a period. Without a period: today."),
        (common.PERIOD, Clause(("person",), form=forms.PERSON), common.PAGE),
        ("audit", "audit this week @jane"),
        family=Family.PEOPLE,
    ),
    Row(
        "status",
        requests.Status,
        Who.ANYONE,
        msg("The state of flowbot: what it watches, when it last checked EnOS, and what waits to be sent."),
        (),
        ("status",),
        family=Family.ME,
    ),
)

BY_VERB = {word: each for each in ROWS for word in (each.verb, *each.aliases, *each.words_zh)}  # in lower case
SHOWN = tuple(each for each in ROWS if not each.hidden)
BY_REQUEST: Mapping[type[Request], Row] = {each.request: each for each in ROWS}

FAMILIES = {
    word: each for each in Family for word in (each.value, *chinese.FAMILIES[each.value])
}  # by what ``help`` takes


def near(word: str, words: Sequence[str]) -> str:
    """The one of ``words`` most similar to a mistyped word; empty where none is similar."""
    cutoff = 0.6 if word.isascii() else 0.5  # of two Chinese characters one may be wrong
    return next(iter(get_close_matches(word.casefold()[:40], words, 1, cutoff)), "")


def nearest(word: str) -> str:
    """The verb most similar to a mistyped one, in its language; empty where none is similar."""
    found = near(word, [each for each, row in BY_VERB.items() if not row.hidden])
    return BY_VERB[found].verb if found.isascii() and found else found


def markdown_table() -> str:
    """The table of the README."""
    lines = ["| verb | syntax | who | does |", "|---|---|---|---|"]
    for each in SHOWN:
        cells = (each.verb, f"`{each.syntax}`", each.who.value, plain(each.summary))
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def usage_hint(rows: Sequence[Row] = SHOWN) -> str:
    """What Slack shows next to the slash command: each syntax, or the bare verb where it would be too long."""
    hints = [each.syntax for each in rows]
    for place in reversed(range(len(rows))):
        if len(_hint(hints)) > HINT_LIMIT:
            hints[place] = rows[place].verb
    return _hint(hints)


def _hint(hints: Sequence[str]) -> str:
    return " · ".join(hints)
