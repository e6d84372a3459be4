"""Damaged commands and noise, of which the soak tries more: each is a request, or refused with its place."""

import pytest
from thorough import examples

from bench.soak.words import batch

TEXTS = examples(4_000)


@pytest.mark.many
@pytest.mark.parametrize("seed", [20261121])
def test_any_damage_is_understood_or_refused(seed):
    understood, refused, problem = batch(seed, TEXTS)
    assert problem == ""
    assert understood + refused == TEXTS
    assert min(understood, refused) > TEXTS / 10, "both happen often enough to mean something"
