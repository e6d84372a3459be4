"""The page's server: whom it serves, with which safeguards, and that it fits both simulators."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from playwright.async_api import expect

from bot.sim.page.server import page_app
from bot.sim.serve import World, demo_world
from bot.sim.slack.model import File

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAYA, STRANGER, DATA_OPS = "U0MAYA00001", "U0STRANGE01", "C0DATAOPS1"
NOON = 1_795_262_400.0


@pytest.fixture
def world() -> World:
    return demo_world(lambda: NOON)


@pytest_asyncio.fixture(loop_scope="session")
async def server(world: World) -> AsyncIterator[TestServer]:
    async with TestServer(page_app(world.platform, world.workspace, world.receivers)) as started:
        yield started
        await world.workspace.close()


@pytest_asyncio.fixture(loop_scope="session")
async def client(server: TestServer) -> AsyncIterator[TestClient]:
    async with TestClient(server) as opened:
        yield opened


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/main.js", "text/javascript; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/favicon.svg", "image/svg+xml; charset=utf-8"),
        ("/sim/state?as=U0MAYA00001", "application/json; charset=utf-8"),
    ],
)
async def test_every_answer_carries_the_safeguards(client, path, kind):
    answer = await client.get(path)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy


@pytest.mark.parametrize("path", ["/nothing.js", "/../page_server.py", "/main.py", "/.css"])
async def test_nothing_else_is_served(client, path):
    assert (await client.get(path)).status == 404


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}, {"Origin": "http://127.0.0.1:1"}]
)
async def test_another_site_in_the_same_browser_is_refused(client, world, headers):
    before = world.workspace.state.version
    answer = await client.post("/sim/say", json={"as": MAYA, "channel": DATA_OPS, "text": "hi"}, headers=headers)
    assert answer.status == 403
    assert world.workspace.state.version == before


async def test_a_flow_is_mended_without_a_run(client, world):
    world.platform.fail(3377, 108580)
    answer = await client.post("/sim/page/flow/3377/mend", json={})
    assert await answer.json() == {"flow": 3377}
    assert world.platform.flows[3377].failure_plan is None
    assert world.platform.runs.running(3377) is None
    assert (await client.post("/sim/page/flow/1/mend", json={})).status == 404
    assert (await client.post("/sim/page/flow/x/mend", json={})).status == 404


async def test_slacks_faults_are_listed(client):
    await client.post("/sim/slack/fault", json={"name": "ratelimited", "seconds": 3})
    answer = await client.get("/sim/page/faults")
    assert await answer.json() == {"faults": [{"name": "ratelimited", "method": None, "times": None, "seconds": 3}]}


async def test_a_file_is_read_by_those_who_see_its_channel(client, world):
    content = b"line <b>\n" + b"\xff"
    file = File(id="F1", name="x.log", length=10, content=content, complete=True, shares={DATA_OPS: ["1.0"]})
    world.workspace.files[file.id] = file
    answer = await client.get(f"/sim/page/file/F1?as={MAYA}")
    assert (answer.status, await answer.text()) == (200, "line <b>\n\ufffd")
    assert answer.content_type == "text/plain"
    file.content = b"\x89PNG pretended"
    answer = await client.get(f"/sim/page/file/F1?as={MAYA}")
    assert (answer.content_type, await answer.read()) == ("image/png", b"\x89PNG pretended")
    assert (await client.get(f"/sim/page/file/F1?as={STRANGER}")).status == 404
    assert (await client.get("/sim/page/file/F1?as=nobody")).status == 404
    assert (await client.get(f"/sim/page/file/F2?as={MAYA}")).status == 404


async def test_what_arrived_at_pagerduty_and_at_the_webhook_is_shown(client):
    assert await (await client.get("/sim/page/arrived")).json() == {"alerts": [], "events": []}


@pytest.mark.browser
async def test_the_page_drives_the_real_simulators(server, opening, world):  # the window closes before the server
    window = await opening(str(server.make_url(f"/#c={DATA_OPS}")))
    page = window.page
    await expect(page.get_by_text("I have the pager until Friday.")).to_be_visible()
    box = page.get_by_role("combobox", name="Message #data-ops")
    await box.fill("hello @Jonas & <b>all</b>")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("hello @Jonas Weber & <b>all</b>")).to_be_visible()
    assert world.workspace.messages(DATA_OPS)[-1].text == "hello <@U0JONAS0001> &amp; &lt;b&gt;all&lt;/b&gt;"
    await page.locator('[data-flow="3377"]').get_by_role("button", name="Fail").click()
    await expect(page.locator('[data-flow="3377"]')).to_contain_text("Its runs fail at transform until you fix it.")
    await page.locator('[data-flow="3377"]').get_by_role("button", name="Fix").click()
    await expect(page.locator('[data-flow="3377"]')).not_to_contain_text("until you fix it")
    await page.get_by_role("tab", name="Faults").click()
    await page.get_by_role("switch", name="Take EnOS away").click()
    await expect(page.get_by_role("switch", name="Take EnOS away")).to_have_attribute("aria-checked", "true")
    assert {fault.name for fault in world.platform.faults.armed} == {"gone"}
    await page.get_by_role("switch", name="Answer 429").click()
    async with asyncio.timeout(60):
        await world.workspace.until(lambda: [fault.name for fault in world.workspace.faults.active] == ["ratelimited"])
    await page.get_by_role("button", name="Acting as Maya Chen").click()
    await page.get_by_role("option", name="Dana Partner").click()
    await expect(page.locator("[data-channel]")).to_have_count(2)
