"""Which function handles which request."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from bot.core.command import requests
from bot.work.commands import (
    bulk,
    drill,
    escalation,
    graphs,
    handovers,
    incidents,
    logs,
    meta,
    people,
    reading,
    retrying,
    routing,
    runbooks,
    scheduling,
    snoozing,
    starting,
    stats,
)
from bot.work.commands.context import Answer, CommandContext, Services

Handler = Callable[[Services, CommandContext, Any], Awaitable[Answer]]

HANDLERS: Mapping[type, Handler] = {
    requests.Help: meta.help_,
    requests.Trigger: starting.trigger,
    requests.Rerun: bulk.rerun,
    requests.Cancel: scheduling.cancel,
    requests.Enable: scheduling.enable,
    requests.Disable: scheduling.disable,
    requests.Runbook: runbooks.runbook,
    requests.Retry: retrying.retry,
    requests.Unretry: retrying.unretry,
    requests.Incidents: incidents.incidents,
    requests.Failed: reading.failed,
    requests.Runs: reading.runs,
    requests.Show: reading.show,
    requests.ShowGraph: graphs.graph,
    requests.Stats: stats.stats,
    requests.Log: logs.log,
    requests.Ack: bulk.ack,
    requests.Board: bulk.board,
    requests.Unack: incidents.unack,
    requests.Take: handovers.take,
    requests.Assign: handovers.assign,
    requests.Handover: handovers.handover,
    requests.Accept: handovers.accept,
    requests.Decline: handovers.decline,
    requests.Withdraw: handovers.withdraw,
    requests.Close: incidents.close,
    requests.Reopen: incidents.reopen,
    requests.Thread: incidents.thread,
    requests.Snooze: snoozing.snooze,
    requests.Unsnooze: snoozing.unsnooze,
    requests.Snoozes: snoozing.list_snoozes,
    requests.Watch: routing.watch,
    requests.Unwatch: routing.unwatch,
    requests.Watches: routing.watches,
    requests.Preferences: routing.prefs,
    requests.Drill: drill.drill,
    requests.LinkPerson: people.link,
    requests.Unlink: people.unlink,
    requests.People: people.people,
    requests.Whoami: people.whoami,
    requests.OnCall: escalation.oncall,
    requests.Audit: meta.audit,
    requests.Status: meta.status,
}
