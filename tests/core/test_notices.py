"""Notices: told once when they begin, once when they end, and again only where they are about something else."""

from datetime import UTC, datetime

from bot.core.flow.times import is_due
from bot.core.outbox import notices
from bot.core.outbox.notices import Notice
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def post(id_):
    return NewPost(PostId(id_), PostKind.MESSAGE, Lane.ALERT, "C0DATAOPS1", {"text": id_}, NOW)


def told(*decisions):
    """The ids of what is said when these are decided one after another, each from the note that the last one left."""
    note, said = "", []
    for decide in decisions:
        found = decide(note)
        if found is not None:
            note = found.note
            said += [each.id for each in found.posts]
    return said


def begins(id_, about=""):
    return notices.begins(Notice(PostId(id_), NOW, about), [post(id_)])


def over():
    return notices.ends(lambda standing: [post(f"{standing.post}-over")])


def test_it_is_told_once_and_so_is_its_end():
    assert told(begins("a"), begins("b"), over(), over()) == ["a", "a-over"]


def test_an_end_without_a_beginning_is_not_told():
    assert told(over()) == []


def test_what_is_about_something_else_is_told_again():
    assert told(begins("a", "x"), begins("b", "x"), begins("c", "y"), over()) == ["a", "c", "c-over"]


def test_a_notice_is_read_as_it_was_written():
    notice = Notice(PostId("a"), NOW, "about")
    assert Notice.read(notice.written()) == notice
    assert Notice.read("") is None


def test_a_time_that_lies_ahead_makes_it_time_again():
    hour = datetime(2026, 11, 21, 10, 0, tzinfo=UTC) - NOW
    assert not is_due(NOW, hour, NOW)
    assert not is_due(NOW, hour, NOW + hour / 2)
    assert is_due(NOW, hour, NOW + hour)
    assert is_due(NOW + hour, hour, NOW)
