"""What the leader of several replicas tells the others comes to them as it was."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.flow.model import FlowId
from bot.core.health.promise import Judgement
from bot.core.health.shared import Shared, read, written
from bot.core.text import kept
from bot.core.text.escape import EMPTY, Markup, code
from bot.core.text.message import LINES, Joined, layout, msg, plain, plural, rendered, sentences

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

TEXTS = [
    EMPTY,
    Markup("<@U1>"),
    msg("The database has not answered for {duration}.", duration=timedelta(minutes=3, seconds=0.5)),
    msg("{name} since {time}", name="a <b> & {c}", time=AT),
    plural("{n} flow", "{n} flows", 1),
    plural("{n} flow", "{n} flows", 2100),
    sentences(msg("A."), None, EMPTY, msg("B: {what}.", what=code("x"))),
    layout("{of}: {each}", of=Joined((msg("A"), Markup("*b*")), LINES), each=msg("{n}", n=7)),
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_text_is_shown_as_where_it_was_made(text, language):
    again = kept.read(json.loads(json.dumps(kept.written(text))))
    assert type(again) is type(text)
    assert (rendered(again, language), plain(again, language)) == (rendered(text, language), plain(text, language))


def test_what_a_library_words_is_kept_in_english():
    text = msg("It runs {when}.", when=lambda language: f"daily ({language}) <")
    again = kept.read(json.loads(json.dumps(kept.written(text))))
    assert rendered(again, "zh") == rendered(msg("It runs {when}.", when="daily (en) <"), "zh")


@pytest.mark.parametrize("other", [None, 3, "text", {"seconds": 3}])
def test_what_is_no_text_is_refused(other):
    with pytest.raises(TypeError):
        kept.read(other)


ALL = Shared(
    judgement=Judgement((msg("A since {time}.", time=AT),), (msg("B."),)),
    watched=(18, 19),
    read_at=AT,
    known_since=AT - timedelta(days=90),
    history_at=AT - timedelta(minutes=2),
    offset=timedelta(hours=5, minutes=30),
    lost=frozenset({"C1", "U2"}),
    said={FlowId(3377): ("its schedule is off", AT, AT + timedelta(hours=1))},
)


@pytest.mark.parametrize("shared", [ALL, Shared(), Shared(offset=timedelta())])
def test_all_of_it_comes_as_it_was(shared):
    assert read(written(shared)) == shared


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"watched": 3}', "7", written(ALL).replace("2026", "x")])
def test_of_what_another_version_wrote_nothing_is_known(text):
    assert read(text) == Shared()
