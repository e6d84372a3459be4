"""The notices about polling and about the promise, as golden pictures."""

from datetime import timedelta

import pytest
from incident_makers import NOW
from incident_picture import foreign_pings
from languages import ALL

from bot.core.text.message import msg
from bot.messages.cards import monitoring

LATE = msg("A failure was seen {duration} ago and is not posted yet.", duration=timedelta(minutes=2))
NOTICES = {
    "reading takes too long": monitoring.late(NOW),
    "the promise is broken": monitoring.promise_broken([LATE]),
    "the promise is kept again": monitoring.promise_kept(),
    "reading is in time again": monitoring.in_time_again(timedelta(minutes=12)),
}


@pytest.mark.parametrize("language", ALL)
@pytest.mark.parametrize("name", NOTICES)
def test_the_notices(name, language, golden):
    assert foreign_pings(NOTICES[name]) == []
    golden(NOTICES[name], language)


def test_the_operator_hears_what_to_look_at():
    assert "how fast EnOS answers" in str(monitoring.LATE)
