import contextlib

import pytest
from enos_gateway import refused
from enos_searches import TROUBLES, trouble_on_0

from bot.core.errors import Failure, Refusal
from bot.enos.errors import ServerError


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
    if below == "break" and size < 2:  # too few rows to tell what may be on page 0
        with pytest.raises(ServerError):
            await client.all_flows()
        return
    found = await client.all_flows()
    assert [name.id for name in found] == [3000 + n for n in range(size)]


@pytest.mark.parametrize("kind", TROUBLES)
@pytest.mark.parametrize("times", [1, 2, 1000])
@pytest.mark.parametrize("size", [0, 1, 2, 10, 50, 51, 60, 137])
async def test_a_list_of_flows_with_trouble_on_page_0_is_whole_or_a_failure(client_of, lists, kind, times, size):
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
    with pytest.raises(Refusal):
        await client_of(page_base="auto").all_flows()
