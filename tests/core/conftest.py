import pytest
from incident_picture import as_sent, picture, refused
from languages import PSEUDO, english_words, speak_all
from phone import unfit

# Names of flows, tasks, runs and groups in the pictures, and what EnOS and people say there.
DATA = (
    "daily-energy-report", "transform", "EnOS", "flowbot", "Slack", "UTC", "load", "turbine", "maya.chen",
    "looking at the source table", "source is down until Monday", "It did not answer within 10 s.", "Again",
    "jonas.weber", "owner.", "wind", "weather", "forecast north", "channel", "here", "amp", "lt", "gt", "evil",
    "PagerDuty",
)  # fmt: skip


@pytest.fixture
def golden(snapshot, monkeypatch):
    """Compare a card with its golden picture in a language. Slack takes it, and nothing bypasses the catalogue."""
    speak_all(monkeypatch)

    def compare(card, language, data=()):
        body = as_sent(card, language)
        assert refused(body) == []
        assert unfit(body) == []
        if language == PSEUDO:
            assert english_words(body, (*DATA, *data)) == []
        assert picture(body) == snapshot

    return compare
