import json
from datetime import UTC, datetime

import pytest

from bot.core.errors import Refusal, TemporaryFailure, Unclear
from bot.core.flow.model import FlowId, InstanceId, Search, TaskId
from bot.enos import calls, calls_edit
from bot.enos.calls import Actor
from bot.enos.errors import (
    AnswerLost,
    BadResponse,
    EnosRefused,
    ServerError,
    ServiceUnavailable,
    Throttled,
    TimestampReused,
    TokenRejected,
)
from bot.enos.responses import Envelope, Reply, judge, open_envelope, seconds_to_wait

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
BY = Actor("u1", "o1")
FLOW = FlowId(3377)
SEARCH = calls.search_instances(Search(1, 0, 1), 1, "x", BY)
GET = calls.get_instance(InstanceId("1-2"), BY)
LOG = calls.get_log("1-2", BY)
TRIGGER = calls.trigger(FLOW, 1, BY)
FROM_TASK = calls.trigger_from_task(FLOW, TaskId(1), 1, BY)
WITH = calls.update_and_trigger(FLOW, 1, [], BY)
ENABLE = calls.enable(FLOW, BY)
IMPORT = calls_edit.import_flow("n", "", "d", {}, BY)
HTML = b"<html>hello</html>"


def verdict(call, body, status=200, retry_after=""):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judge(call, Reply(status, raw, retry_after), open_envelope(raw), NOW)


def says(code, msg=""):
    return {"code": code, "msg": msg, "data": None}


CANNOT = (
    "Cannot create workflow instance. Please check if the workflow or task exist, "
    "and do not trigger the same workflow repeatedly in 1 minute."
)

REFUSED = [
    (GET, says(62101, "userId does not exist, or it does not match to orgId."), "wrong_user"),
    (TRIGGER, says(62102, CANNOT), "not_created"),
    (FROM_TASK, says(62102, CANNOT), "not_created"),
    (FROM_TASK, says(62102, "Invalid request body."), "invalid_request"),
    (SEARCH, says(62102, "The sorters field parameter is invalid"), "bad_sort"),
    (SEARCH, says(62102, "illegal sorted by field"), "bad_sort"),
    (SEARCH, says(62102, "Illegal field, should be one of [create_time, update_time, start_time]."), "bad_sort"),
    (SEARCH, says(62102, "排序字段不合法"), "bad_sort"),
    (SEARCH, says(62102, "pageSize must be greater than 0"), "invalid"),
    (LOG, says(62102, "Instance not found"), "unknown_instance"),
    (GET, says(62102, "Instance not found"), "unknown_instance"),
    (LOG, says(62102, "Invalid taskInstId or it has no log"), "no_log"),
    (LOG, says(62109, "No log found"), "no_log"),
    (GET, says(62102, "unknown action: get"), "not_offered"),
    (GET, says(62102, "graph not found"), "invalid"),
    (GET, says("62102", "x"), "invalid"),
    (GET, says(62102.0, "x"), "invalid"),
    (TRIGGER, says(62103, "User has no privilege"), "no_right"),
    (TRIGGER, says(62104, "This workflow has no task, you cannot trigger it!"), "no_task"),
    (WITH, says(62104, "This workflow has no task. You cannot trigger it."), "no_task"),
    (ENABLE, says(62104, "This workflow is relied on by other workflows."), "in_use"),
    (ENABLE, says(62105, "Your account has been locked"), "user_locked"),
    (IMPORT, says(62109, "Workflow creating failed: name"), "not_imported"),
    (GET, says(99400, "Invalid Argument action:action is missing"), "not_offered"),
    (GET, says(99403), "no_right"),
    (GET, says(99404), "not_found"),
    (GET, says(404, "nothing here"), "not_found"),
    (GET, says(62108, "a new one"), "unknown_code"),
    (GET, says("E_ODD", "words"), "unknown_code"),
    (GET, {"apim_status": 4099}, "unknown_code"),
    (GET, {"status": 1002, "msg": "x"}, "unknown_key"),
    (GET, {"status": 1003}, "wrong_secret"),
    (GET, {"status": 1004}, "bad_sign_in"),
    (GET, {"status": 1202}, "bad_sign_in"),
]


@pytest.mark.parametrize(
    ("call", "body", "reason"), REFUSED, ids=[f"{r}-{b.get('msg', '')[:20]}" for _, b, r in REFUSED]
)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_a_business_error_is_a_refusal_whatever_the_http_status_is(call, body, reason, status):
    if reason in ("unknown_code", "not_found") and status != 200:
        return  # where the body is not clear, the status decides: next test
    found = verdict(call, body, status)
    assert isinstance(found, EnosRefused)
    assert isinstance(found, Refusal)
    assert found.reason == reason
    assert found.way_out, "a person is told what to do next"
    assert (body.get("msg") or "").rstrip(".") in str(found)


