"""How Slack's requests come in over HTTP: one signed path, and nothing else is served.

bolt checks the signature over the raw bytes and that the request is no older than five minutes. Its body
parser takes any form that contains the word ``payload`` for an interactive request and loses everything else
(slack_bolt 1.30.0), so a slash command's form is read here.
"""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_internals import build_async_context
from slack_bolt.request.async_request import AsyncBoltRequest

from bot.slack.redacted import library_log

PATH = "/slack/events"
LONGEST = 1024 * 1024  # bytes of a request
LONGEST_TIME = 20  # digits


def events_app(app: AsyncApp) -> web.Application:
    """Return the web application that answers Slack's requests."""

    async def events(request: web.Request) -> web.Response:
        if not _can_be_checked(request.headers):
            return web.Response(status=401)
        try:
            body = (await request.read()).decode()  # Slack sends UTF-8, whatever charset a stranger names
            asked = bolt_request(body, request.headers)
        except (ValueError, AttributeError, TypeError, KeyError, RecursionError):  # no JSON, or of another shape
            return web.Response(status=400)
        try:
            return await to_aiohttp_response(await app.async_dispatch(asked))
        except Exception:  # noqa: BLE001  bolt reads nested keys that a payload may lack
            library_log().exception("bolt could not read a request")
            return web.Response(status=200)

    served = web.Application(client_max_size=LONGEST)
    served.router.add_post(PATH, events)
    served.router.add_route("*", "/{anything:.*}", _not_found)
    return served


def bolt_request(body: str, headers: Mapping[str, str]) -> AsyncBoltRequest:
    """Return bolt's request: its raw body untouched for the signature, its form read whole."""
    request = AsyncBoltRequest(body=body, headers={**headers})
    if request.content_type == "application/x-www-form-urlencoded":
        form = dict(parse_qsl(body, keep_blank_values=True))
        if "payload" not in form:
            request.body = form
            request.context = build_async_context(AsyncBoltContext({}), form)
    return request


def _can_be_checked(headers: Mapping[str, str]) -> bool:
    """Whether bolt's own check can read the time and the signature: it fails on others instead of refusing them."""
    at = headers.get("X-Slack-Request-Timestamp", "0")
    return at.isdecimal() and len(at) <= LONGEST_TIME and headers.get("X-Slack-Signature", "").isascii()


async def _not_found(request: web.Request) -> web.Response:
    del request
    return web.Response(status=404)
