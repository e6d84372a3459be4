import contextlib
import gc
import json
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from enos_gateway import broken, html, refused, reset, silent, told
from enos_lists import Lists, row
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core.errors import Failure, Outage, Refused
from bot.core.flows import Search
from bot.enos.calls import By
from bot.enos.envelope import Reply, open_envelope
from bot.enos.errors import Broken
from bot.enos.learned import Learned
from bot.enos.page_base import Breaks
from bot.enos.paging import Server, pages
from bot.enos.verdicts import judge

FAILED = Search(1, 0, 9, (-1, 7))


async def all_of(client, terms=FAILED, **options):
    return [page async for page in client.search(terms, **options)]


def ids(found):
    return [instance.id for page in found for instance in page.rows]


def asked_pages(gateway):
    return [asked.body["pagination"]["pageNo"] for asked in gateway.asked]


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
    with pytest.raises(Broken):
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
    with pytest.raises(Refused) as raised:
        await all_of(client)
    assert raised.value.reason == "no_right"
    assert len(gateway.asked) == 1


async def test_a_search_may_be_made_as_somebody(gateway, client, lists):
    await all_of(client, as_user="u-jane")
    assert gateway.asked[0].query["userId"] == "u-jane"
    assert gateway.asked[0].query["orgId"] == "o15000000000001"


# the base of page numbers


async def told_until_it_is_a_habit(client, clock):
    for _ in range(2):
        with pytest.raises(Broken):
            await all_of(client)
        clock.forward(60)


@pytest.mark.parametrize("size", [0, 1, 7, 50, 51, 120])
@pytest.mark.parametrize("above", ["empty", "clamp"])
@pytest.mark.parametrize(("base", "below"), [(0, "refuse"), (1, "refuse"), (1, "clamp"), (1, "empty"), (1, "break")])
async def test_the_base_is_found_out_whatever_it_is(gateway, client_of, lists, clock, base, below, above, size):
    client = client_of(page_base="auto")
    lists.base, lists.below, lists.above = base, below, above
    lists.instances[1] = [row(n) for n in range(size)]
    if below == "break" and size < 2:  # too few rows to tell what may stand on page 0
        await told_until_it_is_a_habit(client, clock)
    assert ids(await all_of(client)) == [each["instanceId"] for each in lists.instances[1]]
    if size > 1:  # of one row nobody can tell whether it was clamped
        assert client.learned["page_base"] == str(base)
    before = len(gateway.asked)
    assert len(ids(await all_of(client))) == size
    if size == 120:
        assert asked_pages(gateway)[before:] == [base, base + 1, base + 2], "asked once, then known"


async def test_a_base_that_is_set_is_not_asked_for(gateway, client_of, lists):
    lists.base = 0
    lists.instances[1] = [row(1)]
    assert len(ids(await all_of(client_of(page_base="0")))) == 1
    assert asked_pages(gateway) == [0, 1]


async def test_an_empty_list_teaches_nothing_and_hides_nothing(gateway, client_of, lists):
    client = client_of(page_base="auto")
    lists.base, lists.below = 1, "empty"
    found = await all_of(client)
    assert ids(found) == []
    assert found[-1].last
    assert "page_base" not in client.learned
    lists.base = 0
    lists.instances[1] = [row(1)]
    assert len(ids(await all_of(client))) == 1


@pytest.mark.parametrize(("base", "below"), [(1, "clamp"), (0, "refuse")])
async def test_a_row_that_comes_while_the_base_is_asked_for_misleads_nobody(client_of, lists, base, below):
    client = client_of(page_base="auto")
    lists.base, lists.below = base, below

    def comes(body):
        if body["pagination"]["pageNo"] == 0:
            lists.instances[1] = [row(1)]

    lists.before = comes
    assert len(ids(await all_of(client))) == 1
    assert client.learned.get("page_base") in (None, str(base))
    assert len(ids(await all_of(client))) == 1


