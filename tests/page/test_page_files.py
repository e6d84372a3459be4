"""What the page's own files may hold."""

import re

from bot.sim.page.server import PAGE


def test_the_files_are_small_and_load_nothing_from_outside():
    for path in PAGE.iterdir():
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 300, path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text), (
            path.name
        )
        for address in re.findall(r"https?://[\w./]+", text):
            assert address == "http://www.w3.org/2000/svg", f"{path.name} names {address}"
