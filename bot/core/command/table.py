"""The one table of commands. Parser, help, README, usage hint and permissions read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import Enum
from itertools import chain

from bot.core.command import chinese, forms, many, requests
from bot.core.command.clauses import Clause
from bot.core.command.requests import Request
from bot.core.command.rights import Who
from bot.core.text.language import ZH
from bot.core.text.message import Message, msg, plain

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
    summary: Message
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
        """The Chinese words that need no space to each other, to Latin letters and to digits behind this verb."""
        values = (each.form.words_zh for each in self.clauses if each.form)
        return frozenset(chain([chinese.THANKS], *values, *(each.words_zh for each in self.clauses)))

    @property
    def syntax(self) -> str:
        """The verb with its clauses; brackets around what may be left out."""
        return self.syntax_in("en")

    def word_in(self, language: str) -> str:
        """The verb in a language, "en" or "zh"."""
        return self.words_zh[0] if language == ZH and self.words_zh else self.verb

    def example_in(self, language: str) -> str:
        """An example with a value, where there is one."""
        examples = self.examples_zh if language == ZH else self.examples
        return next((each for each in examples if " " in each), self.word_in(language))

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
        """Whether its flow or run may be left out in an incident's thread."""
        return any(each.in_thread for each in self.clauses)


_TARGETS = {"flow", "instance", "person"}  # fields of a request
_PAGE = Clause(("page",), "page", forms.COUNT, hidden=True)
_STORM = Clause(("storm",), "storm", forms.STORM, hidden=True)
_CONFIRMED = Clause(("confirmed",), "confirmed", hidden=True)
_FLOW = Clause(("flow",), form=forms.FLOW, in_thread=True)
_RUN = Clause(("instance",), form=forms.RUN, in_thread=True)
_TARGET = Clause(("flow", "instance"), form=forms.TARGET, in_thread=True)
_TARGETS_OR_ALL = Clause(("flow", "instance", "bulk"), form=many.TARGETS, in_thread=True)
_RUNS_OR_ALL = Clause(("instance", "bulk"), form=many.RUNS, in_thread=True)
_PERIOD = Clause(("period",), form=forms.PERIOD)
_OF_FLOW = Clause(("flow",), "of", forms.FLOW)
_BY_OWNER = Clause(("owner",), "by", forms.OWNER, loose=True)
_FROM = Clause(("task",), "from", forms.TASK)
_BECAUSE = Clause(("because",), "because", forms.NOTE)
_PERSON = Clause(("person",), form=forms.PERSON, optional=False)