async def test_while_the_base_cannot_be_told_both_pages_are_shown(client_of, lists):
    client = client_of(page_base="auto")
    client._server.largest = 50
    lists.below = "clamp"
    numbers = iter(range(100))
    lists.before = lambda body: lists.instances.update({1: [row(next(numbers))]})  # another row each time
    assert ids(await all_of(client)) == [row(1)["instanceId"], row(0)["instanceId"]]
    assert "page_base" not in client.learned


@pytest.mark.parametrize(("base", "below"), [(0, "refuse"), (1, "refuse"), (1, "clamp"), (1, "empty"), (1, "break")])
async def test_a_platform_without_failures_costs_one_request_per_search(gateway, client_of, lists, base, below):
    client = client_of(page_base="auto")
    lists.base, lists.below = base, below
    lists.instances[0] = [row(n, status=1) for n in range(30)]
    assert ids(await all_of(client)) == []
    assert client.learned["page_base"] == str(base)
    before = len(gateway.asked)
    for kind in (0, 1, 2):
        assert ids(await all_of(client, Search(kind, 0, 9, (-1, 7)))) == []
    assert len(gateway.asked) == before + 3


async def test_a_platform_without_instances_is_not_looked_at_widely_each_time(gateway, client_of, lists):
    client = client_of(page_base="auto")
    lists.below = "empty"
    await all_of(client)
    before = len(gateway.asked)
    await all_of(client)
    assert len(gateway.asked) == before + 2


async def test_what_was_remembered_is_checked_once_and_after_a_day(gateway, client_of, lists, clock):
    told = []
    client = client_of(
        page_base="auto", remembered={"page_base": "1"}, on_learned=lambda name, value: told.append((name, value))
    )
    lists.base = 0
    lists.instances[1] = [row(n) for n in range(3)]
    assert len(ids(await all_of(client))) == 3
    assert ("page_base", "0") in told
    told.clear()
    lists.base = 1  # an upgrade
    clock.forward(86_401)
    gateway.expire_tokens()
    assert len(ids(await all_of(client))) == 3
    assert told == [("page_base", "1")]


async def test_an_outage_while_the_base_is_asked_for_teaches_nothing(gateway, client_of, lists):
    client = client_of(page_base="auto")
    lists.instances[1] = [row(1)]

    def breaks(body):
        if body["pagination"]["pageNo"] == 0:
            gateway.faults.extend([("search", broken())] * 9)

    lists.before = breaks
    lists.below = "break"
    with pytest.raises(Outage):
        await all_of(client)
    assert "page_base" not in client.learned


# trouble on page 0 says nothing of the base


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


@pytest.mark.parametrize("kind", TROUBLES)
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("size", [0, 1, 2, 10, 50, 51, 120])
async def test_trouble_on_page_0_that_passes_hides_no_row(client_of, lists, clock, kind, times, size):
    client = client_of(page_base="auto")
    lists.base = 0
    lists.instances[1] = [row(n) for n in range(size)]
    trouble_on_0(lists, kind, times)
    read = []
    for _ in range(3):
        with contextlib.suppress(Failure):
            read.append(ids(await all_of(client)))
    assert read
    assert all(found == [row(n)["instanceId"] for n in range(size)] for found in read)
    assert client.learned.get("page_base", "0") == "0"


async def test_trouble_on_page_0_while_nothing_failed_hides_no_later_failure(client_of, lists):
    client = client_of(page_base="auto")
    lists.base = 0
    lists.instances[1] = [row(n, status=1) for n in range(60)]
    trouble_on_0(lists, "an unknown code", 1)
    with contextlib.suppress(Failure):
        assert ids(await all_of(client)) == []
    lists.instances[1][7] = row(7)
    assert ids(await all_of(client)) == [row(7)["instanceId"]]


@pytest.mark.parametrize("kind", TROUBLES)
@pytest.mark.parametrize("size", [2, 50, 120])
async def test_trouble_on_page_0_that_lasts_is_told_as_long_as_it_lasts(client_of, lists, clock, kind, size):
    client = client_of(page_base="auto")
    lists.base = 0
    lists.instances[1] = [row(n) for n in range(size)]
    trouble_on_0(lists, kind, 1000)
    for _ in range(5):
        with pytest.raises(Failure):
            await all_of(client)
        clock.forward(120)


