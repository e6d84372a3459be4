"""How Slack's requests come in over HTTP: one signed path, and nothing else is served.

Before anything of a request is read, the signature over its raw bytes is checked, and that it is at most five minutes
old; bolt checks the same again. bolt's body parser takes any form that contains the word ``payload`` for an interactive
request and loses everything else (slack_bolt 1.30.0), so a slash command's form is read here.
"""

import logging
from collections.abc import Mapping
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.async_context import AsyncBoltContext
from slack_bolt.request.async_internals import build_async_context
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier

from bot.ops.rare_log import RareLogFilter
from bot.slack.redacted import library_log

log = logging.getLogger(__name__)
log.addFilter(RareLogFilter())

PATH = "/slack/events"
LONGEST = 1024 * 1024  # bytes of a request
LONGEST_TIME = 20  # digits
OLDEST = 300  # seconds; as bolt and Slack's own pages have it


def events_app(app: AsyncApp, signing_secret: str) -> web.Application:
    """The web application that answers Slack's requests."""
    verifier = SignatureVerifier(signing_secret)

    async def events(request: web.Request) -> web.Response:
        sent = await request.read()
        if why := _signature_problem(verifier, sent, request.headers):
            log.warning("flowbot refused a request: %s", why)
            return web.Response(status=401)
        try:
            asked = bolt_request(sent.decode(), request.headers)  # Slack sends UTF-8, whatever charset is named
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


def _signature_problem(verifier: SignatureVerifier, body: bytes, headers: Mapping[str, str]) -> str:
    """Why a request is not Slack's, in words that repeat nothing of it; empty where it is Slack's.

    bolt checks for itself, and would log a request that it refuses whole: strangers would write the log.
    """
    at, signature = headers.get("X-Slack-Request-Timestamp", ""), headers.get("X-Slack-Signature", "")
    if not at or not signature:
        return "It is not signed."
    if not (at.isascii() and at.isdecimal() and len(at) <= LONGEST_TIME and signature.isascii()):
        return "Its signature cannot be read."
    if abs(verifier.clock.now() - int(at)) > OLDEST:
        return "It was signed more than five minutes ago, or this machine's clock is wrong."
    try:
        right = verifier.is_valid(body, at, signature)
    except UnicodeDecodeError:
        return "It is not text."
    return "" if right else "Its signature is wrong. Check SLACK_SIGNING_SECRET."


def bolt_request(body: str, headers: Mapping[str, str]) -> AsyncBoltRequest:
    """The request for bolt: its raw body untouched for the signature, its form read whole."""
    request = AsyncBoltRequest(body=body, headers={**headers})
    if request.content_type == "application/x-www-form-urlencoded":
        form = dict(parse_qsl(body, keep_blank_values=True))
        if "payload" not in form:
            request.body = form
            request.context = build_async_context(AsyncBoltContext({}), form)
    return request


async def _not_found(request: web.Request) -> web.Response:
    del request
    return web.Response(status=404)
