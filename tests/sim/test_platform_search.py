"""List Flow Instances: who sees what, every filter, every order, every page, under every switch."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platform_kit import (
    DAILY,
    EXTRACT,
    HOURLY,
    JONAS,
    MAYA,
    NOON,
    OUTSIDER,
    WATCHER,
    Caller,
    Clock,
    served,
    small_platform,
)

from bot.sim.enos.model import Status
from bot.sim.enos.search import ORDERS, Finder, SearchTerms

HOUR = 3600


@pytest.fixture
def platform():
    made = small_platform(Clock())
    for hour in range(1, 8):
        made.add_past(DAILY, NOON - hour * HOUR, took=hour * 100)
    made.add_past(HOURLY, NOON - 30 * HOUR, "FAIL")
    made.add_past(HOURLY, NOON - 2 * HOUR, "TIMEOUT")
    return made


@pytest.fixture
async def api(platform):
    async with served(platform) as http:
        yield Caller(platform, http)


def daily(*hours):
    return [f"3377-20261121{12 - hour:02d}" for hour in hours]


# ── filters ─────────────────────────────────────────────────────────────────
async def test_an_instance_looks_as_in_the_sample(api, platform):
    answer = await api.search(expression="3377-2026112111")
    assert answer["code"] == 0
    assert answer["data"]["count"] == 1
    [row] = answer["data"]["flowInsts"]
    graph = json.loads(row.pop("graph"))
    assert row == {
        "instanceId": "3377-2026112111",
        "flowId": 3377,
        "flowName": "daily-energy-report",
        "freq": "0 0 2 * * ? *",
        "cycle": "D",
        "parameters": '[{"key":"path","value":"/user/x/"},{"key":"overwrite","value":"true"}]',
        "doAs": "db_demo",
        "status": 1,
        "statusDesc": "SUCCESS",
        "triggerTime": "2026-11-21 11:00:00",
        "startTime": "2026-11-21 11:00:01",
        "endTime": "2026-11-21 11:01:41",
        "timestamp": "2026-11-21 11:00:00.0",
        "virtual": False,
        "owner": "maya.chen",
        "hasEditPri": False,
        "hasReadPri": True,
        "isCancelled": False,
    }
    assert graph["tasks"][0] == {
        "taskName": "extract",
        "taskInstId": "108579-2026112111",
        "x": 0.002,
        "y": 0.002,
        "taskId": EXTRACT,
        "nodeId": "t_108579",
    }


async def test_everybody_sees_what_is_related_to_them(api, platform):
    assert len(await api.found(size=50)) == 9
    assert len(await api.found(size=50, user=MAYA)) == 9  # a visitor of the other flow
    assert len(await api.found(size=50, user=JONAS)) == 2
    platform.edit(HOURLY, private=True)
    assert len(await api.found(size=50, user=WATCHER)) == 7
    assert (await api.search(user=OUTSIDER))["code"] == 62101
    platform.users[OUTSIDER].sees_all = True
    assert await api.data("flows", "getMyFlow", user=OUTSIDER, org="o2") == []
    assert await api.found(size=50, user=OUTSIDER, org="o2") == []


async def test_rights_are_told_per_reader(api):
    mine = (await api.search(user=MAYA, size=50))["data"]["flowInsts"]
    assert {row["flowId"]: row["hasEditPri"] for row in mine} == {DAILY: True, HOURLY: False}


@pytest.mark.parametrize(
    ("terms", "count"),
    [
        ({"status": "-1"}, 1),
        ({"status": "-1,7"}, 2),
        ({"status": " -1 , 1 "}, 8),
        ({"status": 1}, 7),
        ({"status": ""}, 9),
        ({"status": "42"}, 0),
        ({"owner": "maya.chen"}, 7),
        ({"owner": "maya"}, 0),
        ({"expression": "TURB"}, 2),
        ({"expression": "2809-20261120"}, 1),
        ({"expression": "nothing"}, 0),
        ({"expression": None}, 9),
        ({"kind": 0}, 0),
        ({"type": "1"}, 9),
        ({"fromTriggerTime": str(int(NOON - 2 * HOUR) * 1000)}, 3),
    ],
)
async def test_filters(api, terms, count):
    assert len(await api.found(size=50, **terms)) == count


async def test_an_empty_status_may_match_nothing(api, platform):
    platform.switch("empty_filter", "nothing")
    assert await api.found(status="") == []
    assert len(await api.found(status="-1,1,7")) == 9


async def test_the_range_is_half_open_unless_switched(api, platform):
    window = {
        "fromTriggerTime": int(NOON - 2 * HOUR) * 1000,
        "toTriggerTime": int(NOON - HOUR) * 1000,
        "owner": "maya.chen",
    }
    assert await api.found(**window) == daily(2)
    platform.switch("range_end", "closed")
    assert sorted(await api.found(**window)) == daily(2, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"type": None},
        {"type": "x"},
        {"status": None},
        {"status": "x"},
        {"status": True},
        {"owner": None},
        {"expression": 3},
        {"pagination": None},
        {"pagination": {"pageNo": 1}},
        {"pagination": {"pageNo": 1, "pageSize": 0}},
        {"pagination": {"pageNo": 0, "pageSize": 10}},
        {"pagination": {"pageNo": 1, "pageSize": 10, "sorters": "x"}},
        {"pagination": {"pageNo": 1, "pageSize": 10, "sorters": ["x"]}},
    ],
)
async def test_malformed_searches(api, change):
    answer = await api.search(**change)
    assert (answer["code"], answer["msg"]) == (62102, "Invalid request body.")


@pytest.mark.parametrize("name", ["type", "fromTriggerTime", "toTriggerTime", "owner", "status", "pagination"])
async def test_every_mandatory_field(api, name):
    body = {
        "type": 1,
        "fromTriggerTime": 0,
        "toTriggerTime": 1,
        "owner": "",
        "status": "",
        "pagination": {"pageNo": 1, "pageSize": 1},
    }
    assert (await api.call("flowInstances", "search", body))["code"] == 0
    del body[name]
    assert (await api.refusal("flowInstances", "search", body))[0] == 62102


async def test_history_ends_somewhere(api, platform):
    platform.add_past(DAILY, NOON - 5 * 86400)
    assert len(await api.found(size=50)) == 10
    platform.switch("history_days", 2)
    assert len(await api.found(size=50)) == 9
    assert (await api.refusal("flowInstances", "get", flowInstId="3377-2026111612"))[0] == 62102


# ── order ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("sort", "first"),
    [
        (("trigger_time", "ASC"), "2809-2026112006"),
        (("trigger_time", "DESC"), "3377-2026112111"),
        (("create_time", "desc"), "3377-2026112111"),
        (("start_time", "DESC"), "3377-2026112111"),
        (("update_time", "ASC"), "2809-2026112006"),
        (("end_time", "DESC"), "3377-2026112111"),
    ],
)
async def test_orders(api, sort, first):
    assert (await api.found(sort=sort))[0] == first


async def test_what_changed_last_comes_first(api, platform):
    platform.restate("3377-2026112107", "FAIL")
    assert (await api.found(sort=("update_time", "DESC")))[0] == "3377-2026112107"
    platform.clock.now += 5
    platform.rerun("3377-2026112108")
    assert (await api.found(sort=("update_time", "DESC")))[:2] == ["3377-2026112108", "3377-2026112107"]


async def test_what_has_no_end_is_the_smallest(api, platform):
    platform.add_past(DAILY, NOON - 9 * HOUR, "RUNNING")
    assert (await api.found(sort=("end_time", "ASC")))[0] == "3377-2026112103"
    assert (await api.found(sort=("end_time", "DESC")))[-1] == "3377-2026112103"


SNAKE = {"create_time", "update_time", "start_time", "trigger_time", "end_time"}
CAMEL = {"createTime", "updateTime", "startTime", "triggerTime", "endTime"}


@pytest.mark.parametrize(
    ("names", "accepted"),
    [
        ("snake", SNAKE),
        ("snake3", {"create_time", "update_time", "start_time"}),
        ("camel", CAMEL),
        ("both", SNAKE | CAMEL),
        ("none", set()),
    ],
)
async def test_sort_names_accepted(api, platform, names, accepted):
    platform.switch("sort_names", names)
    for field in SNAKE | CAMEL | {"name", ""}:
        answer = await api.search(sort=(field, "ASC"))
        assert answer["code"] == (0 if field in accepted else 62102), field
    assert (await api.search())["code"] == 0


async def test_the_sentence_for_a_bad_field(api, platform):
    assert (await api.search(sort=("x", "ASC")))["msg"] == "The sorters field parameter is invalid"
    platform.switch("texts", "zh")
    assert (await api.search(sort=("x", "ASC")))["msg"] == "illegal sorted by field"


# ── pages ───────────────────────────────────────────────────────────────────
async def pages(api, numbers, size=4):
    sort = ("trigger_time", "DESC")
    return [await api.found(number, size, sort=sort, owner="maya.chen") for number in numbers]


async def test_pages_from_one(api):
    assert await pages(api, [1, 2, 3]) == [daily(1, 2, 3, 4), daily(5, 6, 7), []]
    assert (await api.search(0))["code"] == 62102


async def test_pages_from_zero(api, platform):
    platform.switch("page_base", "0")
    assert await pages(api, [0, 1, 2]) == [daily(1, 2, 3, 4), daily(5, 6, 7), []]
    assert (await api.search(-1))["code"] == 62102


async def test_pages_from_one_with_zero_clamped(api, platform):
    platform.switch("page_base", "1-clamp")
    assert await pages(api, [0, 1, 2]) == [daily(1, 2, 3, 4), daily(1, 2, 3, 4), daily(5, 6, 7)]


async def test_pages_of_flows_follow_the_same_base(api, platform):
    platform.switch("page_base", "0")
    first = await api.data("flows", "search", {"pagination": {"pageNo": 0, "pageSize": 1}})
    assert [row["flowId"] for row in first] == ["3377"]


async def test_a_page_may_be_capped(api, platform):
    platform.switch("page_cap", 3)
    assert await pages(api, [1, 2], size=50) == [daily(1, 2, 3), daily(4, 5, 6)]


@pytest.mark.parametrize(("semantics", "counts"), [("page", [4, 3, 0]), ("total", [7, 7, 7])])
async def test_what_count_counts(api, platform, semantics, counts):
    platform.switch("count", semantics)
    answers = [await api.search(number, 4, owner="maya.chen") for number in (1, 2, 3)]
    assert [answer["data"]["count"] for answer in answers] == counts


# ── the finder, against a plain loop ────────────────────────────────────────
def many(count, seed=1):
    platform = small_platform(Clock())
    dice = random.Random(seed)
    flows = [
        platform.add_flow(5000 + n, f"flow-{n}", owners=["maya.chen"], tasks=[(9000 + n, "t")], cycle="mi")
        for n in range(20)
    ]
    for n in range(count):
        status = dice.choice([Status.SUCCESS, Status.SUCCESS, Status.FAIL, Status.RUNNING])
        platform.add_past(flows[n % 20].id, NOON - 60 * n, status, took=dice.randint(1, 5000))
    return platform


CROWD = many(400)


@given(
    st.sampled_from(sorted(ORDERS)),
    st.booleans(),
    st.none() | st.frozensets(st.sampled_from(list(Status))),
    st.integers(0, 400),
    st.sampled_from(["", "flow-1", "5003-", "2026112111"]),
)
def test_a_search_is_a_plain_filter_and_sort(order, descending, statuses, minutes, expression):
    terms = SearchTerms(
        1, NOON - 60 * minutes, NOON, statuses=statuses, expression=expression, order=order, descending=descending
    )
    plain = [
        each
        for each in CROWD.runs.all.values()
        if NOON - 60 * minutes <= each.trigger < NOON
        and (statuses is None or each.status in statuses)
        and (expression in each.id or expression in each.flow.name)
    ]
    found = Finder(CROWD.runs).find(terms, lambda _: True)
    assert sorted(each.id for each in found) == sorted(each.id for each in plain)
    keys = [ORDERS[order](each) for each in found]
    assert keys == sorted(keys, reverse=descending)


def test_the_same_search_is_remembered_until_something_changes():
    platform = many(50)
    user = platform.users[WATCHER]
    terms = SearchTerms(1, 0, NOON + 1, reader=user.id)
    first = platform.search(user, terms)
    assert platform.search(user, terms) is first
    platform.edit(5000, private=True)
    assert len(platform.search(user, terms)) < len(first)
    platform.edit(5000, private=False)
    assert len(platform.search(user, terms)) == len(first)
    platform.add_past(5000, NOON - 86400)
    assert len(platform.search(user, terms)) == len(first) + 1


def test_few_searches_are_remembered():
    platform = many(5)
    user = platform.users[WATCHER]
    for n in range(100):
        platform.search(user, SearchTerms(1, n, NOON))
    assert len(platform.finder._cache) == 32


def test_past_tasks_are_not_made_up_until_somebody_asks():
    platform = many(50)
    assert all(each.runs is None for each in platform.runs.all.values())
