"""Every journey and every test of the page, of which the gate has some."""

from bench.soak.deaths import held


async def soak() -> str:
    await held("tests/journeys")
    await held("tests/page")
    return "every journey ends as its story says, and the page is as its tests say"
