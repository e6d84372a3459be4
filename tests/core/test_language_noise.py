"""Damaged commands and noise, 20,000 of them: each is a request, or refused with its place and a way out."""

import pytest

from bench.soak.words import BATCH, batch


@pytest.mark.parametrize("seed", [20261121])
def test_any_damage_is_understood_or_refused(seed):
    understood, refused, problem = batch(seed)
    assert problem == ""
    assert understood + refused == BATCH
    assert min(understood, refused) > BATCH / 10, "both happen often enough to mean something"
