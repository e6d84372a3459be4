"""Every journey, of which the gate tells some."""

from bench.soak.deaths import held


async def soak() -> str:
    await held("tests/journeys")
    return "every journey ends as its story says"
