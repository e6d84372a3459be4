"""Which function handles which request. Its file is imported when somebody first asks for it.

Most commands are rare, and what is never asked for takes no memory and no time at the start (decision 38).
"""

from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module
from typing import Any

from bot.core.command import requests
from bot.work.commands.context import Answer, CommandContext, Services

Handler = Callable[[Services, CommandContext, Any], Awaitable[Answer]]

HANDLERS: Mapping[type, str] = {  # "module:function", in this folder
    requests.Help: "meta:help_",
    requests.Trigger: "starting:trigger",
    requests.Rerun: "bulk:rerun",
    requests.Backfill: "backfilling:start",
    requests.Backfills: "backfilling:control",
    requests.Preview: "previewing:preview",
    requests.Cancel: "scheduling:cancel",
    requests.Enable: "scheduling:enable",
    requests.Disable: "scheduling:disable",
    requests.Runbook: "runbooks:runbook",
    requests.Retry: "retrying:retry",
    requests.Unretry: "retrying:unretry",
    requests.Expect: "expecting:expect",
    requests.Incidents: "incidents:incidents",
    requests.Failed: "reading:failed",
    requests.Runs: "reading:runs",
    requests.Show: "reading:show",
    requests.Find: "finding:find",
    requests.Mine: "finding:mine",
    requests.ShowGraph: "graphs:graph",
    requests.Stats: "stats:stats",
    requests.Log: "logs:log",
    requests.Ack: "bulk:ack",
    requests.Board: "bulk:board",
    requests.Unack: "incidents:unack",
    requests.Take: "handovers:take",
    requests.Assign: "handovers:assign",
    requests.Handover: "handovers:handover",
    requests.Ask: "asking:ask",
    requests.Accept: "handovers:accept",
    requests.Decline: "handovers:decline",
    requests.Withdraw: "handovers:withdraw",
    requests.Close: "incidents:close",
    requests.Reopen: "incidents:reopen",
    requests.Thread: "incidents:thread",
    requests.Snooze: "snoozing:snooze",
    requests.Unsnooze: "snoozing:unsnooze",
    requests.Snoozes: "snoozing:list_snoozes",
    requests.Watch: "routing:watch",
    requests.Unwatch: "routing:unwatch",
    requests.Watches: "routing:watches",
    requests.Preferences: "routing:prefs",
    requests.Drill: "drill:drill",
    requests.LinkPerson: "people:link",
    requests.Unlink: "people:unlink",
    requests.People: "people:people",
    requests.Whoami: "people:whoami",
    requests.OnCall: "escalation:oncall",
    requests.Audit: "meta:audit",
    requests.Status: "meta:status",
}


class _Imported(dict[type, Handler]):
    """The handlers that somebody asked for."""

    def __missing__(self, request: type) -> Handler:
        """Import the handler of a request."""
        module, _, function = HANDLERS[request].partition(":")
        self[request] = getattr(import_module(f"{__package__}.{module}"), function)
        return self[request]


HANDLER_OF = _Imported()
