"""What a call to Slack concerns."""

import pytest

from bot.core.outbox.conversations import host_of


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://hooks.slack.com/commands/T0/1/secret", "hooks.slack.com"),
        ("http://127.0.0.1:8650/response/1", "127.0.0.1:8650"),
        ("https://who:secret@Files.Slack.com/upload", "files.slack.com"),
        ("not an address", ""),
        ("http://[broken/response/1", ""),
        ("", ""),
    ],
)
def test_the_host_of_an_address(url, host):
    assert host_of(url) == host
