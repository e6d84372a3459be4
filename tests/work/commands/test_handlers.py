"""The table of handlers: every request has one, and it is the one for that request."""

import inspect
from typing import get_args, get_type_hints

import pytest

from bot.core.command.requests import Preview, Request, Rerun, Trigger
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.handlers import HANDLER_OF, HANDLERS


def test_every_request_has_a_handler():
    assert set(HANDLERS) == {*get_args(Request), Preview}


@pytest.mark.parametrize("request_type", HANDLERS, ids=lambda each: each.__name__)
def test_a_handler_takes_its_request(request_type):
    handler = HANDLER_OF[request_type]
    assert inspect.iscoroutinefunction(handler)
    services, context, request, *_others, answer = get_type_hints(handler).values()
    assert (services, context, answer) == (Services, CommandContext, Answer)
    assert request == (Trigger | Rerun if request_type is Preview else request_type)
