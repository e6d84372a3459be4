"""The laws of the tests, with far more examples of each than the gate tries."""

from bench.soak.deaths import ROOT, held

EXAMPLES = 500


async def soak() -> str:
    laws = [str(each) for each in sorted((ROOT / "tests").rglob("test_*.py")) if "@given(" in each.read_text("utf-8")]
    await held(*laws, FLOWBOT_EXAMPLES=str(EXAMPLES))
    return f"each law with {EXAMPLES:,} examples, those of {len(laws)} files"
