"""The one table of commands. Parser, help, README, usage hint and permissions read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from itertools import chain

from bot.core.command import chinese, clauses, requests
from bot.core.command.clauses import Clause
from bot.core.command.requests import Request
from bot.core.command.rights import Who

HINT_LIMIT = 1000  # characters. Source: Slack's manifest schema, slash_commands.usage_hint


class Family(Enum):
    """What verbs are about: help shows them together. The values are what ``help`` takes as a topic."""

    RUNS = "runs"
    INCIDENTS = "incidents"
    FLOWS = "flows"
    PEOPLE = "people"
    ME = "me"


@dataclass(frozen=True, slots=True)
class Row:
    """One verb."""

    verb: str
    request: type
    who: Who
    summary: str
    clauses: tuple[Clause, ...] = ()  # those without a word are read in this order
    examples: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    changes: bool = False  # something in EnOS, an incident or a link, and so belongs on record before it happens
    family: Family = field(kw_only=True)

    @property
    def words_zh(self) -> tuple[str, ...]:
        """The verb in Chinese, and others that are understood."""
        return chinese.VERBS.get(self.verb, ())

    @property
    def examples_zh(self) -> tuple[str, ...]:
        """The examples as they are said in Chinese, in the same order."""
        return chinese.EXAMPLES.get(self.verb, ())

    @property
    def glued(self) -> frozenset[str]:
        """The Chinese words that need no space to Latin letters and digits next to them behind this verb."""
        forms = (each.form.words_zh for each in self.clauses if each.form)
        return frozenset(chain([chinese.THANKS], *forms, *(each.words_zh for each in self.clauses)))

    @property
    def syntax(self) -> str:
        """The verb with its clauses; brackets around what may be left out."""
        return self.syntax_in("en")

    def word_in(self, language: str) -> str:
        """The verb in a language, "en" or "zh"."""
        return self.words_zh[0] if language == "zh" and self.words_zh else self.verb

    def syntax_in(self, language: str) -> str:
        """The syntax in a language, "en" or "zh"."""
        shown = (each.syntax_in(language) for each in self.clauses if not each.hidden)
        return " ".join((self.word_in(language), *shown))

    def brief_in(self, language: str) -> str:
        """The verb with the first thing that it is about, in a language: "trigger FLOW"."""
        form = self.clauses[0].form if self.clauses and self.clauses[0].fields[0] in _TARGETS else None
        about = (form.placeholder_in(language).partition("|")[0],) if form else ()
        return " ".join((self.word_in(language), *about))

    @property
    def in_thread(self) -> bool:
        """Whether its flow or instance may be left out in an incident's thread."""
        return any(each.in_thread for each in self.clauses)


_TARGETS = {"flow", "instance", "person"}  # fields of a request
_PAGE = Clause(("page",), "page", clauses.COUNT, hidden=True)
_CONFIRMED = Clause(("confirmed",), "confirmed", hidden=True)
_FLOW = Clause(("flow",), form=clauses.FLOW, in_thread=True)
_INSTANCE = Clause(("instance",), form=clauses.INSTANCE, in_thread=True)
_TARGET = Clause(("flow", "instance"), form=clauses.TARGET, in_thread=True)
_PERIOD = Clause(("period",), form=clauses.PERIOD)
_OF_FLOW = Clause(("flow",), "of", clauses.FLOW)
_BY_OWNER = Clause(("owner",), "by", clauses.OWNER, loose=True)
_FROM = Clause(("task",), "from", clauses.TASK)
_BECAUSE = Clause(("because",), "because", clauses.NOTE)
_PERSON = Clause(("person",), form=clauses.PERSON, optional=False)

