"""Certificates that are not trusted: what is told of them."""

from bot.core.network.certificates import EXPIRED, way_out
from bot.core.outbox.conversations import SlackUnreachable, SlackUntrusted


def test_what_to_do_names_the_address_and_the_certificates():
    said = str(way_out("SLACK_API_URL"))
    assert said.startswith("Check SLACK_API_URL.")
    assert "SSL_CERT_FILE" in said


def test_only_what_passes_by_itself_is_waited_out():
    assert {9, 10} == EXPIRED
    assert 20 not in EXPIRED  # an unknown authority
    assert 62 not in EXPIRED  # another name


def test_an_untrusted_slack_is_one_that_was_not_reached():
    doubt = SlackUntrusted("Hostname mismatch, not valid for 'slack.test'.", 62)
    assert isinstance(doubt, SlackUnreachable)
    assert str(doubt) == "its certificate is not trusted, Hostname mismatch, not valid for 'slack.test'"
    assert (doubt.told, doubt.code) == ("Hostname mismatch, not valid for 'slack.test'", 62)
