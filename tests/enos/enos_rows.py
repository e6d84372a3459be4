"""One row of a list as the vendor's pages print it, and what is around it on the wire."""

import json
from datetime import UTC, datetime

from bot.enos.calls import Call
from bot.enos.reading import open_page, page_in
from bot.enos.responses import Reply, judge


def wire(value):
    return json.dumps(value).encode()


def page_of(data, kind):
    return page_in(open_page(b'{"code": 0, "data": %s}' % data), kind)


ROW = {
    "instanceId": "2809-20190812080700",
    "flowId": 2809,
    "flowName": "21",
    "freq": "0 0 0 * * ? *",
    "cycle": "D",
    "parameters": "[]",
    "doAs": "your_bd_account",
    "graph": '{"tasks":[{"task_name":"tass","taskInstId":"104890-20190812080700","task_id":104890}]}',
    "status": 1,
    "statusDesc": "SUCCESS",
    "triggerTime": "2019-08-12 08:07:22",
    "startTime": "2019-08-12 08:07:30",
    "endTime": "2019-08-12 08:07:32",
    "timestamp": "2019-08-12 08:09:48.0",
    "virtual": False,
    "owner": "yourOwners",
    "hasEditPri": True,
    "hasReadPri": True,
    "isCancelled": False,
}


def succeeded(envelope):
    """Whether an answer says that what was asked was done."""
    return judge(Call("GET", "/flows", ()), Reply(200, b""), envelope, datetime(2026, 11, 21, tzinfo=UTC)) is envelope
