"""Draw docs/demo.png: the demo's page with a failure that somebody has taken, and its thread."""

import asyncio
import shutil
import sys
from pathlib import Path

from playwright.async_api import Page, async_playwright

PICTURE = Path("docs/demo.png")
TALK = {"Jonas Weber": "Thanks. Shall I hold the board summary?", "Maya Chen": "Please, until nine."}
WAIT = 60_000  # milliseconds until flowbot has seen the failure


async def address(demo: asyncio.subprocess.Process) -> str:
    """Return where the demo serves its page."""
    while demo.stdout and (line := await demo.stdout.readline()):
        if b"http://" in line:
            return line.decode().split()[-1]
    raise SystemExit("The demo did not start.")


async def play(page: Page) -> None:
    """Let a flow fail, take it, and talk about it."""
    await page.get_by_role("button", name="Make it fail").click()
    await page.get_by_role("button", name="Hide the tour").click()
    await page.get_by_role("button", name="Acknowledge").click(timeout=WAIT)
    reply = page.get_by_role("combobox", name="Reply…")
    for name, text in TALK.items():
        await page.get_by_role("button", name="Acting as").click()
        await page.get_by_role("option", name=name).click()
        await page.locator(".replies").last.click()
        await reply.fill(text)
        await reply.press("Enter")
        await page.get_by_role("complementary", name="Thread").get_by_text(text).wait_for()
    await reply.evaluate("box => box.blur()")
    await page.mouse.move(5, 895)  # away from what would show that it is under the pointer


async def main() -> None:
    """Start the demo, play, and draw."""
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 1440, "height": 900}, reduced_motion="reduce")
        await page.goto(await address(demo))
        await play(page)
        await page.screenshot(path=PICTURE)
        await browser.close()
    demo.terminate()
    await demo.wait()


asyncio.run(main())
