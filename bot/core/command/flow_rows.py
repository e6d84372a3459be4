"""Rows of the table of commands: flows and their runs."""

from dataclasses import replace

from bot.core.command import backfill_forms, common, expect_forms, forms, many, requests, routing_forms, word_forms
from bot.core.command.clauses import Clause
from bot.core.command.rights import Who
from bot.core.command.row import Family, Row
from bot.core.command.spelling import DRY_RUN
from bot.core.text.message import msg

_CONFIRMED = Clause(("confirmed",), "confirmed", hidden=True)
_FLOW = Clause(("flow",), form=forms.FLOW, in_thread=True)
_RUN = Clause(("instance",), form=forms.RUN, in_thread=True)
_RUNS_OR_ALL = Clause(("instance", "bulk"), form=many.RUNS, in_thread=True)
_FROM = Clause(("task",), "from", forms.TASK)
_DRY_RUN = Clause(("dry_run",), DRY_RUN)
_SEEN = Clause(("seen",), "seen", many.SEEN, hidden=True)

ROWS = (
    Row(
        "trigger",
        requests.Trigger,
        Who.OWNER,
        msg("Start a run: the whole flow, from a task, for another time, or once with changed parameters."),
        (
            Clause(("flow",), form=forms.FLOW, optional=False),
            _FROM,
            Clause(("when",), "at", forms.WHEN, loose=True),
            Clause(("parameters",), "with", word_forms.PAIRS),
            _DRY_RUN,
            _CONFIRMED,
            _SEEN,
        ),
        (
            "trigger 3377",
            "trigger 3377 from 108580",
            "trigger 3377 at tomorrow 02:00",
            'trigger 3377 with path=/data/2026 note="second try"',
            "trigger 3377 dry-run",
        ),
        changes=True,
        needs=(("flow",),),
        family=Family.RUNS,
    ),
    Row(
        "rerun",
        requests.Rerun,
        Who.OWNER,
        msg("Rerun a run from its failed task, for the same data date."),
        (
            _RUNS_OR_ALL,
            _FROM,
            _DRY_RUN,
            Clause(("storm",), "storm", many.STORM, hidden=True),
            _CONFIRMED,
            _SEEN,
        ),
        ("rerun 2809-20190812080700", "rerun 2809-20190812080700 from 104890", "rerun all mine"),
        changes=True,
        family=Family.RUNS,
    ),
    Row(
        "backfill",
        requests.Backfill,
        Who.OWNER,
        msg("Start a run for each trigger time between two dates, one after the other. Asks first."),
        (
            _FLOW,
            Clause(("begin",), "from", backfill_forms.DATE, needed=True),
            Clause(("end",), "to", backfill_forms.DATE, needed=True),
            Clause(("every",), "every", backfill_forms.EVERY, loose=True),
            Clause(("task",), "task", forms.TASK),
            _DRY_RUN,
            Clause(("again",), "again", routing_forms.NUMBER, hidden=True),
            _CONFIRMED,
            Clause(("seen",), "seen", backfill_forms.DIGEST, hidden=True),
        ),
        (
            "backfill 3377 from 2026-11-01 to 2026-11-30",
            "backfill 3377 from 2026-11-01 to yesterday every day task 108580",
            "backfill 3377 from 2026-11-01 to 2026-11-30 dry-run",
        ),
        changes=True,
        family=Family.RUNS,
    ),
    Row(
        "backfills",
        requests.Backfills,
        Who.OWNER,
        msg("Pause, stop or continue a backfill."),
        (
            Clause(("act",), form=backfill_forms.ACT, optional=False),
            Clause(("number",), form=routing_forms.NUMBER, optional=False),
            Clause(("turn",), "turn", routing_forms.NUMBER, hidden=True),
        ),
        ("backfills pause 12", "backfills resume 12", "backfills stop 12"),
        changes=True,
        hidden=True,
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
        "runbook",
        requests.Runbook,
        Who.OWNER,
        msg("Put a line on the cards of a flow: what to do when it breaks, or a link to it."),
        (replace(_FLOW, in_thread=False, optional=False), Clause(("text",), form=word_forms.RUNBOOK, optional=False)),
        (
            "runbook 3377 https://wiki.example.com/runbooks/daily-energy-report",
            "runbook 3377 call the grid team before a rerun",
            "runbook 3377 off",
        ),
        changes=True,
        family=Family.FLOWS,
    ),
    Row(
        "retry",
        requests.Retry,
        Who.OWNER,
        msg("Rerun a flow once, as you, when its first error line contains a text. `off` ends that rule."),
        (
            _FLOW,
            Clause(("text",), "on", word_forms.ERROR_TEXT, needed=True),
            Clause(("wait",), "after", forms.DURATION),
            Clause(("off",), "off", needed=True, alternative=True),
        ),
        ('retry 3377 on "Connection reset"', 'retry 3377 on "Connection reset" after 10m', "retry 3377 off"),
        changes=True,
        family=Family.FLOWS,
    ),
    Row(
        "unretry",
        requests.Unretry,
        Who.RESPONDER,
        msg("Stop a retry that waits. The rule stays."),
        (_FLOW,),
        ("unretry 3377",),
        changes=True,
        family=Family.FLOWS,
    ),
    Row(
        "expect",
        requests.Expect,
        Who.OWNER,
        msg(
            "Promise by when a flow is done, in your time zone: flowbot says when that can't be kept. "
            "`off`: never say that it is late. `auto`: by what flowbot learned."
        ),
        (
            _FLOW,
            Clause(("by",), "by", expect_forms.BY, needed=True, loose=True),
            Clause(("days",), form=expect_forms.DAYS, loose=True),
            Clause(("mode",), form=expect_forms.MODE, loose=True, needed=True, alternative=True),
        ),
        ("expect 3377 by 06:00", "expect 3377 by 06:00 mon-fri", "expect 3377 off"),
        changes=True,
        family=Family.FLOWS,
    ),
    Row(
        "failed",
        requests.Failed,
        Who.LINKED,
        msg("What failed in a period. Without a period: today."),
        (common.PERIOD, common.OF_FLOW, common.BY_OWNER, common.PAGE),
        ("failed", "failed yesterday by me", "failed 2026-11-01..2026-11-07 of 3377"),
        family=Family.RUNS,
    ),
    Row(
        "runs",
        requests.Runs,
        Who.LINKED,
        msg("Runs with any status, by trigger time. Without a period: today."),
        (
            common.PERIOD,
            Clause(("statuses",), form=word_forms.STATUSES, repeats=True),
            common.OF_FLOW,
            common.BY_OWNER,
            common.PAGE,
        ),
        ("runs of 3377", "runs last 3h running", "runs this week fail timeout"),
        family=Family.RUNS,
    ),
    Row(
        "show",
        requests.Show,
        Who.LINKED,
        msg("A flow with its owners, schedule and tasks, or a run with its tasks and times."),
        (common.TARGET,),
        ("show 3377", 'show "daily energy report"', "show 2809-20190812080700"),
        family=Family.FLOWS,
    ),
    Row(
        "find",
        requests.Find,
        Who.LINKED,
        msg("Flows by name, ID, owner or task, each with its last run. Of tasks I know those that have failed."),
        (common.PAGE, Clause(("text",), form=word_forms.SEARCHED, optional=False)),
        ("find daily", "find jane.doe"),
        aliases=("search",),
        family=Family.FLOWS,
    ),
    Row(
        "mine",
        requests.Mine,
        Who.LINKED,
        msg("Your flows with their last run and the next one, those that are broken first."),
        (common.PAGE,),
        ("mine",),
        family=Family.FLOWS,
    ),
    Row(
        "graph",
        requests.ShowGraph,
        Who.LINKED,
        msg("The task graph of a flow or a run, as a picture."),
        (common.TARGET,),
        ("graph 3377", "graph 2809-20190812080700"),
        hidden=True,
        family=Family.FLOWS,
    ),
    Row(
        "stats",
        requests.Stats,
        Who.LINKED,
        msg("How much failed, how fast it was acknowledged and recovered, and how it ended. Without a period: 7 days."),
        (common.PERIOD, common.OF_FLOW),
        ("stats", "stats this week", "stats 2026-11-01..2026-11-30 of 3377"),
        family=Family.RUNS,
    ),
    Row(
        "log",
        requests.Log,
        Who.LINKED,
        msg("The end of a run's log, only visible to you. A long one comes as a file."),
        (
            _RUN,
            Clause(("task",), "of", forms.TASK),
            Clause(("tail",), "tail", word_forms.LINES),
            Clause(("here",), "here", hidden=True),
        ),
        ("log 2809-20190812080700", "log 2809-20190812080700 of 104890 tail 50"),
        family=Family.RUNS,
    ),
)
