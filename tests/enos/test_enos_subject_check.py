"""An answer about something else than what was asked for is not believed."""

import pytest
from enos_gateway import ok, told
from enos_lists import row

from bot.core.errors import Refusal
from bot.enos.errors import AnswerLost, EnosRefused, MismatchedResponse

USER = "u15432100000000011"
RUN = "3377-20200706062600"
INSTANCE = {**row(1), "instanceId": RUN, "flowId": 3377, "status": 2}
FLOW = {"flowId": 3377, "flowName": "x", "owner": "maya"}
TASK_RUN = "105007-20190812013400"
HEAD = "=====\nrun  num:\t1\ninstance:\tt{}\ncmdline:\techo\ncurrent time:\tThu\n=====\n"


def other_flow(client):
    return client.flow(3377)


def other_run(client):
    return client.instance(RUN)


def other_task_run(client):
    return client.task_instance(TASK_RUN)


def other_log(client):
    return client.log(TASK_RUN)


def other_definition(client):
    return client.definitions.load_for_edit(3377, as_user=USER)


@pytest.mark.parametrize(
    ("action", "ask", "answer", "about"),
    [
        ("get", other_flow, {**FLOW, "flowId": 99}, "flow 99"),
        ("get", other_flow, [{**FLOW, "flowId": "33770"}], "flow 33770"),
        ("get", other_run, {**INSTANCE, "instanceId": "3377-20200706062700"}, "run 3377-20200706062700"),
        ("get", other_run, {**INSTANCE, "instanceId": "99-20200706062600", "flowId": 99}, "run 99-"),
        ("get", other_run, {**INSTANCE, "flowId": 99}, "flow 99"),
        ("get", other_task_run, {"instanceId": "105008-20190812013400"}, "task run 105008-"),
        ("getLog", other_log, {"log": "x", "taskInstId": "105008-20190812013400"}, "task run 105008-"),
        ("getLog", other_log, {"log": HEAD.format("105008-20190812013400")}, "task run 105008-"),
        ("getLog", other_log, {"log": HEAD.format("105007-201908130134")}, "task run 105007-"),
        ("loadForEdit", other_definition, {**FLOW, "flowId": 99}, "flow 99"),
    ],
)
async def test_what_is_read_about_another_is_refused_in_a_sentence(gateway, client, action, ask, answer, about):
    gateway.answers[action] = answer
    with pytest.raises(MismatchedResponse) as raised:
        await ask(client)
    assert f"answered about {about}" in str(raised.value)
    assert "not used" in str(raised.value)


@pytest.mark.parametrize(
    "log",
    [
        "no head at all",
        HEAD.format(TASK_RUN) + "yes",
        HEAD.format("105007-2019081201") + "cut to the hour",
        "=====\ninstance:\todd words\n=====\nyes",
        "hello\ninstance:\tt105008-20190812013400\n",  # the program's own words
    ],
)
async def test_a_log_that_names_its_own_run_or_none_is_shown(gateway, client, log):
    gateway.answers["getLog"] = {"log": log}
    assert await client.log(TASK_RUN) == log


@pytest.mark.parametrize("id_", [RUN, f" {RUN} "])
async def test_the_run_that_was_asked_for_is_believed(gateway, client, id_):
    gateway.answers["get"] = [{**INSTANCE, "instanceId": id_, "flowId": "3377"}]
    assert (await client.instance(RUN)).id == RUN


CHANGES = {
    "cancel": lambda client: client.cancel(RUN, as_user=USER),
    "enable": lambda client: client.enable(3377, as_user=USER),
    "disable": lambda client: client.disable(3377, as_user=USER),
}


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize(
    "answer",
    [{"flowId": 99}, {"flow_id": "99"}, {"flowInstId": "99-20200706062600"}, "99-20200706062600", [{"flowId": 99.0}]],
)
async def test_a_change_whose_answer_names_another_is_unclear(gateway, client, action, answer):
    gateway.answers[action] = answer
    with pytest.raises(AnswerLost, match=r"about (run|flow) 99"):
        await CHANGES[action](client)
    assert gateway.actions() == [action]  # and nothing is sent a second time


@pytest.mark.parametrize("action", CHANGES)
@pytest.mark.parametrize("answer", ["", None, True, {"flowId": 3377}, {"flowInstId": RUN}, RUN, "done", [], {}])
async def test_a_change_whose_answer_names_itself_or_nothing_is_done(gateway, client, action, answer):
    gateway.answers[action] = answer
    await CHANGES[action](client)


@pytest.mark.parametrize("answer", ["3377-\ud83d", "3377-", "3377-1", "99-20200706062600", "33770-20200706062600"])
async def test_a_start_whose_answer_names_no_run_of_the_flow_is_looked_for(gateway, client, answer):
    gateway.answers["trigger"] = {"flowInstanceId": answer}
    gateway.answers["get"] = INSTANCE
    assert await client.trigger(3377, 1594016819108, as_user=USER) == RUN
    gateway.answers["get"] = {**INSTANCE, "instanceId": "99-20200706062600"}
    with pytest.raises(AnswerLost):
        await client.trigger(3377, 1594016819108, as_user=USER)


async def test_a_refused_cancel_stays_refused_where_the_look_shows_another_run(gateway, client):
    gateway.answers["cancel"] = lambda *_: told(62102, "no")
    gateway.answers["get"] = lambda *_: ok({**INSTANCE, "instanceId": "99-20200706062600", "status": 1})
    with pytest.raises(EnosRefused):
        await client.cancel(RUN, as_user=USER)
    gateway.answers["get"] = lambda *_: ok({**INSTANCE, "status": 1})
    with pytest.raises(Refusal) as raised:
        await client.cancel(RUN, as_user=USER)
    assert raised.value.reason == "already_ended"