ROWS = (
    Row(
        "help",
        requests.Help,
        Who.ANYONE,
        "What you may do here, or one verb in full.",
        (Clause(("topic",), form=clauses.VERB),),
        ("help", "help trigger"),
        aliases=("?",),
        family=Family.ME,
    ),
    Row(
        "trigger",
        requests.Trigger,
        Who.OWNER,
        "Start a run: of the whole flow, from a task on, for another time, or once with changed parameters. "
        "Asks once where the time is far off.",
        (
            Clause(("flow",), form=clauses.FLOW, optional=False),
            _FROM,
            Clause(("when",), "at", clauses.WHEN, loose=True),
            Clause(("parameters",), "with", clauses.PAIRS),
            _CONFIRMED,
        ),
        (
            "trigger 3377",
            "trigger 3377 from 108580",
            "trigger 3377 at tomorrow 02:00",
            'trigger 3377 with path=/data/2026 note="second try"',
        ),
        changes=True,
        family=Family.RUNS,
    ),
    Row(
        "rerun",
        requests.Rerun,
        Who.OWNER,
        "Start a run again from its failed task, for the same data time.",
        (_INSTANCE, _FROM),
        ("rerun 2809-20190812080700", "rerun 2809-20190812080700 from 104890"),
        changes=True,
        family=Family.RUNS,
    ),
    Row(
        "cancel",
        requests.Cancel,
        Who.OWNER,
        "Stop a run. Asks once.",
        (_INSTANCE, _CONFIRMED),
        ("cancel 2809-20190812080700",),
        changes=True,
        family=Family.RUNS,
    ),
    Row(
        "enable",
        requests.Enable,
        Who.OWNER,
        "Turn a flow's scheduling on.",
        (_FLOW,),
        ("enable 3377",),
        changes=True,
        family=Family.FLOWS,
    ),
    Row(
        "disable",
        requests.Disable,
        Who.OWNER,
        "Turn a flow's scheduling off. Asks once.",
        (_FLOW, _CONFIRMED),
        ("disable 3377",),
        changes=True,
        family=Family.FLOWS,
    ),
    Row(
        "incidents",
        requests.Incidents,
        Who.LINKED,
        "What is open, since when, who has it, with a link to each thread.",
        (Clause(("scope",), form=clauses.SCOPE), _OF_FLOW, _BY_OWNER, _PAGE),
        ("incidents", "incidents unacked", "incidents by me"),
        family=Family.INCIDENTS,
    ),
    Row(
        "failed",
        requests.Failed,
        Who.LINKED,
        "What failed in a period; today where none is named.",
        (_PERIOD, _OF_FLOW, _BY_OWNER, _PAGE),
        ("failed", "failed yesterday by me", "failed 2026-11-01..2026-11-07 of 3377"),
        family=Family.RUNS,
    ),
    Row(
        "runs",
        requests.Runs,
        Who.LINKED,
        "Runs of any status, by trigger time; today's where no period is named.",
        (_PERIOD, Clause(("statuses",), form=clauses.STATUSES, repeats=True), _OF_FLOW, _BY_OWNER, _PAGE),
        ("runs of 3377", "runs last 3h running", "runs this week fail timeout"),
        family=Family.RUNS,
    ),
    Row(
        "show",
        requests.Show,
        Who.LINKED,
        "A flow with its owners, schedule and tasks; or a run with its tasks and times.",
        (_TARGET,),
        ("show 3377", 'show "daily energy report"', "show 2809-20190812080700"),
        family=Family.FLOWS,
    ),
    Row(
        "log",
        requests.Log,
        Who.LINKED,
        "The end of a run's log, for you alone; long ones as a file.",
        (
            _INSTANCE,
            Clause(("task",), "of", clauses.TASK),
            Clause(("tail",), "tail", clauses.LINES),
            Clause(("here",), "here", hidden=True),
        ),
        ("log 2809-20190812080700", "log 2809-20190812080700 of 104890 tail 50"),
        family=Family.RUNS,
    ),
    Row(
        "ack",
        requests.Ack,
        Who.RESPONDER,
        "Take an incident: you look after it, for 4 hours or as long as you say.",
        (_TARGET, Clause(("duration",), "for", clauses.DURATION, loose=True), _BECAUSE),
        ("ack 2809", "ack 2809 for 2h because the source is being repaired"),
        aliases=("acknowledge",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "unack",
        requests.Unack,
        Who.RESPONDER,
        "Give an incident back.",
        (_TARGET,),
        ("unack 2809",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "close",
        requests.Close,
        Who.RESPONDER,
        "End an incident that will not recover by itself, with your reason.",
        (_TARGET, _BECAUSE),
        ("close 2809 because that day is not needed",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "reopen",
        requests.Reopen,
        Who.RESPONDER,
        "Undo a close.",
        (_TARGET,),
        ("reopen 2809",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "thread",
        requests.Thread,
        Who.RESPONDER,
        "Open a thread for an incident that is listed under a storm or a first start.",
        (_TARGET,),
        ("thread 2809",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "link",
        requests.LinkPerson,
        Who.ADMIN,
        "Tie a person to an EnOS user: user id and user name.",
        (
            _PERSON,
            Clause(("user_id",), form=clauses.USER_ID, optional=False),
            Clause(("user_name",), form=clauses.USER_NAME, optional=False),
        ),
        ("link @jane u15432100000000011 jane.doe",),
        changes=True,
        family=Family.PEOPLE,
    ),
    Row(
        "unlink",
        requests.Unlink,
        Who.ADMIN,
        "Remove a person's link.",
        (_PERSON,),
        ("unlink @jane",),
        changes=True,
        family=Family.PEOPLE,
    ),
    Row(
        "people",
        requests.People,
        Who.ADMIN,
        "Who is linked.",
        (_PAGE,),
        ("people",),
        family=Family.PEOPLE,
    ),
    Row(
        "whoami",
        requests.Whoami,
        Who.ANYONE,
        "Who you are to me, and what you may do.",
        (),
        ("whoami",),
        family=Family.ME,
    ),
    Row(
        "audit",
        requests.Audit,
        Who.ADMIN,
        "Who did what in a period; today where none is named.",
        (_PERIOD, Clause(("person",), form=clauses.PERSON), _PAGE),
        ("audit", "audit this week @jane"),
        family=Family.PEOPLE,
    ),
    Row(
        "status",
        requests.Status,
        Who.ANYONE,
        "Whether I am well myself: what I watch, how late I am, what waits.",
        (),
        ("status",),
        family=Family.ME,
    ),
)

BY_VERB = {word: each for each in ROWS for word in (each.verb, *each.aliases, *each.words_zh)}  # in lower case
BY_REQUEST: Mapping[type[Request], Row] = {each.request: each for each in ROWS}

FAMILIES = {
    word: each for each in Family for word in (each.value, *chinese.FAMILIES[each.value])
}  # by what ``help`` takes


def near(word: str, words: Sequence[str]) -> str:
    """The one of ``words`` most similar to a mistyped word; empty where none is similar."""
    cutoff = 0.6 if word.isascii() else 0.5  # of two Chinese characters one may be wrong
    return next(iter(get_close_matches(word.casefold()[:40], words, 1, cutoff)), "")


def nearest(word: str) -> str:
    """The verb most similar to a mistyped one; empty where none is similar."""
    found = near(word, list(BY_VERB))
    return BY_VERB[found].verb if found else ""


def markdown_table() -> str:
    """The table of the README."""
    lines = ["| verb | syntax | who | does |", "|---|---|---|---|"]
    for each in ROWS:
        cells = (each.verb, f"`{each.syntax}`", each.who.value, each.summary)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def usage_hint(rows: Sequence[Row] = ROWS) -> str:
    """What Slack shows next to the slash command: each syntax, or the bare verb where it would be too long."""
    hints = [each.syntax for each in rows]
    for place in reversed(range(len(rows))):
        if len(_hint(hints)) > HINT_LIMIT:
            hints[place] = rows[place].verb
    return _hint(hints)


def _hint(hints: Sequence[str]) -> str:
    return " · ".join(hints)
