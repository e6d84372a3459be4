"""Values: dataclasses whose instances share what the standard library writes again for each class."""

import re
from dataclasses import field, fields, replace
from pathlib import Path

import pytest

import bot
from bot.core.values import dataclass

FOLDER = Path(bot.__file__).parent


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = field(default=0, repr=False)
    typed: str = field(default="", compare=False)


@dataclass(frozen=True)
class Other:
    x: int
    y: int = 0


@dataclass(frozen=True, slots=True)
class Nothing:
    pass


@dataclass
class Changing:
    x: int


@dataclass(eq=False)
class Itself:
    x: int


@dataclass(frozen=True)
class Own:
    x: int

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 1

    def __repr__(self):
        return "mine"


def test_values_are_equal_where_their_compared_fields_are():
    assert Point(1, 2, typed="1") == Point(1, 2, typed="one")
    assert Point(1, 2) != Point(1, 3)
    assert Point(1, 2) != Other(1, 2)
    assert Point(1, 2) != (1, 2)
    assert Nothing() == Nothing()
    assert Changing(1) == Changing(1)
    assert Itself(1) != Itself(1)


def test_equal_values_have_one_hash():
    assert len({Point(1, 2, typed="1"), Point(1, 2), Point(1, 3), Other(1, 2), Nothing(), Nothing()}) == 4
    assert len({Itself(1), Itself(1)}) == 2


def test_what_may_change_has_no_hash():
    with pytest.raises(TypeError, match="unhashable"):
        hash(Changing(1))


def test_a_value_shows_its_fields():
    assert repr(Point(1, 2, "one")) == "Point(x=1, typed='one')"
    assert repr(Nothing()) == "Nothing()"


def test_what_a_class_defines_itself_stays():
    assert Own(1) == Own(2)
    assert (hash(Own(1)), repr(Own(1))) == (1, "mine")


def test_the_standard_library_knows_values():
    assert replace(Point(1), y=5) == Point(1, 5)
    assert [each.name for each in fields(Point)] == ["x", "y", "typed"]
    assert Point.__slots__ == ("x", "y", "typed")
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


def test_all_but_the_simulators_use_it():
    standard = re.compile(r"^from dataclasses import .*\bdataclass\b", re.MULTILINE)
    found = {
        str(path.relative_to(FOLDER))
        for path in FOLDER.rglob("*.py")
        if "sim" not in path.parts and standard.search(path.read_text(encoding="utf-8"))
    }
    assert not found
