"""Every action of the index over HTTP: what it answers, and whom it refuses."""

import json

import pytest
from platform_kit import (
    DAILY,
    EMPTY,
    EXTRACT,
    HOURLY,
    JONAS,
    LOAD,
    MAYA,
    NOON,
    NOW_MS,
    OUTSIDER,
    TRANSFORM,
    WATCHER,
    settle,
)


# ── running ─────────────────────────────────────────────────────────────────
async def test_trigger_runs_the_flow(api, platform):
    sample = {"flowId": DAILY, "triggerTime": 1594016819108}
    assert await api.data("flows", "trigger", sample) == {"flowInstanceId": "3377-20200706062600"}
    settle(platform)
    platform.switch("history_days", 0)
    shown = await api.data("flowInstances", "get", flowInstId="3377-20200706062600")
    assert (shown["status"], shown["statusDesc"], shown["calDt"]) == (1, "SUCCESS", "2020-07-05")


async def test_trigger_from_task_runs_it_and_what_follows(api, platform):
    body = {"flowId": DAILY, "taskId": TRANSFORM, "triggerTime": NOW_MS}
    made = (await api.data("flows", "triggerFromTask", body))["flowInstanceId"]
    settle(platform)
    graph = json.loads((await api.data("flowInstances", "get", flowInstId=made))["graph"])
    assert {task["taskId"]: task["status"] for task in graph["tasks"]} == {
        EXTRACT: "SKIP",
        TRANSFORM: "SUCCESS",
        LOAD: "SUCCESS",
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ([{"key": "path", "value": "/b"}], [{"key": "path", "value": "/b"}]),
        ('[{"key":"REPLACE","value":"ddee"}]', [{"key": "REPLACE", "value": "ddee"}]),
        ({"a": 1}, [{"key": "a", "value": "1"}]),
        ("", []),
    ],
)
async def test_update_and_trigger_uses_its_parameters_once(api, platform, sent, kept):
    body = {"flowId": DAILY, "triggerTime": NOW_MS, "parameters": sent}
    made = (await api.data("flows", "updateAndTrigger", body))["flowInstanceId"]
    assert json.loads((await api.data("flowInstances", "get", flowInstId=made))["parameters"]) == kept
    flow = await api.data("flows", "get", flowId=DAILY)
    assert json.loads(flow["parameters"]) == [
        {"key": "path", "value": "/user/x/"},
        {"key": "overwrite", "value": "true"},
    ]


@pytest.mark.parametrize("sent", ["{", 7, [1], [{"value": "x"}]])
async def test_parameters_must_be_readable(api, sent):
    body = {"flowId": DAILY, "triggerTime": NOW_MS, "parameters": sent}
    assert await api.refusal("flows", "updateAndTrigger", body) == (62102, "Invalid request body.")


async def test_a_second_trigger_in_the_minute_is_refused(api):
    body = {"flowId": DAILY, "triggerTime": NOW_MS}
    await api.data("flows", "trigger", body)
    code, sentence = await api.refusal("flows", "trigger", body | {"triggerTime": NOW_MS + 59_999})
    assert code == 62102
    assert "do not trigger the same workflow repeatedly in 1 minute" in sentence
    await api.data("flows", "trigger", body | {"triggerTime": NOW_MS + 60_000})


TRIGGERS = [
    ("trigger", {}),
    ("triggerFromTask", {"taskId": EXTRACT}),
    ("updateAndTrigger", {"parameters": []}),
]


@pytest.mark.parametrize(("action", "more"), TRIGGERS)
@pytest.mark.parametrize(
    ("change", "user", "code"),
    [
        ({"flowId": 1}, MAYA, 62102),
        ({"flowId": "soon"}, MAYA, 62102),
        ({"flowId": True}, MAYA, 62102),
        ({"flowId": None}, MAYA, 62102),
        ({"flowId": 3377.5}, MAYA, 62102),
        ({"triggerTime": -1}, MAYA, 62102),
        ({"triggerTime": 10**15}, MAYA, 62102),
        ({"triggerTime": 10**400}, MAYA, 62102),
        ({}, JONAS, 62103),
        ({}, WATCHER, 62103),
        ({}, OUTSIDER, 62101),
        ({}, "nobody", 62101),
        ({"flowId": EMPTY}, MAYA, 62104),
    ],
)
async def test_who_and_what_cannot_be_triggered(api, platform, action, more, change, user, code):
    body = {"flowId": DAILY, "triggerTime": NOW_MS, **more} | change
    assert (await api.refusal("flows", action, body, user=user))[0] == code
    assert platform.instances(DAILY) == []


