"""Statuses of runs, those included that EnOS does not document."""

from bot.core.flow.status import Status, is_finished, name_of, status_of


def test_a_status_has_the_name_that_enos_gives_it():
    assert name_of(Status.FAIL) == name_of(int(Status.FAIL)) == "FAIL"
    assert name_of(42) == "status 42"


def test_a_status_that_nobody_knows_stays_a_number_and_has_not_ended():
    assert (status_of(int(Status.SUCCESS)), status_of(42)) == (Status.SUCCESS, 42)
    assert [is_finished(each) for each in (Status.SUCCESS, Status.RUNNING, 42)] == [True, False, False]
