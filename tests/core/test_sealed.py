"""What is kept of a secret: words without it, and a fingerprint that only compares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.command.parse import parse, say
from bot.core.command.requests import Trigger
from bot.core.flow.model import InstanceId, Parameter
from bot.core.text.mask import DEFAULT, STARS, Seal, without_secrets
from bot.messages.cards import doctor

RUN, OTHER = InstanceId("3377-20261121143000"), InstanceId("3377-20261121143100")
SECRET = "hunter2"
PARAMETERS = (Parameter("password", SECRET), Parameter("path", "/a"))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("trigger 3377 with path=/a", "trigger 3377 with path=/a"),
        ("link <@U123|bob> u1 bob", "link <@U123|bob> u1 bob"),
        ("trigger 3377 with password=hunter2 path=/a", "trigger 3377 with password=••• path=/a"),
        ("trigger 3377 with my.secret.thing=hunter2", "trigger 3377 with my.secret.thing=•••"),
        ('trigger 3377 with "my.secret.thing=hunter2 and more" a=b', "trigger 3377 with my.secret.thing=••• a=b"),
        ("trigger 3377 with “my.secret.thing”=‘hunter2 x’ a=b", "trigger 3377 with my.secret.thing=••• a=b"),
        ("trigger 3377 with my.secret.thing= a=b", "trigger 3377 with my.secret.thing= a=b"),
        ("trigger 3377 with my.se\u200bcret.thing=hunter2", "trigger 3377 with my.secret.thing=•••"),
        ("trigger 3377 with my.secret&#46;thing=hunter2", "trigger 3377 with my.secret.thing=•••"),
        ('trigger 3377 with my.secret.thing="hunter2', "trigger 3377 with my.secret.thing=•••"),
        ('trigger 3377 with token.x=hunter2 a="b', 'trigger 3377 with token.x=••• a="b'),
        ('trigger "3377', 'trigger "3377'),
        ("db=jdbc:mysql://h/d?user=u&amp;password=hunter2", "db=jdbc:mysql://h/d?user=u&password=•••"),
        ("db=<postgres://u:hunter2@h/d>", "db=postgres://u:•••@h/d"),
    ],
)
def test_words_are_kept_without_their_secrets(said, kept):
    assert without_secrets(said, DEFAULT) == kept
    assert without_secrets(kept, DEFAULT) == kept


def test_what_is_too_long_to_be_read_goes_from_its_first_secret_on():
    long = f"trigger 3377 with a=b my.secret.thing={SECRET} {'x' * 4000}"
    assert without_secrets(long, DEFAULT) == f"trigger 3377 with a=b my.secret.thing={STARS}"
    assert without_secrets("x" * 4000, DEFAULT) == "x" * 4000


@given(st.text(min_size=1, max_size=30), st.sampled_from(["password", "my.secret.thing", "API_KEY", "db-token"]))
def test_no_value_of_a_secret_key_survives(value, key):
    request = Trigger(flow=parse("trigger 3377").flow, parameters=(Parameter(key, f"s3cr3t{value}s3cr3t"),))
    kept = without_secrets(say(request), DEFAULT)
    assert "s3cr3t" not in kept
    assert [(each.key, STARS in each.value) for each in parse(kept).parameters] == [(key, True)]


def test_a_fingerprint_compares_and_tells_nothing():
    seal = Seal("the secret key")
    kept = seal.fingerprint(RUN, PARAMETERS)
    assert SECRET not in kept
    assert seal.same(kept, RUN, PARAMETERS[::-1]) is True
    assert seal.same(kept, RUN, (Parameter("password", "other"), PARAMETERS[1])) is False
    assert seal.same(kept, RUN, ()) is False
    assert seal.same(kept, OTHER, PARAMETERS) is False  # nor does it show that two runs had the same ones
    assert Seal("the secret key").same(kept, RUN, PARAMETERS) is True
    assert Seal("another key").same(kept, RUN, PARAMETERS) is None
    assert seal.same("unknown", RUN, PARAMETERS) is None


def test_what_is_asked_of_the_doctor_is_repeated_without_its_secret():
    assert "hunter2" not in str(doctor.not_now("trigger 3377 with my.secret.thing=hunter2"))
