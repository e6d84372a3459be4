import contextlib

import pytest
from enos_gateway import broken, told
from enos_lists import row
from enos_searches import TROUBLES, all_of, asked_pages, fail_until_it_lasts, ids, trouble_on_0

from bot.core.errors import Failure, Refusal, TemporaryFailure
from bot.core.flow.model import Search
from bot.enos.errors import ServerError

# the base of page numbers


@pytest.mark.parametrize("size", [0, 1, 7, 50, 51, 120])
@pytest.mark.parametrize("above", ["empty", "clamp"])
@pytest.mark.parametrize(("base", "below"), [(0, "refuse"), (1, "refuse"), (1, "clamp"), (1, "empty"), (1, "break")])
async def test_the_base_is_found_out_whatever_it_is(gateway, client_of, lists, clock, base, below, above, size):
    client = client_of(page_base="auto")
    lists.base, lists.below, lists.above = base, below, above
    lists.instances[1] = [row(n) for n in range(size)]
    if below == "break" and size < 2:  # too few rows to tell what may be on page 0
        await fail_until_it_lasts(client, clock)
    assert ids(await all_of(client)) == [each["instanceId"] for each in lists.instances[1]]
    if size > 1:  # with one row it is not known whether it was clamped
        assert client.capabilities["page_base"] == str(base)
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
    assert "page_base" not in client.capabilities
    lists.base = 0
    lists.instances[1] = [row(1)]
    assert len(ids(await all_of(client))) == 1


@pytest.mark.parametrize(("base", "below"), [(1, "clamp"), (0, "refuse")])
async def test_a_row_that_comes_while_the_base_is_asked_for_does_not_mislead(client_of, lists, base, below):
    client = client_of(page_base="auto")
    lists.base, lists.below = base, below

    def comes(body):
        if body["pagination"]["pageNo"] == 0:
            lists.instances[1] = [row(1)]

    lists.before = comes
    assert len(ids(await all_of(client))) == 1
    assert client.capabilities.get("page_base") in (None, str(base))
    assert len(ids(await all_of(client))) == 1


async def test_while_the_base_cannot_be_told_both_pages_are_shown(client_of, lists):
    client = client_of(page_base="auto")
    client._server.largest = 50
    lists.below = "clamp"
    numbers = iter(range(100))
    lists.before = lambda body: lists.instances.update({1: [row(next(numbers))]})  # another row each time
    assert ids(await all_of(client)) == [row(1)["instanceId"], row(0)["instanceId"]]
    assert "page_base" not in client.capabilities


@pytest.mark.parametrize(("base", "below"), [(0, "refuse"), (1, "refuse"), (1, "clamp"), (1, "empty"), (1, "break")])
async def test_a_platform_without_failures_costs_one_request_per_search(gateway, client_of, lists, base, below):
    client = client_of(page_base="auto")
    lists.base, lists.below = base, below
    lists.instances[0] = [row(n, status=1) for n in range(30)]
    assert ids(await all_of(client)) == []
    assert client.capabilities["page_base"] == str(base)
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
        page_base="auto", remembered={"page_base": "1"}, on_capability=lambda name, value: told.append((name, value))
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

    def page_zero_failures(body):
        if body["pagination"]["pageNo"] == 0:
            gateway.faults.extend([("search", broken())] * 9)

    lists.before = page_zero_failures
    lists.below = "break"
    with pytest.raises(TemporaryFailure):
        await all_of(client)
    assert "page_base" not in client.capabilities


# trouble on page 0 says nothing of the base


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
    assert client.capabilities.get("page_base", "0") == "0"


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


async def test_what_was_found_out_during_trouble_is_asked_again_soon(gateway, client_of, lists, clock):
    client = client_of(page_base="auto")
    lists.below = "break"
    lists.instances[1] = [row(n) for n in range(60)]
    assert len(ids(await all_of(client))) == 60
    lists.base = 0
    clock.forward(301)
    assert len(ids(await all_of(client))) == 60
    assert client.capabilities["page_base"] == "0"


