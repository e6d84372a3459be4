"""The one table of commands. Parser, help, README, usage hint and permissions read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import Enum
from itertools import chain

from bot.core.command import chinese, clauses, requests, snooze_clauses
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
    hidden: bool = False  # buttons say it; help, README and suggestions do not show it
    apart: bool = False  # each person's press of one button counts, not only the first of all
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
        forms = (each.form.words_zh for each in self.clauses if each.form)
        return frozenset(chain([chinese.THANKS], *forms, *(each.words_zh for each in self.clauses)))

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
        shown = [self.word_in(language)]
        for each in self.clauses:
            if each.alternative:
                shown[-1] += f"|{each.syntax_in(language)}"
            elif not each.hidden:
                shown.append(each.syntax_in(language))
        return " ".join(shown)

    def brief_in(self, language: str) -> str:
        """The verb with the first thing that it is about, in a language: "trigger FLOW"."""
        form = self.clauses[0].form if self.clauses and self.clauses[0].fields[0] in _TARGETS else None
        about = (form.placeholder_in(language).partition("|")[0],) if form else ()
        return " ".join((self.word_in(language), *about))

    def who_may(self, request: Request) -> Who:
        """Who may use the verb for this request: what is about all flows is the flowbot admins'."""
        return Who.ADMIN if getattr(request, "scope", "") == requests.ALL else self.who

    @property
    def in_thread(self) -> bool:
        """Whether its flow or run may be left out in an incident's thread."""
        return any(each.in_thread for each in self.clauses)


_TARGETS = {"flow", "instance", "person"}  # fields of a request
_PAGE = Clause(("page",), "page", clauses.COUNT, hidden=True)
_CONFIRMED = Clause(("confirmed",), "confirmed", hidden=True)
_FLOW = Clause(("flow",), form=clauses.FLOW, in_thread=True)
_RUN = Clause(("instance",), form=clauses.RUN, in_thread=True)
_TARGET = Clause(("flow", "instance"), form=clauses.TARGET, in_thread=True)
_PERIOD = Clause(("period",), form=clauses.PERIOD)
_OF_FLOW = Clause(("flow",), "of", clauses.FLOW)
_BY_OWNER = Clause(("owner",), "by", clauses.OWNER, loose=True)
_FROM = Clause(("task",), "from", clauses.TASK)
_FLOW_OR_ALL = Clause(("flow", "scope"), form=snooze_clauses.FLOW_OR_ALL, in_thread=True)
_BECAUSE = Clause(("because",), "because", clauses.NOTE)
_PERSON = Clause(("person",), form=clauses.PERSON, optional=False)
_TO_PERSON = Clause(("person",), "to", clauses.PERSON, optional=False, loose=True)
_OFFER = Clause(("offer",), form=clauses.OFFER, optional=False)

ROWS = (
    Row(
        "help",
        requests.Help,
        Who.ANYONE,
        msg("What you can do, or one command in full."),
        (Clause(("topic",), form=clauses.VERB),),
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
        msg("Rerun a run from its failed task, for the same data date."),
        (_RUN, _FROM),
        ("rerun 2809-20190812080700", "rerun 2809-20190812080700 from 104890"),
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
        (Clause(("scope",), form=clauses.SCOPE), _OF_FLOW, _BY_OWNER, _PAGE),
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
        (_PERIOD, Clause(("statuses",), form=clauses.STATUSES, repeats=True), _OF_FLOW, _BY_OWNER, _PAGE),
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
        msg("Acknowledge an incident, for 4 hours or as long as you say."),
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
        msg("Hand an incident back."),
        (_TARGET,),
        ("unack 2809",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "take",
        requests.Take,
        Who.RESPONDER,
        msg("Take over an incident that somebody else acknowledged. They are told."),
        (
            _TARGET,
            Clause(("duration",), "for", clauses.DURATION, loose=True),
            Clause(("holder",), "from", clauses.PERSON, hidden=True),
        ),
        ("take 2809", "take 2809 for 2h"),
        changes=True,
        apart=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "assign",
        requests.Assign,
        Who.RESPONDER,
        msg("Ask somebody to take an incident. It moves when they accept."),
        (_TARGET, _TO_PERSON),
        ("assign 2809 to @jane",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "handover",
        requests.Handover,
        Who.ANYONE,  # who has nothing to hand over is told so; who is not on call any more may still have something
        msg("Ask somebody to take everything you acknowledged, for example at the end of your shift."),
        (_TO_PERSON,),
        ("handover to @jane",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "accept",
        requests.Accept,
        Who.RESPONDER,
        msg("Take what you were asked to take."),
        (_OFFER,),
        ("accept 0123456789abcdef",),
        changes=True,
        hidden=True,
        apart=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "decline",
        requests.Decline,
        Who.ANYONE,
        msg("Do not take what you were asked to take."),
        (_OFFER,),
        ("decline 0123456789abcdef",),
        changes=True,
        hidden=True,
        apart=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "withdraw",
        requests.Withdraw,
        Who.ANYONE,
        msg("Stop asking somebody to take an incident."),
        (_OFFER,),
        ("withdraw 0123456789abcdef",),
        changes=True,
        hidden=True,
        apart=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "close",
        requests.Close,
        Who.RESPONDER,
        msg("Close an incident that will not recover by itself. Add a reason."),
        (_TARGET, Clause(("resolution",), "as", clauses.RESOLUTION), _BECAUSE),
        ("close 2809 because that day is not needed", "close 2809 as duplicate because 3377 is the cause"),
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
        "snooze",
        requests.Snooze,
        Who.RESPONDER,
        msg(
            "Snooze a flow: nobody is mentioned or reminded for a while, at most 30 days. Needs a reason. "
            "`snooze all` is for flowbot admins."
        ),
        (
            _FLOW_OR_ALL,
            Clause(("duration",), "for", clauses.DURATION, loose=True, needed=True),
            Clause(("until",), "until", snooze_clauses.UNTIL, needed=True, alternative=True),
            replace(_BECAUSE, needed=True),
        ),
        (
            "snooze 2809 for 2h because the source is being repaired",
            "snooze 2809 until tomorrow 08:00 because of TICKET-17",
            "snooze 2809 until success because the fix runs tonight",
        ),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "unsnooze",
        requests.Unsnooze,
        Who.RESPONDER,
        msg("End a snooze before its time."),
        (_FLOW_OR_ALL,),
        ("unsnooze 2809",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "snoozes",
        requests.Snoozes,
        Who.LINKED,
        msg("What is snoozed, until when, by whom and why."),
        (_PAGE,),
        ("snoozes",),
        family=Family.INCIDENTS,
    ),
    Row(
        "link",
        requests.LinkPerson,
        Who.ADMIN,
        msg("Link a person to an EnOS user."),
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
        (_PERIOD, Clause(("person",), form=clauses.PERSON), _PAGE),
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
