"""Modules that a library imports and flowbot never needs."""

import subprocess
import sys

import pytest

from bot.absent import absent


def test_a_library_finds_nothing_in_them_and_others_find_them_afterwards():
    assert "wave" not in sys.modules
    with absent("wave"):
        import wave

        class Served(wave.Handler, wave.Server):
            pass

        assert list(wave.entries(group="some")) == []
        assert wave.version("some").split("-") == [""]
        assert Served() == ""
    import wave as real

    assert real.Wave_read
    del sys.modules["wave"]


def test_what_was_imported_before_stays():
    with absent("subprocess"):
        assert sys.modules["subprocess"] is subprocess


def test_it_ends_with_the_import_that_fails():
    with pytest.raises(ZeroDivisionError), absent("wave"):
        raise ZeroDivisionError
    assert "wave" not in sys.modules
