"""One browser for all tests of the page, and for each test a window of its own onto a fake control API."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from fake_control import FakeControl
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.sim.page.server import site

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 60_000  # milliseconds; nothing waits so long unless the machine is busy with something else
NAMES = ("chromium", "chromium-browser", "google-chrome")


expect.set_options(timeout=PATIENCE)

WHOLE = ("test_page_with_flowbot.py", "test_page_server.py")  # what is behind the page is real


def pytest_collection_modifyitems(config, items):
    """At the gate, every sixth of the other tests; the soak has all."""
    if int(os.environ.get("FLOWBOT_STORIES", "1")) == 1:
        return
    here = Path(__file__).parent
    others = [item for item in items if item.path.parent == here and item.path.name not in WHOLE]
    left_out = set(others) - set(sorted(others, key=lambda item: item.nodeid)[::6])
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def chromium() -> str | None:
    """The browser to drive; None lets playwright use its own."""
    named = os.environ.get("FLOWBOT_CHROMIUM")
    return named or next((path for name in NAMES if (path := shutil.which(name))), None)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield opened
        await opened.close()


class Spare:
    """The next test's window is made while the present test runs: half of what a window costs is its process."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._next = asyncio.ensure_future(self._make())

    async def _make(self) -> Page:
        context = await self._browser.new_context(reduced_motion="reduce")
        return await context.new_page()

    async def take(self) -> Page:
        made = await self._next
        self._next = asyncio.ensure_future(self._make())
        return made

    async def close(self) -> None:
        await (await self._next).context.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def spare(browser: Browser) -> AsyncIterator[Spare]:
    made = Spare(browser)
    yield made
    await made.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def library(browser: Browser) -> AsyncIterator[Page]:
    """A window in which the page's modules can be imported and asked; nothing in it changes."""
    control = FakeControl()
    async with TestServer(site(control.routes())) as server:
        context = await browser.new_context()
        page = await context.new_page()
        await page.goto(str(server.make_url("/")))
        yield page
        await context.close()
        control.close()


@dataclass
class Window:
    """A page, and what its console said."""

    page: Page
    control: Any
    complaints: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()

    def expects(self, *words: str) -> None:
        """Let the console say so."""
        self.expected += words

    def unexpected(self) -> list[str]:
        return [line for line in self.complaints if not any(word in line for word in self.expected)]


Opening = Callable[..., Awaitable[Window]]


@pytest_asyncio.fixture(loop_scope="session")
async def opening(spare: Spare) -> AsyncIterator[Opening]:
    """Open an address in a fresh window; in the end no console may have complained."""
    windows: list[Window] = []

    async def open_(url: str, control: Any = None, *, width: int = 1440, height: int = 900, **media: Any) -> Window:
        page = await spare.take()
        await page.set_viewport_size({"width": width, "height": height})
        if media:
            await page.emulate_media(reduced_motion="reduce", **media)
        page.set_default_timeout(PATIENCE)
        window = Window(page, control)
        site_url = url.partition("#")[0]
        page.on("console", lambda line: line.type in {"error", "warning"} and window.complaints.append(line.text))
        page.on("pageerror", lambda error: window.complaints.append(str(error)))
        page.on("dialog", lambda dialog: window.complaints.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: request.url.startswith(site_url) or window.complaints.append(request.url))
        windows.append(window)
        await page.goto(url)
        return window

    yield open_
    for window in windows:
        await window.page.context.close()
        assert not window.unexpected(), window.unexpected()


@pytest_asyncio.fixture(loop_scope="session")
async def control() -> FakeControl:
    return FakeControl()


@pytest_asyncio.fixture(loop_scope="session")
async def address(control: FakeControl) -> AsyncIterator[str]:
    """Where the page is served against the fake control API."""
    async with TestServer(site(control.routes())) as server:
        yield str(server.make_url("/"))
        control.close()


@pytest.fixture
def visit(control: FakeControl, address: str, opening: Opening) -> Opening:
    """Open the page, wait until it shows the world; ``hash`` says where to."""

    async def visiting(**options: Any) -> Window:
        where = options.pop("hash", "")
        window = await opening(address + where, control, **options)
        await window.page.locator("#persona .persona").wait_for(state="attached")
        return window

    return visiting