async def test_what_was_found_out_beside_trouble_is_asked_again_soon(gateway, client_of, lists, clock):
    client = client_of(page_base="auto")
    lists.below = "break"
    lists.instances[1] = [row(n) for n in range(60)]
    assert len(ids(await all_of(client))) == 60
    lists.base = 0
    clock.forward(301)
    assert len(ids(await all_of(client))) == 60
    assert client.learned["page_base"] == "0"


async def test_a_habit_of_breaking_is_never_remembered(gateway, client_of, lists, clock):
    client = client_of(page_base="auto")
    lists.below = "break"
    lists.instances[1] = [row(1)]
    await told_until_it_is_a_habit(client, clock)
    assert len(ids(await all_of(client))) == 1
    assert "page_base" not in client.learned
    lists.base = 0
    lists.instances[1] = [row(2)]
    assert ids(await all_of(client)) == [row(2)["instanceId"]]


async def test_a_page_0_that_was_answered_meanwhile_is_no_habit_of_breaking(client_of, lists, clock):
    client = client_of(page_base="auto")
    lists.below = "break"
    await told_until_it_is_a_habit(client, clock)
    lists.below = "empty"
    assert ids(await all_of(client)) == []
    lists.below = "break"
    with pytest.raises(Broken):
        await all_of(client)


async def test_while_the_wider_look_fails_too_nothing_is_a_habit(client_of, lists, clock):
    client = client_of(page_base="auto")
    lists.below = "break"
    lists.before = lambda body: told(70001, "busy") if body["status"] != "-1,7" else None
    for _ in range(4):
        client._server.looked_at -= 61
        with pytest.raises(Broken):
            await all_of(client)
        clock.forward(60)


# a server that is upgraded


@pytest.mark.parametrize("below", ["refuse"])
@pytest.mark.parametrize("size", [0, 1, 60])
async def test_a_first_page_that_is_refused_is_sought_anew_at_once(client_of, lists, size, below):
    client = client_of(page_base="auto")
    lists.base = 0
    lists.instances = {1: [row(n) for n in range(size)], 0: [row(n, status=1) for n in range(900, 910)]}
    assert len(ids(await all_of(client))) == size
    assert client.learned["page_base"] == "0"
    lists.base, lists.below = 1, below
    assert len(ids(await all_of(client))) == size
    assert client.learned["page_base"] == "1"


async def test_a_page_1_that_is_refused_is_sought_anew_at_once(client_of, lists):
    client = client_of(page_base="auto")
    lists.instances[1] = [row(n) for n in range(60)]
    assert len(ids(await all_of(client))) == 60
    lists.base, lists.below, lists.most = 0, "refuse", 1000
    lists.instances[1] = [row(n) for n in range(3)]
    lists.before = lambda body: (
        told(62102, "no such page")
        if body["pagination"]["pageNo"] * body["pagination"]["pageSize"] >= len(lists.instances[1])
        else None
    )
    assert len(ids(await all_of(client))) == 3
    assert client.learned["page_base"] == "0"


async def test_a_page_1_that_is_refused_once_teaches_nothing(client_of, lists):
    client = client_of(page_base="auto")
    lists.below = "clamp"
    lists.instances[1] = [row(n) for n in range(120)]
    refusals = [told(62102, "Invalid request body.")]
    lists.before = lambda body: refusals.pop() if refusals else None
    with pytest.raises(Refused):
        await all_of(client)
    assert len(ids(await all_of(client))) == 120


async def test_a_request_that_is_refused_whatever_its_page_is_told(gateway, client_of, lists):
    client = client_of(page_base="auto")
    lists.instances[1] = [row(n) for n in range(60)]
    await all_of(client)
    lists.before = lambda body: told(62102, "Invalid request body.")
    with pytest.raises(Refused):
        await all_of(client)
    lists.before = lambda body: None
    assert len(ids(await all_of(client))) == 60


