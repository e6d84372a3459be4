"""Walks over the pages of a list, and trouble on its page 0."""

import pytest
from aiohttp import web
from enos_gateway import told

from bot.core.flow.model import Search
from bot.enos.errors import ServerError

FAILED = Search(1, 0, 9, (-1, 7))


async def all_of(client, terms=FAILED, **options):
    return [page async for page in client.search(terms, **options)]


def ids(found):
    return [instance.id for page in found for instance in page.rows]


def asked_pages(gateway):
    return [asked.body["pagination"]["pageNo"] for asked in gateway.asked]


async def fail_until_it_lasts(client, clock):
    for _ in range(2):
        with pytest.raises(ServerError):
            await all_of(client)
        clock.forward(60)


TROUBLES = {
    "an unknown code": lambda: told(70001, "system busy"),
    "no right": lambda: told(62103, "User has no privilege."),
    "an inner error": lambda: told(62109, "Internal server exception"),
    "HTTP 500": lambda: web.Response(status=500, text=""),
    "a web page": lambda: web.Response(text="<html>", content_type="text/html"),
}


def trouble_on_0(lists, kind, times):
    left = [times]

    def before(body):
        if body["pagination"]["pageNo"] == 0 and left[0]:
            left[0] -= 1
            return TROUBLES[kind]()
        return None

    lists.before = before
