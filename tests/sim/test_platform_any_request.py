"""Whatever is sent, every action answers or refuses; none breaks down, and what it prints is JSON."""

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from platform_kit import DAILY, EXTRACT, MAYA, NOON, Clock, small_platform
from thorough import examples

from bot.sim.enos.action_call import ActionCall
from bot.sim.enos.model import Denied
from bot.sim.enos.platform import Directory
from bot.sim.enos.printer import Printer
from bot.sim.enos.server import ACTIONS
from bot.sim.enos.texts import text_of

NAMES = [
    "type", "expression", "owner", "fromTriggerTime", "toTriggerTime", "status", "pagination", "flowInstId", "flowId",
    "taskId", "triggerTime", "parameters", "id", "name", "freq", "cycle", "alertMode", "doAs", "owners", "visitors",
    "startTime", "active", "tasks", "flows", "relations", "flowName", "dirId", "flowJson", "parentId", "dirName",
    "pageNo", "pageSize", "sorters", "field", "source", "target", "key", "value", "taskInstId", "maxLength",
]  # fmt: skip
SOUND = [
    DAILY,
    str(EXTRACT),
    int(NOON * 1000),
    "3377-2026112111",
    "108579-2026112111",
    "0 0 2 * * ? *",
    "D",
    "root",
    ";a;",
]

scalars = (
    st.sampled_from(SOUND)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**400), float("inf"), float("nan"), 1e300])
    | st.floats()
    | st.text(max_size=5)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)
SOUND_BODIES = [
    {"flowId": DAILY, "taskId": EXTRACT, "triggerTime": int(NOON * 1000), "parameters": [{"key": "a", "value": "b"}]},
    {
        "type": 1,
        "expression": "",
        "owner": "",
        "fromTriggerTime": 0,
        "toTriggerTime": int(NOON * 1000),
        "status": "1",
        "pagination": {"pageNo": 1, "pageSize": 10, "sorters": [{"field": "update_time", "order": "DESC"}]},
    },
    {
        "id": DAILY,
        "type": 1,
        "name": "x",
        "freq": "0 0 2 * * ? *",
        "cycle": "D",
        "alertMode": 0,
        "doAs": "",
        "owners": "maya.chen",
        "visitors": "",
        "startTime": "2026-01-01",
        "active": 1,
        "tasks": [{"taskId": EXTRACT}],
    },
    {
        "flowName": "new",
        "dirId": "root",
        "flowJson": {
            "cron": "0 0 2 * * ? *",
            "cycle": "D",
            "tasks": [{"name": "a"}, {"name": "b"}],
            "flowLinks": [{"linkId": "1", "sourceFlowName": "turbine"}],
            "relations": [{"sourceTaskName": "a", "targetTaskName": "b"}],
        },
    },
    {"flowInstId": "3377-2026112111", "parentId": "root", "dirName": "new"},
]
changes = st.dictionaries(st.sampled_from(NAMES), values, max_size=3)
bodies = st.builds(lambda sound, change: sound | change, st.sampled_from(SOUND_BODIES), changes) | values
queries = st.dictionaries(
    st.sampled_from(["flowId", "flowInstId", "taskInstId", "maxLength", "expression"]),
    st.text(max_size=6) | st.sampled_from(["3377", "3377-2026112111", "108579-2026112111"]),
)


def answered(name, call):
    """Return the data as JSON, or both sentences of the refusal."""
    try:
        return msgspec.json.encode(ACTIONS[name][1](call))
    except Denied as denied:
        return msgspec.json.encode([text_of(denied, pages) for pages in ("en", "zh")])


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(ACTIONS)), bodies, queries)
def test_any_request_is_answered_or_refused(name, body, query):
    platform = small_platform(Clock())
    platform.directories["root"] = Directory("root", "Workflow")
    platform.add_past(DAILY, NOON - 3600)
    call = ActionCall(platform, Printer(platform.switches), platform.users[MAYA], query, body, NOON)
    answer = answered(name, call)
    assert answer == b"null" or msgspec.json.decode(answer) is not None
    platform.clock.now += 86400
    platform.tick()