async def test_an_unknown_task_is_refused(api):
    body = {"flowId": DAILY, "taskId": 5, "triggerTime": NOW_MS}
    code, sentence = await api.refusal("flows", "triggerFromTask", body)
    assert (code, sentence[:38]) == (62102, "Cannot create workflow instance. Pleas")


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("trigger", {"flowId": DAILY, "triggerTime": NOW_MS}),
        ("enable", {"flowId": DAILY}),
        ("disable", {"flowId": DAILY}),
    ],
)
async def test_locks_hold(api, platform, action, body):
    platform.flows[DAILY].locked = True
    assert (await api.refusal("flows", action, body))[0] == 62103
    platform.flows[DAILY].locked = False
    platform.users[MAYA].locked = True
    assert await api.refusal("flows", action, body) == (62105, "Your account has been locked")


async def test_numbers_may_come_as_digits(api):
    body = {"flowId": "3377", "triggerTime": str(NOW_MS)}
    assert (await api.data("flows", "trigger", body))["flowInstanceId"] == "3377-20261121120000"


async def test_enable_and_disable_turn_the_schedule(api, platform):
    assert await api.data("flows", "enable", {"flowId": DAILY}) == ""
    assert (await api.data("flows", "get", flowId=DAILY))["active"] == 1
    platform.clock.now = NOON + 12.5 * 3600
    assert [each.id for each in platform.instances(DAILY)] == ["3377-2026112202"]
    await api.sign_in()
    assert await api.data("flows", "disable", {"flowId": DAILY}) == ""
    assert await api.data("flows", "disable", {"flowId": DAILY}) == ""
    assert (await api.data("flows", "get", flowId=DAILY))["active"] == 0
    assert platform.instances(DAILY) == []
    settle(platform, 86400)
    await api.sign_in()
    assert platform.instances(DAILY) == []
    assert (await api.refusal("flows", "enable", {"flowId": HOURLY}))[0] == 62103


async def test_cancel_is_the_owners_and_takes_effect_later(api, platform):
    instance = platform.start_scheduled(DAILY)
    platform.clock.now += 1
    body = {"flowInstId": instance.id}
    assert (await api.refusal("flowInstances", "cancel", body, user=JONAS))[0] == 62103
    assert await api.data("flowInstances", "cancel", body) == ""
    assert (await api.data("flowInstances", "get", flowInstId=instance.id))["statusDesc"] == "RUNNING"
    platform.clock.now += 1.1
    shown = await api.data("flowInstances", "get", flowInstId=instance.id)
    assert shown["statusDesc"] == "CANCEL"
    row = (await api.search())["data"]["flowInsts"][0]
    assert row["isCancelled"] is True
    assert await api.data("flowInstances", "cancel", body) == ""
    platform.switch("cancel_ended", "error")
    assert (await api.refusal("flowInstances", "cancel", body))[0] == 62102
    assert (await api.refusal("flowInstances", "cancel", {"flowInstId": "1-2026"}))[0] == 62102


# ── reading ─────────────────────────────────────────────────────────────────
async def test_get_flow_as_different_people_see_it(api, platform):
    mine = await api.data("flows", "get", flowId=DAILY)
    assert (mine["flowId"], mine["flowName"], mine["owner"]) == (DAILY, "daily-energy-report", "maya.chen")
    assert (mine["hasEditPri"], mine["hasReadPri"], mine["locked"], mine["isUserLocked"]) == (True, True, False, False)
    graph = json.loads(mine["graph"])
    assert [task["taskId"] for task in graph["tasks"]] == ["108579", "108580", "108581"]
    assert graph["relations"][0] == {"cycleGap": "D0", "rerun": True, "source": "t_108579", "target": "t_108580"}
    platform.users[JONAS].locked = True
    theirs = await api.data("flows", "get", user=JONAS, flowId=DAILY)
    assert (theirs["hasEditPri"], theirs["hasReadPri"], theirs["isUserLocked"]) == (False, False, True)
    assert (await api.refusal("flows", "get", user=OUTSIDER, org="o2", flowId=DAILY))[0] == 62102
    assert (await api.refusal("flows", "get", flowId=1))[0] == 62102
    assert (await api.refusal("flows", "get"))[0] == 62102
    assert (await api.refusal("flows", "get", flowId="x"))[0] == 62102


