"""The decisions of the delivery: tables, and laws that hold for every outcome."""

from dataclasses import replace
from datetime import timedelta

import pytest
from delivery_fakes import DEFAULT, START, edit, ephemeral, file, message
from hypothesis import given
from hypothesis import strategies as st

from bot.core.outbox.blocks import Card, rendered
from bot.core.outbox.posts import Lane, Post, PostKind, PostState
from bot.core.outbox.slack_errors import SHARED_CHANNEL, TABLE, meaning
from bot.work.delivery.channel_health import notice_posts
from bot.work.delivery.outcomes import (
    UNKNOWN_FOR,
    Delivered,
    GiveUp,
    MessageLost,
    OutsideThread,
    Replace,
    Reroute,
    Retry,
    Unclear,
    after_failed_lookup,
    after_file,
    after_lookup,
    after_no_file,
    after_refusal,
    after_unclear,
    backoff,
    duplicates,
    in_time,
    is_direct,
    lookup_delay,
    plain,
)

ADMINS = ("U1", "U2")
SOON = START + timedelta(seconds=1)
LATE = START + timedelta(hours=25)


def text_of(new, language="en"):
    """What a post that holds a card says in its first paragraph."""
    return rendered(new.body, language)["blocks"][0]["text"]["text"]


def post(new=None, **more) -> Post:
    new = new or message()
    return Post(new, PostState.SENDING, more.pop("attempts", 1), more.pop("channel", new.channel), **more)


def refusal(error, new=None, now=SOON, *, here_only=False, **more):
    return after_refusal(post(new, **more), error, default_channel=DEFAULT, wait=30, now=now, here_only=here_only)


ANSWER = message(lane=Lane.ANSWER)
BLOCKS = {"text": "FAIL", "blocks": [{"type": "section"}]}

REFUSALS = [
    ("a wait is waited out", refusal("ratelimited"), Retry(30, "ratelimited")),
    ("an answer waits an hour at most", refusal("ratelimited", ANSWER, LATE), GiveUp("too late: ratelimited")),
    ("an alert waits as long as it takes", refusal("token_revoked", now=LATE), Retry(30, "token_revoked")),
    ("a missing scope waits for its operator", refusal("missing_scope"), Retry(30, "missing_scope")),
    ("an error inside Slack may have happened", refusal("internal_error"), Unclear("internal_error")),
    ("a closed channel's alert goes to the default one", refusal("is_archived"), Reroute(DEFAULT, "is_archived")),
    ("an edit cannot move", refusal("is_archived", edit("e", "m")), GiveUp("is_archived")),
    ("a file cannot move", refusal("is_archived", file("f", "C1")), GiveUp("is_archived")),
    (
        "a whisper goes to its person",
        refusal("user_not_in_channel", ephemeral("w")),
        Reroute("U1", "user_not_in_channel"),
    ),
    ("so where the bot is no member", refusal("no_permission", ephemeral("w")), Reroute("U1", "no_permission")),
    ("so where its thread is gone", refusal("thread_not_found", ephemeral("w")), Reroute("U1", "thread_not_found")),
    ("not where Slack takes nothing", refusal("token_revoked", ephemeral("w")), Retry(30, "token_revoked")),
    (
        "a direct message stays private",
        refusal("messages_tab_disabled", message(channel="D1")),
        GiveUp("messages_tab_disabled"),
    ),
    (
        "an answer finds its asker",
        refusal("not_in_channel", replace(ANSWER, user="U1")),
        Reroute("U1", "not_in_channel"),
    ),
    ("an answer to nobody is told by default", refusal("not_in_channel", ANSWER), Reroute(DEFAULT, "not_in_channel")),
    ("the default channel is waited for", refusal("is_archived", message(channel=DEFAULT)), Retry(30, "is_archived")),
    ("and so is its edit", refusal("is_archived", edit("e", "m", channel=DEFAULT)), Retry(30, "is_archived")),
    (
        "and housekeeping, however old",
        refusal("is_archived", message(channel=DEFAULT, lane=Lane.HOUSEKEEPING), LATE),
        Retry(30, "is_archived"),
    ),
    (
        "but not by an old answer",
        refusal("is_archived", replace(ANSWER, channel=DEFAULT), LATE),
        GiveUp("too late: is_archived"),
    ),
    ("a locked thread is left", refusal("thread_not_found", message(thread="9.0")), Reroute("C1", "thread_not_found")),
    (
        "outside of a thread it is about the channel",
        refusal("thread_not_found"),
        Reroute(DEFAULT, "thread_not_found"),
    ),
    ("what is gone is said again", refusal("message_not_found", edit("e", "m")), MessageLost("message_not_found")),
    ("so is what takes no edit", refusal("edit_window_closed", edit("e", "m")), MessageLost("edit_window_closed")),
    ("what was to be posted is no lost message", refusal("is_inactive"), GiveUp("is_inactive")),
    (
        "refused blocks go as words",
        refusal("invalid_blocks", message(body=BLOCKS)),
        Replace(message(body={"text": "FAIL"}), "invalid_blocks"),
    ),
    ("refused words are given up", refusal("invalid_blocks"), GiveUp("invalid_blocks")),
    (
        "what one place alone denies goes elsewhere",
        refusal("access_denied", here_only=True),
        Reroute(DEFAULT, "access_denied"),
    ),
    (
        "so does a private answer",
        refusal("access_denied", ephemeral("w"), here_only=True),
        Reroute("U1", "access_denied"),
    ),
    (
        "what one person's direct messages alone deny waits",
        refusal("access_denied", message(channel="U1"), here_only=True),
        Retry(30, "access_denied"),
    ),
    (
        "and who has left is let be",
        refusal("account_inactive", message(channel="U1"), here_only=True),
        GiveUp("account_inactive"),
    ),
    (
        "an unknown word is our bug",
        refusal("brand_new", message(body=BLOCKS)),
        Replace(message(body={"text": "FAIL"}), "brand_new"),
    ),
    ("our bug with words alone is given up", refusal("brand_new"), GiveUp("brand_new")),
]


