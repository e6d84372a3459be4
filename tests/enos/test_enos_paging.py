import gc
import json
from datetime import UTC, datetime, timedelta

import pytest
from enos_gateway import html, refused, reset, silent, told
from enos_lists import Lists, row
from enos_searches import FAILED, all_of, asked_pages, ids
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from thorough import examples

from bot.core.errors import Failure, Refusal
from bot.core.flow.model import Search
from bot.enos.calls import Actor
from bot.enos.errors import ServerError
from bot.enos.page_base import PageZeroFailures
from bot.enos.paging import Server, pages
from bot.enos.responses import Reply, judge, open_envelope
from bot.enos.session import ServerCapabilities


async def test_all_pages_are_read_newest_first_until_nothing_is_new(gateway, client, lists):
    lists.instances[1] = [row(n) for n in range(123)]
    found = await all_of(client)
    assert ids(found) == [each["instanceId"] for each in lists.instances[1]]
    assert [(len(page.rows), page.last) for page in found] == [(50, False), (50, False), (23, True)]
    assert {page.sorted_by for page in found} == {"update_time"}
    assert {instance.kind for page in found for instance in page.rows} == {1}
    assert asked_pages(gateway) == [1, 2, 3]
    body = gateway.asked[0].body
    assert body["pagination"] == {
        "pageNo": 1,
        "pageSize": 50,
        "sorters": [{"field": "update_time", "order": "DESC"}],
    }
    assert (body["status"], body["owner"], body["fromTriggerTime"], body["toTriggerTime"]) == ("-1,7", "", 0, 9)


async def test_a_poll_that_stops_after_its_first_page_costs_one_request(gateway, client, lists):
    lists.instances[1] = [row(n) for n in range(500)]
    async for page in client.search(FAILED):
        assert not page.last
        break
    await client.time_zone()
    assert gateway.actions() == ["search", "getTimeZone"]


async def test_from_the_second_page_on_the_next_is_fetched_meanwhile(gateway, client, lists):
    lists.instances[1] = [row(n) for n in range(500)]
    walk = client.search(FAILED)
    await anext(walk)
    for _ in range(3):
        await client.time_zone()
    assert gateway.actions() == ["search", *["getTimeZone"] * 3]
    gateway.asked.clear()
    await anext(walk)
    await gateway.arrived(2)
    assert asked_pages(gateway) == [2, 3]
    await walk.aclose()


async def test_on_a_long_walk_two_pages_are_fetched_meanwhile(gateway, client, lists):
    lists.instances[1] = [row(n) for n in range(1000)]
    walk = client.search(FAILED)
    for _ in range(8):
        await anext(walk)
    await gateway.arrived(10)
    assert asked_pages(gateway) == list(range(1, 11))
    assert len([await anext(walk) for _ in range(12)]) == 12
    await walk.aclose()


async def test_a_short_walk_asks_for_no_page_behind_its_last(gateway, client, lists):
    lists.instances[1] = [row(n) for n in range(330)]
    assert len(ids(await all_of(client))) == 330
    assert asked_pages(gateway) == list(range(1, 8))


@pytest.mark.parametrize("third", ["breaks", "hangs"])
async def test_a_reader_that_stops_leaves_nothing_behind(gateway, client, lists, caplog, third):
    lists.instances[1] = [row(n) for n in range(500)]
    lists.before = lambda body: told(62103, "no") if body["pagination"]["pageNo"] == 3 else None
    walk = client.search(FAILED)
    await anext(walk)
    if third == "hangs":
        lists.before = lambda body: gateway.faults.append(("search", silent))
    await anext(walk)
    await gateway.arrived(3)
    await walk.aclose()
    gateway.release.set()
    await client.close()
    gc.collect()
    assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_a_fault_between_pages_is_survived(gateway, client, lists):
    lists.instances[1] = [row(n) for n in range(120)]
    gateway.faults = [("search", reset), ("search", html())]
    assert len(ids(await all_of(client))) == 120


async def read_into(read, client):
    async for page in client.search(FAILED):
        read.extend(page.rows)


