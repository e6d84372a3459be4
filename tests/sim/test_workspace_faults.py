"""Answers that get lost, come late, or are not what they should be; and what is done all the same."""

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from workspace_kit import bolt_app, connected, slack

from bot.sim.slack.faults import Fault, Faults
from bot.sim.slack.seed import DATA_OPS, FINANCE, GENERAL, JONAS, MAYA


def said(world, text):
    return sum(message.text == text for message in world.workspace.messages(DATA_OPS))


@pytest.mark.parametrize(
    ("name", "status", "word", "done"),
    [
        ("ratelimited", 429, "ratelimited", 0),
        ("http_500", 500, "internal_error", 0),
        ("http_503", 503, "service_unavailable", 0),
        ("html", 502, None, 0),
        ("error", 200, "fatal_error", 0),
        ("lost_500", 500, "fatal_error", 1),
    ],
)
async def test_answers_that_are_errors(name, status, word, done):
    async with slack() as world:
        options = {"error": "fatal_error"} if name == "error" else {}
        await world.workspace.fault(name, method="chat.postMessage", times=1, **options)
        with pytest.raises(SlackApiError) as caught:
            await world.client.chat_postMessage(channel=DATA_OPS, text="once")
        assert caught.value.response.status_code == status
        assert caught.value.response.get("error") == word
        assert said(world, "once") == done
        await world.client.chat_postMessage(channel=DATA_OPS, text="fine again")
        assert [call.status for call in world.workspace.calls] == [status, 200]


@pytest.mark.parametrize(("name", "done"), [("reset", 0), ("lost", 1), ("gone", 0)])
async def test_cut_connections(name, done):
    async with slack() as world:
        await world.workspace.fault(name, times=1)
        with pytest.raises(aiohttp.ClientError):
            await world.client.chat_postMessage(channel=DATA_OPS, text="once")
        assert said(world, "once") == done
        assert world.workspace.calls[-1].answer is None


@pytest.mark.parametrize(("name", "done"), [("slow", 0), ("late", 1), ("silence", 1)])
async def test_answers_that_come_too_late(name, done):
    async with slack() as world:
        await world.workspace.fault(name, times=1, seconds=3600)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=0.2)) as impatient:
            world.client.session = impatient
            with pytest.raises(asyncio.TimeoutError):
                await world.client.chat_postMessage(channel=DATA_OPS, text="once")
        await world.workspace.until(lambda: said(world, "once") == done)


async def test_a_short_delay_is_only_a_delay():
    async with slack() as world:
        await world.workspace.fault("slow", times=1, seconds=0.01)
        await world.workspace.fault("late", times=1, seconds=0.01)
        await world.client.chat_postMessage(channel=DATA_OPS, text="once")
        assert said(world, "once") == 1


async def test_a_fault_may_concern_one_method_in_one_channel():
    async with slack() as world:
        await world.workspace.fault("error", method="chat.postMessage", channel=FINANCE, error="is_archived")
        await world.client.chat_postMessage(channel=DATA_OPS, text="x")
        await world.client.conversations_info(channel=FINANCE)
        assert await world.refusal("chat.postMessage", channel=FINANCE, text="x") == "is_archived"
        assert await world.refusal("chat.postMessage", channel=FINANCE, text="x") == "is_archived"
        await world.workspace.fault("none")
        await world.client.chat_postMessage(channel=FINANCE, text="x")


async def test_unknown_faults_are_refused():
    async with slack() as world:
        with pytest.raises(ValueError, match="no fault called nonsense"):
            await world.workspace.fault("nonsense")
        with pytest.raises(ValueError, match="no such option: colour"):
            await world.workspace.fault("lost", colour="red")


def test_a_fault_is_used_as_often_as_it_says():
    faults = Faults()
    faults.add(Fault(name="lost", times=2))
    assert [faults.take(frozenset({"lost"})) is not None for _ in range(3)] == [True, True, False]
    faults.add(Fault(name="lost"))
    assert all(faults.take(frozenset({"lost"})) for _ in range(5))


async def test_a_response_url_lives_half_an_hour_and_five_uses():
    async with slack() as world:
        workspace, app, urls = world.workspace, bolt_app(world), []

        @app.command("/flow")
        async def flow(ack, body):
            await ack()
            urls.append(body["response_url"])

        async def use(body, url=None):
            async with world.session.post(url or urls[-1], json=body) as answer:
                return answer.status, (await answer.json()).get("error")

        async with connected(world, app):
            await workspace.say(MAYA, GENERAL, "/flow")
            assert await use({"text": ""}) == (400, "no_text")
            for number in range(4):
                assert await use({"text": f"private {number}"}) == (200, None)
            assert await use({"text": "for all", "response_type": "in_channel"}) == (200, None)
            assert await use({"text": "once more"}) == (404, "used_url")
            await workspace.say(MAYA, GENERAL, "/flow")
            world.clock.now += 1801
            assert await use({"text": "late"}) == (404, "expired_url")
            assert await use({"text": "late"}, f"{world.url}/response/unknown") == (404, "invalid_url")
            async with world.session.post(urls[-1], data="{", headers={"Content-Type": "application/json"}) as answer:
                assert answer.status == 400
            await workspace.say(MAYA, DATA_OPS, "/flow")
            await workspace.fault("lost", method="response", times=1)
            with pytest.raises(aiohttp.ClientError):
                await use({"text": "heard but not answered"})
        assert workspace.visible(JONAS, GENERAL)[-2:] == ["Maya Chen: /flow", "flowbot: for all"]
        assert workspace.visible(MAYA, DATA_OPS)[-1] == "flowbot (only you): heard but not answered"


async def test_a_response_url_has_its_own_pace():
    async with slack() as world:
        for number in range(11):
            hook = world.workspace.state.new_response_url(MAYA, DATA_OPS)
            async with world.session.post(world.workspace.state.address_of(hook), json={"text": "x"}) as answer:
                assert answer.status == (200 if number < 10 else 429)


async def test_an_answer_that_slack_refuses_is_told_to_the_person():
    async with slack() as world:
        app = bolt_app(world)

        @app.command("/flow")
        async def flow(ack):
            await ack(text="x", blocks=[{"type": "poem"}])

        async with connected(world, app):
            await world.workspace.say(MAYA, DATA_OPS, "/flow")
        line = "Slackbot (only you): /flow failed: Slack refused the answer of flowbot (invalid_blocks)."
        assert world.workspace.visible(MAYA, DATA_OPS)[-1] == line


async def test_an_address_that_refuses_connections_leaves_the_web_api_alone():
    async with slack() as world:
        await world.workspace.fault("refused", method="response")
        await world.workspace.fault("refused", method="upload")
        hook = world.workspace.state.new_response_url("U0MAYA00001", DATA_OPS)
        told = await world.client.files_getUploadURLExternal(filename="a.log", length=1)
        for address in (world.workspace.state.address_of(hook), told["upload_url"]):
            async with aiohttp.ClientSession() as session:
                with pytest.raises(aiohttp.ClientConnectorError):
                    await session.post(address, json={})
        await world.client.chat_postMessage(channel=DATA_OPS, text="once")
        assert said(world, "once") == 1
        await world.workspace.fault("none")
        assert world.workspace.state.address_of(hook).startswith(world.workspace.state.base_url)
