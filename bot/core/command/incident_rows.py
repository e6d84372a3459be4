"""Rows of the table of commands: incidents, who has them and who is called about them."""

from dataclasses import replace

from bot.core.command import common, forms, many, requests, snooze_forms, word_forms
from bot.core.command.clauses import Clause
from bot.core.command.rights import Who
from bot.core.command.row import Family, Row
from bot.core.text.message import msg

_TARGETS_OR_ALL = Clause(("flow", "instance", "bulk"), form=many.TARGETS, in_thread=True)
_FLOW_OR_ALL = Clause(("flow", "scope"), form=snooze_forms.FLOW_OR_ALL, in_thread=True)
_BECAUSE = Clause(("because",), "because", word_forms.NOTE)
_TO_PERSON = Clause(("person",), "to", forms.PERSON, optional=False, loose=True)
_OFFER = Clause(("offer",), form=word_forms.OFFER, optional=False)

ROWS = (
    Row(
        "incidents",
        requests.Incidents,
        Who.LINKED,
        msg("Open incidents: since when, who acknowledged them, and a link to each thread."),
        (Clause(("scope",), form=word_forms.SCOPE), common.OF_FLOW, common.BY_OWNER, common.PAGE),
        ("incidents", "incidents unacked", "incidents by me"),
        family=Family.INCIDENTS,
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
        (common.PAGE, Clause(("storm",), "storm", many.STORM, hidden=True)),
        ("board",),
        family=Family.INCIDENTS,
    ),
    Row(
        "unack",
        requests.Unack,
        Who.RESPONDER,
        msg("Hand an incident back."),
        (common.TARGET,),
        ("unack 2809",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "take",
        requests.Take,
        Who.RESPONDER,
        msg("Take over an incident that somebody else acknowledged. They get a message."),
        (
            common.TARGET,
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
        (common.TARGET, _TO_PERSON),
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
        msg("Accept a request to take incidents."),
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
        msg("Decline a request to take incidents."),
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
        msg("Withdraw your request to take incidents."),
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
        (common.TARGET, Clause(("resolution",), "as", word_forms.RESOLUTION), _BECAUSE),
        ("close 2809 because that day is not needed", "close 2809 as duplicate because 3377 is the cause"),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "reopen",
        requests.Reopen,
        Who.RESPONDER,
        msg("Reopen a closed incident."),
        (common.TARGET,),
        ("reopen 2809",),
        changes=True,
        family=Family.INCIDENTS,
    ),
    Row(
        "thread",
        requests.Thread,
        Who.RESPONDER,
        msg("Open a thread for an incident of an alert storm or of flowbot's first start."),
        (common.TARGET,),
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
            Clause(("duration",), "for", forms.DURATION, loose=True, needed=True),
            Clause(("until",), "until", snooze_forms.UNTIL, needed=True, alternative=True),
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
        (common.PAGE,),
        ("snoozes",),
        family=Family.INCIDENTS,
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
)