@pytest.mark.parametrize(
    ("status", "body", "kind", "reason"),
    [
        (403, HTML, EnosRefused, "forbidden"),
        (404, HTML, EnosRefused, "not_offered"),
        (404, {"timestamp": 1, "status": 404, "error": "Not Found", "path": "/x"}, EnosRefused, "not_offered"),
        (418, HTML, EnosRefused, "gateway"),
        (302, b"", EnosRefused, "gateway"),
        (400, {"message": "no"}, EnosRefused, "gateway"),
        (400, says("E_ODD", "words"), EnosRefused, "gateway"),
        (500, b"", ServerError, "internal"),
        (502, HTML, ServerError, "internal"),
        (500, {"status": 500, "error": "Internal Server Error"}, ServerError, "internal"),
        (500, says(62108, "odd"), ServerError, "internal"),
        (200, says(500, "odd"), ServerError, "internal"),
        (200, says(62109, "Internal server exception"), ServerError, "internal"),
        (200, says(99500), ServerError, "internal"),
        (200, {"status": 1005}, ServerError, "internal"),
        (429, says(62102, "slow down"), Throttled, "throttled"),
        (429, b"", Throttled, "throttled"),
        (503, HTML, ServiceUnavailable, "unavailable"),
        (503, {"status": 503, "error": "Service Unavailable"}, ServiceUnavailable, "unavailable"),
        (200, says(503, "Service Unavailable"), ServiceUnavailable, "unavailable"),
        (503, says(430, "limit"), Throttled, "throttled"),
        (200, says(430, "limit"), Throttled, "throttled"),
        (200, {"status": 429}, Throttled, "throttled"),
        (401, b"", TokenRejected, "sign_in"),
        (401, {"status": 1203}, TokenRejected, "sign_in"),
        (401, {"status": 401, "error": "Unauthorized"}, TokenRejected, "sign_in"),
        (401, {"code": 77}, TokenRejected, "sign_in"),
        (200, {"apim_status": 4011, "apim_refreshtoken": "x"}, TokenRejected, "sign_in"),
        (200, {"apim_status": 4012}, TokenRejected, "sign_in"),
        (200, says(1203), TokenRejected, "sign_in"),
        (200, {"status": 1204}, TokenRejected, "sign_in"),
        (200, {"status": 1001}, TimestampReused, "sign_in"),
        (200, HTML, BadResponse, "unreadable"),
        (200, b"", BadResponse, "unreadable"),
        (200, b"hello", BadResponse, "unreadable"),
        (200, {"data": {}}, BadResponse, "unreadable"),
    ],
)
def test_a_read_is_judged(status, body, kind, reason):
    found = verdict(GET, body, status)
    assert type(found) is kind
    assert found.reason == reason
    assert str(found).endswith((".", ")"))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b""),
        (502, HTML),
        (503, b""),
        (200, says(503)),
        (200, HTML),
        (200, b"{"),
        (200, says(62109, "Server internal exception")),
        (200, {"data": {}}),
    ],
)
def test_a_change_that_may_have_happened_is_unclear(status, body):
    found = verdict(TRIGGER, body, status)
    assert isinstance(found, AnswerLost)
    assert isinstance(found, Unclear)
    assert "second time" in str(found)


@pytest.mark.parametrize(
    ("status", "body"), [(429, b""), (200, says(430)), (401, b""), (200, says(1203)), (200, {"apim_status": 4011})]
)
def test_a_change_that_the_gateway_turned_away_did_not_happen(status, body):
    found = verdict(TRIGGER, body, status)
    assert isinstance(found, TemporaryFailure)
    assert not isinstance(found, Unclear)


@pytest.mark.parametrize("status", [200, 400, 500])
def test_success_is_success_whatever_the_http_status_is(status):
    assert verdict(TRIGGER, {"code": 0, "data": ""}, status) == Envelope(0, data=b'""')
    assert verdict(GET, {"status": 0, "data": ""}, status) == Envelope(0, data=b'""')


def test_an_unknown_code_is_shown_with_its_words():
    found = verdict(GET, says(62108, "  a\n new   one "))
    assert "62108" in str(found)
    assert "“a new one”" in str(found)
    assert (found.code, found.words) == (62108, "a\n new   one")


@pytest.mark.parametrize("body", [says(-9), says("E_ODD"), {"apim_status": 4099}])
@pytest.mark.parametrize(
    ("call", "state"),
    [
        (GET, "Nothing was changed. Try"),
        (ENABLE, "Most likely nothing was changed. Look at the flow"),
    ],
)
def test_after_an_unknown_refusal_a_person_reads_what_was_changed_and_what_to_do(call, state, body):
    found = str(verdict(call, body))
    assert state in found
    assert "again in a minute. If this lasts, show this answer to a flowbot admin." in found


@pytest.mark.parametrize("code", [1203, 1204, 1002, 1003, 1004, 1202])
def test_what_only_the_operator_can_fix_is_said_to_be_theirs(code):
    found = str(verdict(GET, says(code)))
    assert "n operator should check" in found
    assert "this machine" not in found


@pytest.mark.parametrize(("status", "body"), [(403, b""), (404, b""), (418, b""), (200, HTML)])
def test_what_is_between_is_for_the_operator_to_fix_too(status, body):
    found = str(verdict(GET, body, status))
    assert "An operator should" in found or "ask a flowbot admin to" in found


def test_long_words_of_enos_are_cut():
    assert len(str(verdict(GET, says(62108, "x" * 5000)))) < 600


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2026 12:00:30 -0000", 30.0),
        ("", None),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(header, seconds):
    assert seconds_to_wait(header, NOW) == seconds
    assert verdict(GET, b"", 429, header).seconds == seconds
    assert verdict(GET, says(430), 200, header).seconds == seconds
