"""What Slack makes of typed text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sim.slack.seed import demo_workspace
from bot.sim.slack.text import encode, escaped, unescaped

WORKSPACE = demo_workspace(lambda: 1_795_270_000.0)


def typed(text, *, labels=False):
    everyone = WORKSPACE.state.people.values()
    return encode(
        text, people=everyone, channels=WORKSPACE.channels.values(), groups=WORKSPACE.groups.values(), labels=labels
    )


@pytest.mark.parametrize(
    ("text", "delivered"),
    [
        ("by @Maya Chen today", "by <@U0MAYA00001> today"),
        ("by @maya.", "by <@U0MAYA00001>."),
        ("@maya.chen", "<@U0MAYA00001>"),
        ("@mayas", "@mayas"),
        ("in #data-ops", "in <#C0DATAOPS1|data-ops>"),
        ("in #grid-team", "in <#C0PRIVATE1|>"),
        ("in #nowhere", "in #nowhere"),
        ("ask @oncall-data", "ask <!subteam^S0ONCALL01|@oncall-data>"),
        ("@here and @channel", "<!here> and <!channel>"),
        ("a & b < c > d", "a &amp; b &lt; c &gt; d"),
        ("<!channel> weather", "&lt;!channel&gt; weather"),
        ("<@U0MAYA00001> and <@U0MAYA00001|maya>", "<@U0MAYA00001> and <@U0MAYA00001|maya>"),
        ("see https://a.example/x?a=1&b=2.", "see <https://a.example/x?a=1&amp;b=2>."),
        ("mail ops@a.example", "mail <mailto:ops@a.example|ops@a.example>"),
        ("path=bucket.example.com", "path=<http://bucket.example.com|bucket.example.com>"),
        ("`a & @maya`", "`a &amp; @maya`"),
        ("```\n<b> #general\n```", "```\n&lt;b&gt; #general\n```"),
    ],
)
def test_encoding(text, delivered):
    assert typed(text) == delivered


def test_some_clients_send_a_label():
    assert typed("@maya", labels=True) == "<@U0MAYA00001|maya.chen>"


def test_nobody_to_mention():
    assert encode("@maya & #x", people=(), channels=(), groups=()) == "@maya &amp; #x"


@given(st.text())
def test_escaping_is_undone(text):
    assert unescaped(escaped(text)) == text


@given(st.text(alphabet="ab &<>=-_'\"0123456789\n"))
def test_a_person_reads_what_was_typed(text):
    assert WORKSPACE.renderer.plain(typed(text)) == text


@pytest.mark.parametrize(
    ("mrkdwn", "read"),
    [
        ("<@U0NOBODY01> <@U0NOBODY01|sue>", "@U0NOBODY01 @sue"),
        ("<#C0GENERAL1> <#C0NOWHERE1|old>", "#general #old"),
        ("<!subteam^S0ONCALL01> <!subteam^S1|@x> <!here>", "@oncall-data @x @here"),
        (
            "<!date^1700000000^{time}|12:00 UTC> <https://a.example|link> <https://a.example>",
            "12:00 UTC link https://a.example",
        ),
    ],
)
def test_reading(mrkdwn, read):
    assert WORKSPACE.renderer.plain(mrkdwn) == read
