"""The measure of a sweep: the same POSTs in sequence through httpx, and ``json.loads``; graphs stay unparsed."""

import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from bot.core.flow.model import KINDS, Search
from bot.enos import calls
from bot.enos.calls import Actor

KEYS = (
    "a1b2c3d4-e5f6-4a7b-8c9d-0e1f2a3b4c5d",
    "f0e1d2c3-b4a5-4968-8776-655443322110",
    "o15000000000001",
    "u15432100000000001",
)
SWEPT = (-1, 7, 0, 2, 5, 6, 8, 10)  # what alerts and what has not ended, as a sweep asks
PAGE = 50


async def plain_loop(url: str, keep: Callable[[list[dict[str, Any]]], None] | None = None) -> tuple[float, int]:
    """The seconds it takes, and the number of rows read; ``keep`` is given the rows of each page."""
    key, secret, org, user = KEYS
    now = int(time.time() * 1000)
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        stamp = now + 7
        answer = await client.post(
            "/apim-token-service/v2.0/token/get",
            json={"appKey": key, "encryption": calls.encryption(key, stamp, secret), "timestamp": stamp},
        )
        token = answer.json()["data"]["accessToken"]
        started, count = time.monotonic(), 0
        for kind in KINDS:
            terms = Search(kind=kind, since=now - 72 * 3_600_000, until=now + 86_400_000, statuses=SWEPT)
            number = 1
            while True:
                call = calls.search_instances(terms, number, "update_time", Actor(user, org))
                body = call.body or b""
                moment = int(time.time() * 1000)
                headers = {
                    "apim-accesstoken": token,
                    "apim-timestamp": str(moment),
                    "apim-signature": calls.signature(token, call.query, body, moment, secret),
                    "content-type": "application/json;charset=UTF-8",
                }
                page = await client.post(call.path, params=dict(call.query), content=body, headers=headers)
                rows = json.loads(page.content)["data"]["flowInsts"]
                count += len(rows)
                if keep:
                    keep(rows)
                if len(rows) < PAGE:
                    break
                number += 1
        return time.monotonic() - started, count


def keeper(path: Path) -> Callable[[list[dict[str, Any]]], None]:
    """What writes the rows of a page, and no more: one table, one transaction that reaches the disk."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous = full")
    database.execute("PRAGMA journal_mode = truncate")
    database.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, status INTEGER, end_time TEXT) WITHOUT ROWID")

    def keep(rows: list[dict[str, Any]]) -> None:
        values = [(row["instanceId"], row["status"], row["endTime"]) for row in rows]
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", values)
        database.execute("COMMIT")

    return keep