@pytest.mark.parametrize(("step", "expected"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_after_a_refusal(step, expected):
    assert step == expected


def test_a_file_that_helps_nobody_any_more_is_told_of():
    step = refusal("file_uploads_disabled", file("f"), LATE)
    assert step.why == "too late: file_uploads_disabled"
    assert text_of(step.new) == (
        "I couldn't upload `task.log`. Slack accepted no file for 30 min. Ask for it again later."
    )
    nameless = refusal("file_uploads_disabled", replace(file("f"), body={}), LATE)
    assert text_of(nameless.new).startswith("I couldn't upload the file. ")


MINUTES = [
    ("a private answer", ephemeral("w"), 30),
    ("a private answer to an alert", ephemeral("w", lane=Lane.ALERT), 30),
    ("a file", file("f"), 30),
    ("an answer in direct messages", message(channel="D1", lane=Lane.ANSWER), 30),
    ("an answer in a channel", ANSWER, 60),
    ("housekeeping", message(lane=Lane.HOUSEKEEPING), 24 * 60),
    ("the first message of an incident", message(), None),
    ("a reply in its thread", message(thread="9.0"), None),
    ("its edit", edit("e", "m"), None),
    (
        "housekeeping that finds out whether the default channel lives",
        message(channel=DEFAULT, lane=Lane.HOUSEKEEPING),
        None,
    ),
]


@pytest.mark.parametrize(("new", "minutes"), [row[1:] for row in MINUTES], ids=[row[0] for row in MINUTES])
def test_for_how_long_another_try_is_worth_it(new, minutes):
    def after(minutes):
        now = START + timedelta(minutes=minutes)
        return in_time(post(new), Retry(9, "unreachable"), default_channel=DEFAULT, wait=30, now=now)

    if minutes is None:
        assert after(60 * 24 * 365) == Retry(9, "unreachable")
        return
    assert after(minutes) == after(-60) == Retry(9, "unreachable")
    assert isinstance(after(minutes + 1), GiveUp if new.kind is not PostKind.FILE else Replace)


def test_a_first_message_is_never_dropped_unless_it_was_for_one_person():
    def kept(new):
        return in_time(post(new), GiveUp("new_word"), default_channel=DEFAULT, wait=30, now=LATE)

    assert kept(message()) == Retry(30, "new_word")
    assert kept(message(channel="U1")) == kept(message(thread="9.0")) == kept(ANSWER) == GiveUp("new_word")


def test_words_alone_are_short_enough_for_every_method_and_never_empty():
    assert len(plain({"text": "x" * 9000})["text"]) == 3000
    assert plain({"blocks": []})["text"] == "–"
    told = {"type": "section", "text": {"type": "mrkdwn", "text": "all of it"}}
    assert plain({"text": "a headline", "blocks": [told]}) == {"text": "a headline\nall of it"}
    assert plain(plain({"text": "x" * 9000})) == plain({"text": "x" * 9000})


@given(
    error=st.sampled_from([*TABLE, "brand_new"]),
    kind=st.sampled_from(PostKind),
    lane=st.sampled_from(Lane),
    channel=st.sampled_from(["C1", "U1", "D1", DEFAULT]),
    thread=st.sampled_from(["", "9.0"]),
    user=st.sampled_from(["", "U7"]),
)
def test_refusals_come_to_an_end_and_only_alerts_wait_for_ever(error, kind, lane, channel, thread, user):
    """Following the steps leads to an end: no two refusals send a post in a circle."""
    new = message(kind=kind, lane=lane, channel=channel, thread=thread, user=user, body=BLOCKS)
    steps = []
    for _ in range(5):
        step = refusal(error, new, LATE)
        steps.append(step)
        match step:
            case Reroute(place, _):
                as_kind = PostKind.MESSAGE if new.kind is PostKind.EPHEMERAL else new.kind
                new = replace(new, kind=as_kind, channel=place, thread="")
            case Replace(other, _):
                new = replace(other, body=rendered(other.body)) if isinstance(other.body, Card) else other
            case _:
                break
        assert kind is not PostKind.EPHEMERAL or is_direct(new.channel) or new.kind is PostKind.EPHEMERAL
    assert isinstance(steps[-1], Retry | Unclear | GiveUp | MessageLost)
    assert kind is PostKind.EDIT or not isinstance(steps[-1], MessageLost)
    if isinstance(steps[-1], Retry):
        assert lane is Lane.ALERT or new.channel == DEFAULT
        assert kind is not PostKind.EPHEMERAL
        assert lane is not Lane.ANSWER or kind is PostKind.EDIT


def test_while_no_look_tells_only_an_alert_goes_again_and_only_in_the_end():
    just_tried = replace(post(), tried_at=LATE)
    assert after_failed_lookup(just_tried, LATE + UNKNOWN_FOR) is None
    assert isinstance(after_failed_lookup(just_tried, LATE + UNKNOWN_FOR + timedelta(seconds=1)), Retry)
    assert after_failed_lookup(post(ANSWER), SOON) is None
    assert after_failed_lookup(post(ANSWER), LATE) == GiveUp("too late: unclear")


def test_waits_grow_to_a_limit_and_jitter_only_shortens_them():
    assert [backoff(tries, 0.0) for tries in (0, 1, 2, 3, 9, 10, 99)] == [1, 1, 2, 4, 256, 300, 300]
    assert backoff(3, 0.999) >= 2
    assert [lookup_delay(doubts).total_seconds() for doubts in (0, 1, 2, 3, 99)] == [3, 3, 6, 12, 300]


def test_after_a_look():
    assert after_lookup(post(), ("1.0", "2.0"), SOON) == Delivered("C1", "1.0", ("2.0",), "found")
    assert after_lookup(post(), ("1.0",), SOON, in_channel=("2.0",)) == Delivered("C1", "1.0", ("2.0",), "found")
    assert after_lookup(post(), (), SOON, in_channel=("1.0", "2.0")) == OutsideThread(
        "C1", "1.0", ("2.0",), orphan=False
    )
    assert after_lookup(post(), (), LATE) == Retry(0, "not there")
    assert after_lookup(post(ANSWER), (), LATE) == GiveUp("too late: unclear")
    assert after_unclear(post(edit("e", "m"), doubts=9), SOON) == Retry(0, "unclear")
    assert after_unclear(post(ephemeral("w"), doubts=1), SOON) == Retry(0, "unclear")
    assert after_unclear(post(ephemeral("w"), doubts=2), SOON) == Reroute("U1", "unclear twice")
    assert after_unclear(post(ephemeral("w"), doubts=1), LATE) == GiveUp("too late: unclear")


def test_after_a_file_was_asked_for():
    def after(ts="", doubts=1, now=SOON, *, shared=False, certain=False):
        return after_file(post(file("f"), ts=ts, doubts=doubts), shared=shared, certain=certain, now=now)

    assert after("F1", now=LATE, shared=True) == Delivered("U1", "F1", (), "found")
    assert after("F1") is None
    assert after("F1", 2, certain=True) == Retry(0, "not there")
    assert after() == Retry(0, "not there")
    for told in (after("F1", 3, certain=True), after(doubts=3), after(now=LATE), after("F1", now=LATE, certain=True)):
        assert isinstance(told, Replace)
        assert told.new.kind is PostKind.MESSAGE
        assert "did not confirm the upload" in text_of(told.new)
    assert after_no_file(post(file("f"), ts="F1"), SOON) is None
    assert isinstance(after_no_file(post(file("f"), ts="F1"), LATE), Replace)


@given(st.lists(st.sampled_from(["1.0", "2.0", "3.0"]), unique=True), st.sampled_from(["1.0", "2.0", "9.0"]))
def test_of_several_copies_all_but_one_go_and_the_recorded_one_stays(found, recorded):
    gone = duplicates(post(ts=recorded), tuple(found))
    assert len(gone) == max(0, len(found) - 1)
    assert recorded not in gone or recorded not in found


def test_a_bad_channel_is_reported_with_the_reason_and_the_fix():
    (told,) = notice_posts(post(), "not_in_channel", DEFAULT, ADMINS, SOON)
    assert text_of(told) == (
        "⚠️ I can't post in <#C1>. The app is not in the channel. Run `/invite @flowbot` there. "
        "Until then its messages are posted here."
    )
    assert (told.id, told.channel, told.lane) == ("notice-p1", DEFAULT, Lane.HOUSEKEEPING)


@pytest.mark.parametrize(
    ("error", "fix", "chinese"),
    [
        (
            "shared_channel",
            "Ask a flowbot admin to set another channel, or to allow alerts in this one.",
            "请 flowbot 管理员设置其他频道，或允许在该频道发送告警。",
        ),
        (
            "is_archived",
            "Unarchive it, or ask a flowbot admin to set another channel.",
            "取消归档，或请 flowbot 管理员设置其他频道。",
        ),
        ("invalid_channel", "Ask a flowbot admin to set another channel.", "请 flowbot 管理员设置其他频道。"),
    ],
)
def test_people_in_a_channel_are_told_whom_to_ask_and_no_setting(error, fix, chinese):
    (told,) = notice_posts(post(), error, DEFAULT, ADMINS, SOON)
    assert f" {fix} Until then" in text_of(told)
    assert chinese in text_of(told, "zh")
    assert "FLOWBOT_" not in text_of(told)


def test_the_admins_are_told_about_a_bad_default_channel_each_directly():
    told = notice_posts(post(message(channel=DEFAULT)), "is_archived", DEFAULT, ADMINS, SOON)
    assert [(each.id, each.channel) for each in told] == [
        ("notice-p1-back", DEFAULT),
        ("notice-p1-U1", "U1"),
        ("notice-p1-U2", "U2"),
    ]
    assert text_of(told[1]) == (
        f"🔴 I can't post in the alert channel <#{DEFAULT}>. The channel is archived. "
        "Unarchive it, or set another channel. Its messages wait. Nothing is lost."
    )


def test_what_is_reported_about_a_channel_that_strangers_read():
    told = notice_posts(post(message(channel=DEFAULT)), SHARED_CHANNEL, DEFAULT, ADMINS, SOON)
    why = meaning(SHARED_CHANNEL)
    assert f" {why.sentence} {why.way_out} " in text_of(told[1])
    back = text_of(told[0])
    assert f" {why.sentence} " in back
    assert str(why.way_out) not in back, "by then it is fixed"


@pytest.mark.parametrize(
    ("new", "error"),
    [
        (message(), "ratelimited"),
        (message(channel="D1"), "messages_tab_disabled"),
        (ANSWER, "not_in_channel"),
    ],
)
def test_what_is_not_a_bad_channel_is_not_reported(new, error):
    assert notice_posts(post(new), error, DEFAULT, ADMINS, SOON) is None