async def test_a_fault_that_lasts_ends_the_read_with_an_outage_after_what_was_read(client, lists):
    lists.instances[1] = [row(n) for n in range(300)]
    lists.before = lambda body: told(62109, "x") if body["pagination"]["pageNo"] == 4 else None
    read = []
    with pytest.raises(ServerError):
        await read_into(read, client)
    assert len(read) == 150


async def test_a_short_page_ends_the_read_once_a_larger_one_was_seen(gateway, client, lists):
    lists.instances = {1: [row(n) for n in range(3)], 2: [row(n) for n in range(50)]}
    assert [page.last for page in await all_of(client)] == [False, True]  # it may hold its pages small
    assert [page.last for page in await all_of(client, Search(2, 0, 9, (-1,)))] == [False, True]
    assert [page.last for page in await all_of(client)] == [True]


async def test_a_count_that_is_a_total_ends_the_read(gateway, client, lists):
    lists.count, lists.most = "total", 7
    lists.instances[1] = [row(n) for n in range(14)]
    assert [page.last for page in await all_of(client)] == [False, True]
    assert asked_pages(gateway) == [1, 2]


async def test_rows_that_move_between_pages_come_once(gateway, client, lists):
    lists.instances[1] = [row(n) for n in range(100)]

    def moves(body):
        if body["pagination"]["pageNo"] == 2:
            lists.instances[1].insert(0, row(900))

    lists.before = moves
    found = ids(await all_of(client))
    assert len(found) == len(set(found))
    assert set(found) >= {row(n)["instanceId"] for n in range(100)}


async def test_a_refusal_that_is_not_about_sorting_is_told_at_once(gateway, client, lists):
    gateway.faults = [("search", refused(62103, "User has no privilege."))]
    with pytest.raises(Refusal) as raised:
        await all_of(client)
    assert raised.value.reason == "no_right"
    assert len(gateway.asked) == 1


async def test_a_search_may_be_made_as_somebody(gateway, client, lists):
    await all_of(client, as_user="u-jane")
    assert gateway.asked[0].query["userId"] == "u-jane"
    assert gateway.asked[0].query["orgId"] == "o15000000000001"


# a law


class Fake:
    """A server without sockets, for many tries."""

    def __init__(self, lists):
        self.lists, self.asked = lists, 0

    async def ask(self, call, *, attempts=4, opener=open_envelope):
        self.asked += 1
        assert self.asked < 1200, "it ends"
        answer = self.lists.search(dict(call.query), json.loads(call.body))
        envelope = opener(answer.body)
        found = judge(call, Reply(answer.status, answer.body), envelope, datetime.now(UTC))
        if isinstance(found, Failure):
            raise found
        return found


HABITS = st.fixed_dictionaries(
    {
        "base": st.sampled_from([0, 1]),
        "below": st.sampled_from(["refuse", "clamp", "empty", "break"]),
        "above": st.sampled_from(["empty", "clamp"]),
        "most": st.sampled_from([1, 7, 20, 50, 1000]),
        "count": st.sampled_from(["page", "total"]),
        "sorts": st.sampled_from([("update_time",), ("updateTime",), ()]),
        "empty_status": st.sampled_from(["all", "none"]),
    }
)


@given(size=st.integers(0, 160), habits=HABITS, statuses=st.sampled_from([(), (-1,)]))
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_whatever_the_habits_of_the_server_every_row_comes_once(clock, size, habits, statuses):
    rows = [row(n) for n in range(size)]
    lists = Lists(instances={1: rows}, **habits)
    fake = Fake(lists)
    server = Server(fake.ask, ServerCapabilities(clock))
    server.page_zero_failures = PageZeroFailures(
        times=9, since=clock() - timedelta(hours=1)
    )  # on page 0, of a server with too few rows to tell
    for _ in range(2):
        found = [page async for page in pages(server, Search(1, 0, 9, statuses), "update_time", Actor("u", "o"))]
        assert ids(found) == [each["instanceId"] for each in rows]
        assert found[-1].last
        assert not any(page.last for page in found[:-1])