async def test_a_habit_of_breaking_is_never_remembered(gateway, client_of, lists, clock):
    client = client_of(page_base="auto")
    lists.below = "break"
    lists.instances[1] = [row(1)]
    await fail_until_it_lasts(client, clock)
    assert len(ids(await all_of(client))) == 1
    assert "page_base" not in client.capabilities
    lists.base = 0
    lists.instances[1] = [row(2)]
    assert ids(await all_of(client)) == [row(2)["instanceId"]]


async def test_a_page_0_that_was_answered_meanwhile_does_not_count_as_broken(client_of, lists, clock):
    client = client_of(page_base="auto")
    lists.below = "break"
    await fail_until_it_lasts(client, clock)
    lists.below = "empty"
    assert ids(await all_of(client)) == []
    lists.below = "break"
    with pytest.raises(ServerError):
        await all_of(client)


async def test_while_the_wider_look_fails_too_nothing_is_a_habit(client_of, lists, clock):
    client = client_of(page_base="auto")
    lists.below = "break"
    lists.before = lambda body: told(70001, "busy") if body["status"] != "-1,7" else None
    for _ in range(4):
        client._server.searched_widely_at -= 61
        with pytest.raises(ServerError):
            await all_of(client)
        clock.forward(60)


# a server that is upgraded


@pytest.mark.parametrize("size", [0, 1, 60])
async def test_a_first_page_that_is_refused_is_searched_again_at_once(client_of, lists, size):
    client = client_of(page_base="auto")
    lists.base = 0
    lists.instances = {1: [row(n) for n in range(size)], 0: [row(n, status=1) for n in range(900, 910)]}
    assert len(ids(await all_of(client))) == size
    assert client.capabilities["page_base"] == "0"
    lists.base = 1
    assert len(ids(await all_of(client))) == size
    assert client.capabilities["page_base"] == "1"


async def test_a_page_1_that_is_refused_is_searched_again_at_once(client_of, lists):
    client = client_of(page_base="auto")
    lists.instances[1] = [row(n) for n in range(60)]
    assert len(ids(await all_of(client))) == 60
    lists.base = 0
    lists.instances[1] = [row(n) for n in range(3)]
    lists.before = lambda body: (
        told(62102, "no such page")
        if body["pagination"]["pageNo"] * body["pagination"]["pageSize"] >= len(lists.instances[1])
        else None
    )
    assert len(ids(await all_of(client))) == 3
    assert client.capabilities["page_base"] == "0"


async def test_a_page_1_that_is_refused_once_teaches_nothing(client_of, lists):
    client = client_of(page_base="auto")
    lists.below = "clamp"
    lists.instances[1] = [row(n) for n in range(120)]
    refusals = [told(62102, "Invalid request body.")]
    lists.before = lambda body: refusals.pop() if refusals else None
    with pytest.raises(Refusal):
        await all_of(client)
    assert len(ids(await all_of(client))) == 120


async def test_a_request_that_is_refused_whatever_its_page_is_told(gateway, client_of, lists):
    client = client_of(page_base="auto")
    lists.instances[1] = [row(n) for n in range(60)]
    await all_of(client)
    lists.before = lambda body: told(62102, "Invalid request body.")
    with pytest.raises(Refusal):
        await all_of(client)
    lists.before = lambda body: None
    assert len(ids(await all_of(client))) == 60


async def test_a_base_that_is_set_is_not_searched_again(gateway, client_of, lists):
    client = client_of(page_base="0")
    lists.instances[1] = [row(1)]
    with pytest.raises(Refusal):
        await all_of(client)
    assert asked_pages(gateway) == [0]


async def test_trouble_on_a_first_page_that_is_known_is_told(client_of, lists):
    client = client_of(page_base="auto")
    lists.base = 0
    lists.instances[1] = [row(n) for n in range(60)]
    await all_of(client)
    trouble_on_0(lists, "an unknown code", 1)
    with pytest.raises(Refusal):
        await all_of(client)
    assert len(ids(await all_of(client))) == 60
