"""Each way of breaking the delivery that the tests name, each noticed by its proof: the gate tries a few of them."""

from bench.soak.deaths import held


async def soak() -> str:
    await held("tests/work/crashes/test_delivery_mutants.py")
    return "each named way of breaking the delivery is noticed by the test that must"
