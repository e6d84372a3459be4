"""One browser for all tests of the page, and for each test a window of its own onto a fake control API."""

import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from fake_control import FakeControl
from playwright.async_api import Browser, Page, async_playwright

from bot.sim.page_server import site

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome")


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
async def opening(browser: Browser) -> AsyncIterator[Opening]:
    """Open an address in a fresh window; in the end no console may have complained."""
    windows: list[Window] = []

    async def open_(url: str, control: Any = None, *, width: int = 1440, height: int = 900, **options: Any) -> Window:
        context = await browser.new_context(
            viewport={"width": width, "height": height}, reduced_motion="reduce", **options
        )
        page = await context.new_page()
        page.set_default_timeout(5000)
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
