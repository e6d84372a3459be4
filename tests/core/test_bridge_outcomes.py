"""What follows after a receiver's answer."""

from datetime import timedelta

import pytest
from incident_makers import NOW

from bot.core.bridges.model import Bridge, BridgeSettings
from bot.core.bridges.outcomes import LONGEST_PAUSE, Answer, Verdict, hold, pause, verdict

W, P = Bridge.WEBHOOK, Bridge.PAGERDUTY


@pytest.mark.parametrize(
    ("sentence", "bridge", "status", "age", "found"),
    [
        ("200 is accepted", W, 200, 0, Verdict.ACCEPTED),
        ("so is 204", W, 204, 0, Verdict.ACCEPTED),
        ("PagerDuty's 202", P, 202, 0, Verdict.ACCEPTED),
        ("however late", P, 202, 90, Verdict.ACCEPTED),
        ("no answer is asked again", W, 0, 0, Verdict.AGAIN),
        ("a redirect is not followed", W, 302, 0, Verdict.AGAIN),
        ("5xx", P, 503, 0, Verdict.AGAIN),
        ("a webhook's owner may correct a 400", W, 400, 0, Verdict.AGAIN),
        ("and a missing route", W, 404, 0, Verdict.AGAIN),
        ("PagerDuty refuses a body always", P, 400, 0, Verdict.REFUSED),
        ("also one that is too large", P, 413, 0, Verdict.REFUSED),
        ("a proxy's 403 is not PagerDuty's word", P, 403, 0, Verdict.AGAIN),
        ("429", P, 429, 0, Verdict.LIMITED),
        ("a webhook that is gone may be back", W, 410, 0, Verdict.GONE),
        ("PagerDuty is not gone", P, 410, 0, Verdict.AGAIN),
        ("three days are enough", W, 503, 72, Verdict.TOO_OLD),
        ("not less", W, 503, 71.9, Verdict.AGAIN),
    ],
)
def test_each_answer_means_one_thing(sentence, bridge, status, age, found):
    assert verdict(bridge, Answer(status), NOW, NOW + timedelta(hours=age)) is found, sentence


def test_pauses_grow_from_a_second_to_a_quarter_of_an_hour():
    waits = [pause(Verdict.AGAIN, n, 0, 1).total_seconds() for n in (1, 2, 3, 10, 11, 1000)]
    assert waits == [1, 2, 4, 512, 900, 900]
    assert pause(Verdict.AGAIN, 1, 0, 0) == timedelta(seconds=0.75)


def test_a_receiver_may_ask_for_a_longer_pause_up_to_an_hour():
    assert pause(Verdict.LIMITED, 1, 60, 0) == timedelta(minutes=1)
    assert pause(Verdict.AGAIN, 1, 99999, 0) == timedelta(hours=1)
    assert pause(Verdict.GONE, 1, 0, 0) == LONGEST_PAUSE


def test_an_event_that_only_it_refuses_does_not_delay_others_for_long():
    assert hold(Verdict.AGAIN, 50, 0, 1) == timedelta(seconds=30)
    assert hold(Verdict.LIMITED, 1, 60, 1) == timedelta(minutes=1)
    assert hold(Verdict.GONE, 1, 0, 1) == LONGEST_PAUSE


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer(503), "HTTP 503"),
        (Answer(400, "no routing_key"), "HTTP 400: no routing_key"),
        (Answer(0, "no answer within 15 s"), "no answer within 15 s"),
        (Answer(0), "no answer"),
    ],
)
def test_a_failure_is_named_in_a_few_words(answer, why):
    assert answer.why == why


def test_only_an_answer_that_asking_again_cannot_change_is_final():
    assert {each for each in Verdict if each.is_final} == {Verdict.ACCEPTED, Verdict.REFUSED, Verdict.TOO_OLD}


def test_without_settings_there_are_no_bridges():
    bare = BridgeSettings()
    assert not bare.configured
    assert (bare.new_id(), dict(bare.links(None, ("", ""))), bare.clock().tzinfo is not None) == ("", {}, True)