ROWS = (
    Row(
        "help",
        requests.Help,
        Who.ANYONE,
        msg("What you can do, or one command in full."),
        (Clause(("topic",), form=forms.VERB),),
        ("help", "help trigger"),
        aliases=("?",),
        family=Family.ME,
    ),
    Row(
        "trigger",
        requests.Trigger,
        Who.OWNER,
        msg("Start a run: the whole flow, from a task, for another time, or once with changed parameters."),
        (
            Clause(("flow",), form=forms.FLOW, optional=False),
            _FROM,
            Clause(("when",), "at", forms.WHEN, loose=True),
            Clause(("parameters",), "with", forms.PAIRS),
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
        msg("Rerun a run from its failed task, for the same data date."),
        (_RUNS_OR_ALL, _FROM, _STORM, _CONFIRMED),
        ("rerun 2809-20190812080700", "rerun 2809-20190812080700 from 104890", "rerun all mine"),
        changes=True,
        family=Family.RUNS,
    ),
    Row(
        "cancel",
        requests.Cancel,
        Who.OWNER,
        msg("Cancel a run. Asks first."),
        (_RUN, _CONFIRMED),
        ("cancel 2809-20190812080700",),
        changes=True,
        family=Family.RUNS,
    ),
    Row(
        "enable",
        requests.Enable,
        Who.OWNER,
        msg("Enable the schedule of a flow."),
        (_FLOW,),
        ("enable 3377",),
        changes=True,
        family=Family.FLOWS,
    ),
    Row(
        "disable",
        requests.Disable,
        Who.OWNER,
        msg("Disable the schedule of a flow. Asks first."),
        (_FLOW, _CONFIRMED),
        ("disable 3377",),
        changes=True,
        family=Family.FLOWS,
    ),
    Row(
        "incidents",
        requests.Incidents,
        Who.LINKED,
        msg("Open incidents: since when, who acknowledged them, and a link to each thread."),
        (Clause(("scope",), form=forms.SCOPE), _OF_FLOW, _BY_OWNER, _PAGE),
        ("incidents", "incidents unacked", "incidents by me"),
        family=Family.INCIDENTS,
    ),
    Row(
        "failed",
        requests.Failed,
        Who.LINKED,
        msg("What failed in a period. Without a period: today."),
        (_PERIOD, _OF_FLOW, _BY_OWNER, _PAGE),
        ("failed", "failed yesterday by me", "failed 2026-11-01..2026-11-07 of 3377"),
        family=Family.RUNS,
    ),
    Row(
        "runs",
        requests.Runs,
        Who.LINKED,
        msg("Runs with any status, by trigger time. Without a period: today."),
        (_PERIOD, Clause(("statuses",), form=forms.STATUSES, repeats=True), _OF_FLOW, _BY_OWNER, _PAGE),
        ("runs of 3377", "runs last 3h running", "runs this week fail timeout"),
        family=Family.RUNS,
    ),
    Row(
        "show",
        requests.Show,
        Who.LINKED,
        msg("A flow with its owners, schedule and tasks, or a run with its tasks and times."),
        (_TARGET,),
        ("show 3377", 'show "daily energy report"', "show 2809-20190812080700"),
        family=Family.FLOWS,
    ),
    Row(
        "log",
        requests.Log,
        Who.LINKED,
        msg("The end of a run's log, only visible to you. A long one comes as a file."),
        (
            _RUN,
            Clause(("task",), "of", forms.TASK),
            Clause(("tail",), "tail", forms.LINES),
            Clause(("here",), "here", hidden=True),
        ),
        ("log 2809-20190812080700", "log 2809-20190812080700 of 104890 tail 50"),
        family=Family.RUNS,
    ),
    Row(
        "ack",
        requests.Ack,
        Who.RESPONDER,
        msg("Acknowledge an incident, for 4 hours or as long as you say."),
        (_TARGETS_OR_ALL, Clause(("duration",), "for", forms.DURATION, loose=True), _BECAUSE),
        ("ack 2809", "ack all mine", "ack 2809 for 2h because the source is being repaired"),
        aliases=("acknowledge",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "board",
        requests.Board,
        Who.ANYONE,
        msg("The list of this channel's alert storm, page by page."),
        (_PAGE, _STORM),
        ("board",),
        family=Family.INCIDENTS,
    ),
    Row(
        "unack",
        requests.Unack,
        Who.RESPONDER,
        msg("Hand an incident back."),
        (_TARGET,),
        ("unack 2809",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "close",
        requests.Close,
        Who.RESPONDER,
        msg("Close an incident that will not recover by itself. Add a reason."),
        (_TARGET, _BECAUSE),
        ("close 2809 because that day is not needed",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "reopen",
        requests.Reopen,
        Who.RESPONDER,
        msg("Reopen a closed incident."),
        (_TARGET,),
        ("reopen 2809",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "thread",
        requests.Thread,
        Who.RESPONDER,
        msg("Open a thread for an incident of an alert storm or of flowbot's first start."),
        (_TARGET,),
        ("thread 2809",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "link",
        requests.LinkPerson,
        Who.ADMIN,
        msg("Link a person to an EnOS user."),
        (
            _PERSON,
            Clause(("user_id",), form=forms.USER_ID, optional=False),
            Clause(("user_name",), form=forms.USER_NAME, optional=False),
        ),
        ("link @jane u15432100000000011 jane.doe",),
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
        (_PAGE,),
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
        (_PERIOD, Clause(("person",), form=forms.PERSON), _PAGE),
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
    found = near(word, list(BY_VERB))
    return BY_VERB[found].verb if found.isascii() and found else found


def markdown_table() -> str:
    """The table of the README."""
    lines = ["| verb | syntax | who | does |", "|---|---|---|---|"]
    for each in ROWS:
        cells = (each.verb, f"`{each.syntax}`", each.who.value, plain(each.summary))
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