async def test_a_base_that_is_set_is_not_sought_anew(gateway, client_of, lists):
    client = client_of(page_base="0")
    lists.instances[1] = [row(1)]
    with pytest.raises(Refused):
        await all_of(client)
    assert asked_pages(gateway) == [0]


async def test_trouble_on_a_first_page_that_is_known_is_told(client_of, lists):
    client = client_of(page_base="auto")
    lists.base = 0
    lists.instances[1] = [row(n) for n in range(60)]
    await all_of(client)
    trouble_on_0(lists, "an unknown code", 1)
    with pytest.raises(Refused):
        await all_of(client)
    assert len(ids(await all_of(client))) == 60


# flows


def flow(number):
    return {"flowId": str(3000 + number), "flowName": f"flow {number}"}


@pytest.mark.parametrize("size", [0, 1, 10, 50, 51, 100, 137])
@pytest.mark.parametrize("above", ["empty", "clamp"])
@pytest.mark.parametrize(
    ("base", "below", "set_to"),
    [
        (0, "refuse", "auto"),
        (1, "refuse", "auto"),
        (1, "clamp", "auto"),
        (1, "break", "auto"),
        (1, "empty", "auto"),
        (0, "", "0"),
        (1, "", "1"),
    ],
)
async def test_all_flows_of_the_organization_are_listed_once(client_of, lists, base, below, set_to, above, size):
    lists.base, lists.below, lists.above = base, below or "refuse", above
    lists.flows = [flow(n) for n in range(size)]
    client = client_of(page_base=set_to)
    if below == "break" and size < 2:  # too few rows to tell what may stand on page 0
        with pytest.raises(Broken):
            await client.all_flows()
        return
    found = await client.all_flows()
    assert [name.id for name in found] == [3000 + n for n in range(size)]


@pytest.mark.parametrize("kind", TROUBLES)
@pytest.mark.parametrize("times", [1, 2, 1000])
@pytest.mark.parametrize("size", [0, 1, 2, 10, 50, 51, 60, 137])
async def test_a_list_of_flows_beside_trouble_on_page_0_is_whole_or_a_failure(client_of, lists, kind, times, size):
    client = client_of(page_base="auto")
    lists.base = 0
    lists.flows = [flow(n) for n in range(size)]
    trouble_on_0(lists, kind, times)
    read = []
    for _ in range(3):
        with contextlib.suppress(Failure):
            read.append([name.id for name in await client.all_flows()])
    assert all(found == [3000 + n for n in range(size)] for found in read)
    assert bool(read) is (times < 1000)


async def test_one_flow_by_name_is_found_on_a_server_that_breaks_on_page_0(client_of, lists):
    lists.below = "break"
    lists.flows = [flow(n) for n in range(60)]
    assert [name.name for name in await client_of(page_base="auto").all_flows("flow 59")] == ["flow 59"]


async def test_flows_are_searched_in_a_stable_order(gateway, client, lists):
    lists.flows = [flow(1), flow(22)]
    assert [name.name for name in await client.all_flows("2")] == ["flow 22"]
    assert gateway.asked[0].body == {
        "expression": "2",
        "pagination": {"pageNo": 1, "pageSize": 50, "sorters": [{"field": "create_time", "order": "ASC"}]},
    }


async def test_a_list_of_flows_that_cannot_be_read_is_told(gateway, client_of, lists):
    gateway.faults = [("search", refused(62103, "no"))] * 9
    with pytest.raises(Refused):
        await client_of(page_base="auto").all_flows()


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
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_whatever_the_habits_of_the_server_every_row_comes_once(clock, size, habits, statuses):
    rows = [row(n) for n in range(size)]
    lists = Lists(instances={1: rows}, **habits)
    fake = Fake(lists)
    server = Server(fake.ask, Learned(clock))
    server.breaks = Breaks(
        times=9, since=clock() - timedelta(hours=1)
    )  # on page 0, of a server with too few rows to tell
    for _ in range(2):
        found = [page async for page in pages(server, Search(1, 0, 9, statuses), "update_time", By("u", "o"))]
        assert ids(found) == [each["instanceId"] for each in rows]
        assert found[-1].last
        assert not any(page.last for page in found[:-1])
