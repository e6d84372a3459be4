"""The one table of commands. Parser, help, README, usage hint and permissions read it."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from bot.core.command import chinese, forms, many, requests, routing_forms
from bot.core.command.clauses import Clause
from bot.core.command.requests import Request
from bot.core.command.rights import Who
from bot.core.command.row import Family, Row
from bot.core.text.message import msg, plain

HINT_LIMIT = 1000  # characters. Source: Slack's manifest schema, slash_commands.usage_hint


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
_TO_PERSON = Clause(("person",), "to", forms.PERSON, optional=False, loose=True)
_OFFER = Clause(("offer",), form=forms.OFFER, optional=False)
_FILTERS = (
    _OF_FLOW,
    _BY_OWNER,
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
        "take",
        requests.Take,
        Who.RESPONDER,
        msg("Take over an incident that somebody else acknowledged. They are told."),
        (
            _TARGET,
            Clause(("duration",), "for", forms.DURATION, loose=True),
            Clause(("holder",), "from", forms.PERSON, hidden=True),
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
        (_TARGET, Clause(("resolution",), "as", forms.RESOLUTION), _BECAUSE),
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
        (_PAGE,),
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
        "oncall",
        requests.OnCall,
        Who.ANYONE,
        msg("Who is on call: each group's members, their local time, and whether they are active in Slack."),
        (),
        ("oncall",),
        family=Family.INCIDENTS,
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