async def test_my_flows_are_those_related_to_me(api, platform):
    mine = await api.data("flows", "getMyFlow")
    assert [(row["flowId"], row["editable"]) for row in mine] == [("3377", True), ("2809", False), ("4102", True)]
    assert [row["flowId"] for row in await api.data("flows", "getMyFlow", user=JONAS)] == ["2809"]
    assert len(await api.data("flows", "getMyFlow", user=WATCHER)) == 3
    platform.edit(HOURLY, private=True)
    assert len(await api.data("flows", "getMyFlow", user=WATCHER)) == 2
    assert [row["flowId"] for row in await api.data("flows", "getMyFlow", expression="DAILY")] == ["3377"]
    assert [row["flowId"] for row in await api.data("flows", "getMyFlow", expression="280")] == ["2809"]


async def test_search_flow_finds_those_of_everybody(api):
    def ask(page, size, **more):
        pagination = {"pageNo": page, "pageSize": size, **more.pop("pagination", {})}
        return {"pagination": pagination, **more}

    found = await api.data("flows", "search", ask(1, 2), user=JONAS)
    assert found == [
        {"flowId": "3377", "flowName": "daily-energy-report"},
        {"flowId": "2809", "flowName": "turbine"},
    ]
    assert [row["flowId"] for row in await api.data("flows", "search", ask(2, 2))] == ["4102"]
    assert [row["flowId"] for row in await api.data("flows", "search", ask(1, 9, expression="Turb"))] == ["2809"]
    sorted_by = {"sorters": [{"field": "create_time", "order": "DESC"}]}
    assert len(await api.data("flows", "search", ask(1, 9, pagination=sorted_by))) == 3
    bad = {"sorters": [{"field": "name"}]}
    code, sentence = await api.refusal("flows", "search", ask(1, 9, pagination=bad))
    assert (code, sentence) == (62102, "Illegal field, should be one of [create_time, update_time, start_time].")
    assert (await api.refusal("flows", "search", {}))[0] == 62102
    assert (await api.refusal("flows", "search", ask(1, 9, expression=["x"])))[0] == 62102
    broken = ask(1, 9, pagination={"sorters": "x"})
    assert (await api.refusal("flows", "search", broken))[0] == 62102


async def test_a_task_instance_and_its_log(api, platform):
    platform.fail(DAILY, TRANSFORM)
    instance = platform.start_scheduled(DAILY)
    settle(platform)
    name = f"{TRANSFORM}-{instance.suffix}"
    shown = await api.data("taskInstances", "get", taskInstId=name)
    assert (shown["instanceId"], shown["taskName"], shown["stsDesc"], shown["status"]) == (
        name,
        "transform",
        "FAIL",
        -1,
    )
    assert (shown["flowInstId"], shown["runNum"], shown["isTimeout"]) == (instance.id, 1, False)
    log = (await api.data("taskInstances", "getLog", taskInstId=name, maxLength=""))["log"]
    assert "ERROR java.sql.SQLTimeoutException" in log
    first = await api.data("taskInstances", "getLog", taskInstId=name, maxLength=100)
    assert first["log"] == log[:100]
    platform.switch("log_keep", "last")
    last = await api.data("taskInstances", "getLog", taskInstId=name, maxLength=100)
    assert last["log"] == log[-100:]
    assert (await api.data("taskInstances", "getLog", taskInstId=name, maxLength=0))["log"] == ""
    assert (await api.refusal("taskInstances", "getLog", taskInstId=name, maxLength=-1))[0] == 62102


async def test_where_there_is_no_log(api, platform):
    platform.fail(DAILY, EXTRACT)
    instance = platform.start_scheduled(DAILY)
    settle(platform)
    unborn = f"{LOAD}-{instance.suffix}"
    cases = [(unborn, (62109, "No log found"))]
    cases += [(bad, (62102, "Instance not found")) for bad in ("1-2026", "x", f"{LOAD}-1970", f"²-{instance.suffix}")]
    for name, refusal in cases:
        assert await api.refusal("taskInstances", "getLog", taskInstId=name) == refusal
    platform.switch("log_errors", "one")
    for name, _ in cases:
        refused = await api.refusal("taskInstances", "getLog", taskInstId=name)
        assert refused == (62102, "Invalid taskInstId or it has no log")
    assert (await api.refusal("taskInstances", "get", taskInstId="1-2026"))[0] == 62102


async def test_time(api):
    assert await api.data("time", "getCurrentTime", user="") == NOW_MS
    assert await api.data("time", "getTimeZone", user="") == {"timezone": "GMT+8"}
