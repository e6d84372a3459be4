"""What Slack sends can be stored, and its lists end."""

import contextlib
import itertools
import json
import time
from datetime import UTC, datetime

import pytest
from fake_slack import BOT, BOT_USER, TEAM, event_of, mention, pressed, slash
from hypothesis import given
from hypothesis import strategies as st

from bot.core.command.buttons import OLD_BUTTON
from bot.core.outbox.conversations import SlackUnclear
from bot.core.people.model import Surface
from bot.core.text.escape import legible
from bot.slack import incoming
from bot.slack.calls import storable
from bot.slack.directory import MEMBER_PAGES, Directory, Identity
from bot.slack.redacted import redact

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
ME = Identity(TEAM, BOT_USER, BOT)
HALF = "\ud83d"


def texts(received):
    origin = received.origin
    places = (origin.channel, origin.thread, origin.message, origin.response_url)
    return (received.key, received.text, received.by.team, received.by.user, received.post, *places)


def test_half_characters_in_messages_are_replaced():
    assert incoming.command(slash(f"show night{HALF}\x00"), NOW).text == "show night��"
    assert incoming.event(event_of(mention(f"<@{BOT_USER}> show {HALF}")), NOW, ME).text == "show �"
    assert len(incoming.command(slash("x" * 10**6), NOW).text) == 40_000


@pytest.mark.parametrize("odd", [HALF, "U\x00", "U" * 300])
def test_ids_that_cannot_be_stored_are_empty(odd):
    assert incoming.command(slash("mine", user_id=odd), NOW) is None
    received = incoming.command(
        slash("mine", channel_id=odd, response_url=odd * 5000, trigger_id=odd), NOW, delivery=odd
    )
    assert received.origin.channel == "U0MAYA00001"
    assert received.origin.response_url == ""
    assert received.key.startswith("command:")
    assert [*map(legible, texts(received))] == [*texts(received)]
    assert incoming.press(pressed(f"1|p|ack {HALF}"), NOW).text == OLD_BUTTON
    assert incoming.press(pressed("1|p|" + "x" * 5000), NOW).text == OLD_BUTTON


def test_a_payload_nested_without_end_has_a_key_too():
    deep = []
    for _ in range(100_000):
        deep = [deep]
    body = {**slash("mine"), "deep": deep}
    del body["trigger_id"]
    assert incoming.command(body, NOW).key == incoming.command(dict(body), NOW).key


LOOSE = st.recursive(
    st.none() | st.integers() | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec=None)), inner, max_size=3),
    max_leaves=6,
)


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None), min_size=1))
def test_every_message_can_be_stored(text, thread):
    received = incoming.event(event_of(mention(text, thread_ts=thread)), NOW, ME)
    assert received.origin.surface is Surface.MENTION
    json.dumps(texts(received), ensure_ascii=False).encode()
    assert "\x00" not in "".join(texts(received))


@given(LOOSE)
def test_every_answer_of_slack_can_be_stored(value):
    kept = json.dumps(storable(value), ensure_ascii=False)
    kept.encode()
    assert "\\u0000" not in kept


def test_an_answer_nested_without_end_is_read_to_a_depth():
    deep = []
    for _ in range(100_000):
        deep = [deep, {}]
    assert "[" in json.dumps(storable({"deep": deep}))


async def test_names_and_places_of_an_answer_are_fit(poster, slack):
    slack.answers["users.info"] = {"user": {"id": "U1", "profile": {"display_name": f"Maya{HALF}" + "x" * 10**6}}}
    slack.answers["conversations.info"] = {"channel": {"id": "C1", "name": f"ops{HALF}", "is_member": True}}
    profile, channel = await poster.profile("U1"), await poster.channel("C1")
    assert profile.name.startswith("Maya�x")
    assert len(profile.name) <= 200
    assert channel.name == "ops�"


async def test_an_answer_with_a_place_that_cannot_be_stored_is_unclear(poster, slack):
    slack.answers["chat.postMessage"] = {"channel": "C1", "ts": "1" * 10**5}
    with pytest.raises(SlackUnclear):
        await poster.post("C1", {"text": "x"}, id="p1")


class Members:
    """A list of members as ``pages`` of ``Calls`` yields it; its cursors are ``cursors``."""

    def __init__(self, cursors, after=lambda: None):
        self.cursors, self.after, self.asked = cursors, after, 0

    async def pages(self, _method, _arguments, most):
        for number, cursor in zip(range(most), self.cursors, strict=False):
            self.asked += 1
            self.after()
            yield {"members": [f"U{number}"], "response_metadata": {"next_cursor": cursor}}
            if not cursor:
                return


async def test_a_list_of_members_that_repeats_its_pages_or_never_ends_is_unclear(caplog):
    clock = [0.0]
    circle, endless = Members(itertools.cycle("ab")), Members(map(str, itertools.count()))
    for calls, most in ((circle, 3), (endless, MEMBER_PAGES)):
        with pytest.raises(SlackUnclear, match="does not end"):
            await Directory(calls, lambda: clock[0]).members("C1")
        assert calls.asked <= most
    assert caplog.text.count("does not end") == 2

    told = []
    endless = (
        "Slack's list of the members of C1 does not end. Reading stopped after 2, and none is used. "
        "Check SLACK_API_URL: what answers there may repeat pages."
    )
    for cursors in ("aa", [""]):
        with contextlib.suppress(SlackUnclear):
            await Directory(
                Members(cursors), lambda: clock[0], lambda walk, why: told.append((walk, str(why)))
            ).members("C1")
    assert told == [
        ("members of C1", endless),
        ("members of C1", ""),
    ]

    def later():
        clock[0] += 10.0

    slow = Members(map(str, itertools.count()), later)
    with pytest.raises(SlackUnclear):
        await Directory(slow, lambda: clock[0]).members("C1")
    assert slow.asked < 100


async def test_a_list_of_many_pages_is_read_to_its_end():
    cursors = [*map(str, range(100)), ""]
    assert len(await Directory(Members(cursors), lambda: 0.0).members("C1")) == 101


@pytest.mark.parametrize(
    ("read", "unit"),
    [
        (lambda text: incoming.without_mention(text, ME), " "),
        (lambda text: incoming.without_mention(text, ME), f"<@{BOT_USER}|"),
        (redact, "https://"),
        (redact, "https://a/b/"),
        (redact, "ticket="),
    ],
)
def test_reading_time_grows_in_proportion_to_the_text(read, unit):
    def seconds(size):
        began = time.process_time()
        read("x" + unit * (size // len(unit)))
        return time.process_time() - began

    short, long = min(seconds(20_000) for _ in range(3)), min(seconds(80_000) for _ in range(3))
    assert long < 9 * short + 0.01


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to https://hooks.slack.com/services/T/B/x now", "to (secret) now"),
        ("https://a/?ticket=abc&x=1", "https://a/?ticket=(secret)&x=1"),
        ("https://a/xoxb-1-2", "https://a/(secret)"),
        ("https://a?x=https://b/response/1", "(secret)"),
        ("see https://a/b", "see https://a/b"),
    ],
)
def test_secrets_in_addresses_are_not_logged(text, shown):
    assert redact(text) == shown
