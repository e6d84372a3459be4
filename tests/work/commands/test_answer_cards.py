"""The cards of answers, flows and runs: the cases that no scene reaches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.core.command.rights import Denial
from bot.core.flow.model import (
    Flow,
    FlowId,
    Instance,
    InstanceId,
    Parameter,
    UserName,
)
from bot.core.flow.status import Status
from bot.core.outbox.blocks import rendered as as_sent
from bot.core.outbox.pointers import PostPresence, post_presence
from bot.core.outbox.posts import (
    Lane,
    NewPost,
    Post,
    PostId,
    PostKind,
    PostState,
)
from bot.core.people.model import Attempt, Entry, Outcome, Person
from bot.core.text.escape import Markup, code, mention
from bot.core.text.message import ago, duration, plain, rendered, verbatim
from bot.messages.cards import answers, flows
from bot.messages.cards.flows import day_before

NOW = datetime(2026, 11, 21, 14, 30, tzinfo=UTC)
MAYA = Person("T0DEMO0001", "U0MAYA00001")
JONAS = Person("T0DEMO0001", "U0JONAS0001")
ADMINS = ("U0ALEX00001", "U0BODO00001", "U0CARL00001", "U0DORA00001")

CHOOSE, SHORT = verbatim("Choose."), verbatim("Short")


def texts(body):
    return [block["text"]["text"] for block in as_sent(body)["blocks"] if block["type"] == "section"]


# ── answers ──


def test_a_command_too_long_for_a_button_is_shown_as_text():
    long = "trigger 3377 with path=" + "x" * 2000
    body = answers.told("w", CHOOSE, post="p1", offers=[(verbatim("Now <b>"), long), (SHORT, "show 1")])
    assert f"Now &lt;b&gt;: `{long}`" in texts(body)[1]
    (row,) = (block for block in as_sent(body)["blocks"] if block["type"] == "actions")
    assert [element["value"] for element in row["elements"]] == ["1|p1|show 1"]


def test_without_a_post_there_are_no_buttons():
    body = answers.told("", CHOOSE, offers=[(SHORT, "show 1")])
    assert [block["type"] for block in body.blocks] == ["section", "section"]


def test_a_command_that_cannot_be_shown_is_not_repeated():
    assert [len(answers.told(words, CHOOSE).blocks) for words in ("", "\u202e")] == [1, 1]
    assert as_sent(answers.told("a\u202eb `c`", CHOOSE))["blocks"][-1]["elements"][0]["text"] == "↳ `ab ˋcˋ`"


def entry(**more):
    attempt = Attempt("k", MAYA, "C", "", "button", "enable 3377", "enable", NOW)
    return Entry(1, attempt, **more)


def pressed(before, asker):
    return rendered(answers.second_press(before, NOW + timedelta(minutes=5), asker=asker))


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (None, "This was pressed a moment ago. If you still need it, press again."),
        (
            entry(ended_at=NOW, outcome=Outcome.read("asked")),
            "Somebody else pressed this a moment ago. If you still need it, press again.",
        ),
        (entry(), "I'm still working on it: <@U0MAYA00001> pressed this 5 min ago."),
        (
            entry(ended_at=NOW, outcome=Outcome.read("done")),
            "Already done: <@U0MAYA00001> pressed this 5 min ago. To do it again, type the command.",
        ),
        (
            entry(ended_at=NOW, outcome=Outcome.read("bug:abc")),
            (
                "<@U0MAYA00001> pressed this 5 min ago, and I don't know whether it was done. Check the state. "
                "If you still need it, type the command."
            ),
        ),
    ],
)
def test_a_second_press_is_answered_with_the_first(before, text):
    assert pressed(before, JONAS) == text


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (entry(), "I'm still working on it: you pressed this 5 min ago. I'll answer where you pressed."),
        (
            entry(ended_at=NOW, outcome=Outcome.read("done")),
            "Already done: you pressed this 5 min ago. To do it again, type the command.",
        ),
        (
            entry(ended_at=NOW, outcome=Outcome.read("bug:abc")),
            (
                "You pressed this 5 min ago, and I don't know whether it was done. Check the state. "
                "If you still need it, type the command."
            ),
        ),
        (
            entry(ended_at=NOW, outcome=Outcome.read("asked")),
            "You pressed this 5 min ago, and I asked you a question. Nothing was changed yet.",
        ),
        (
            entry(ended_at=NOW, outcome=Outcome.read("outage:Silence")),
            (
                "You pressed this 5 min ago. Nothing was changed. My answer at that time says why. "
                "If you still need it, press again."
            ),
        ),
    ],
)
def test_a_second_press_by_the_same_person_says_so(before, text):
    assert pressed(before, MAYA) == text


OWNER = mention(JONAS.user)


def denied(reason, *, owners=OWNER, **more):
    flow = code("3377")
    return rendered(
        answers.denial(
            reason,
            person=MAYA,
            command="/flow",
            flow=flow,
            owners=owners,
            unread=verbatim("I could not read it."),
            **more,
        )
    )


@pytest.mark.parametrize("reason", [each for each in Denial if each is not Denial.NONE])
def test_every_denial_says_that_nothing_happened_and_what_to_do(reason):
    text = denied(reason, admins=ADMINS)
    assert text.count("Nothing was changed.") == (reason not in {Denial.NOT_LINKED, Denial.GUEST})
    assert any(words in text for words in ("Ask ", "Use ", "Unlock "))
    assert "!" not in text


@pytest.mark.parametrize("reason", [Denial.NOT_LINKED, Denial.GUEST])
def test_the_link_command_can_be_read_and_copied(reason):
    """A mention in code ticks would show an id that nobody can read."""
    words = "`/flow link` <@U0MAYA00001> `USERID NAME` (your EnOS user ID and user name)."
    own = "`/flow link me USERID NAME` (your EnOS user ID and user name)."
    assert denied(reason, admins=ADMINS[:1]).endswith(f" Ask for it with {own} <@U0ALEX00001> can approve it.")
    assert denied(reason, admins=("U0MAYA00001", *ADMINS)).endswith(f" Link yourself with {words}")
    assert denied(reason).endswith(
        f"No flowbot admin is set. Ask the person who operates flowbot to set one. The admin then runs: {words}"
    )


def test_an_unproven_admin_is_not_told_to_ask_themselves():
    text = denied(Denial.NOT_VERIFIED, admins=("U0MAYA00001",))
    assert text.endswith(
        "Check your link with `people`, and correct it with `/flow link` <@U0MAYA00001> `USERID NAME`."
    )
    assert denied(Denial.NOT_VERIFIED, admins=ADMINS[:1]).endswith("Ask <@U0ALEX00001> to check your link.")
    assert denied(Denial.NOT_VERIFIED).endswith("Ask the person who operates flowbot to check your link.")


@pytest.mark.parametrize(
    ("admins", "whom"),
    [
        (ADMINS[:1], "<@U0ALEX00001>"),
        (ADMINS[:2], "<@U0ALEX00001> or <@U0BODO00001>"),
        (ADMINS, "<@U0ALEX00001>, <@U0BODO00001> or <@U0CARL00001>"),
        ((), "the person who operates flowbot"),
    ],
)
def test_three_admins_are_named(admins, whom):
    assert denied(Denial.NOT_ADMIN, admins=admins).endswith(f" Ask {whom}. Nothing was changed.")


def test_a_refusal_names_the_askers_enos_user():
    assert "and you (`maya&lt;b&gt;` in EnOS) are not one" in denied(Denial.NOT_OWNER, user_name="maya<b>")


@pytest.mark.parametrize("reason", [Denial.NOT_OWNER, Denial.NOT_RESPONDER])
def test_where_enos_names_no_owner_nobody_is_sent_to_one(reason):
    assert "Ask <@U0JONAS0001>" in denied(reason)
    text = denied(reason, owners=None)
    assert text.endswith("Nothing was changed.")
    assert "Ask your EnOS administrator." in text or "Ask somebody on call." in text


def test_where_the_answer_is():
    assert "Invite me with `/invite @flowbot`." in texts(answers.see_direct_messages("trigger 1"))[0]
    flow = Markup("`3377` *daily*")
    assert [texts(answers.see_thread("rerun 1", flow, each, "C1")) for each in PostPresence] == [
        ["I answered in the thread of the incident of `3377` *daily*."],
        ["The incident of `3377` *daily* has no message in Slack yet. I'll answer in its thread in <#C1>."],
        ["The incident of `3377` *daily* has no message in Slack, so I answered in <#C1>."],
    ]


@pytest.mark.parametrize(
    ("state", "how"),
    [
        (PostState.QUEUED, PostPresence.PENDING),
        (PostState.SENDING, PostPresence.PENDING),
        (PostState.UNCLEAR, PostPresence.PENDING),
        (PostState.SENT, PostPresence.POSTED),
        (PostState.GIVEN_UP, PostPresence.MISSING),
    ],
)
def test_whether_a_linked_message_is_in_slack(state, how):
    new = NewPost(PostId("p"), PostKind.MESSAGE, Lane.ALERT, "C1", {}, NOW)
    assert post_presence(Post(new, state)) is how
    assert post_presence(None) is PostPresence.MISSING


def test_nothing_links_to_a_message_that_is_not_in_slack():
    said = {each: rendered(answers.says_so(each, "C1", "https://slack.test/1")) for each in PostPresence}
    assert said == {
        PostPresence.POSTED: "The change is in the <https://slack.test/1|incident thread>.",
        PostPresence.PENDING: ("The incident has no message in Slack yet. The change will be in its thread in <#C1>."),
        PostPresence.MISSING: "The incident has no message in Slack, so the change is in <#C1>.",
    }
    assert rendered(answers.says_so(PostPresence.POSTED, "C1", "")) == (
        "The change is in the incident thread in <#C1>."
    )


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(), "just now"),
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=1), "1 s ago"),
        (timedelta(hours=2, minutes=5), "2 h 5 min ago"),
    ],
)
def test_ages_in_words(span, words):
    assert plain(ago(span)) == words


# ── flows ──


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=-1), "less than a second"),
        (timedelta(hours=-3), "less than a second"),
        (timedelta(seconds=1), "1 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=60), "1 h"),
        (timedelta(hours=23, minutes=59), "23 h 59 min"),
        (timedelta(hours=24), "1 d"),
        (timedelta(days=3, hours=4), "3 d 4 h"),
    ],
)
def test_durations_in_words(span, words):
    assert plain(duration(span)) == words


def test_owners_are_mentioned_where_linked_and_counted_where_many():
    names = tuple(UserName(f"n{number}<b>") for number in range(10))
    shown = rendered(flows.owners(names, {names[0]: MAYA}))
    assert shown.startswith("<@U0MAYA00001>, `n1&lt;b&gt;`")
    assert shown.endswith(" and 2 more")
    assert str(flows.owners((), {})) == "none"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("a*b", "*a∗b*"), ("", ""), ("\u202e", ""), ("a\nb", "*a b*"), ("x" * 200, "*" + "x" * 119 + "…*")],
)
def test_a_name_cannot_break_out_of_its_bold(name, shown):
    assert flows.bold(name) == shown


def test_a_data_date_is_the_day_before_the_trigger_time():
    run = Instance(InstanceId("3377-2026112102"), FlowId(3377), "f", Status.FAIL)
    eight = timedelta(hours=8)
    assert flows.data_date(run, eight) == "2026-11-20"
    assert flows.data_date(run, None) == ""  # a guess would be another day
    assert flows.data_date(replace(run, data_date="2026-11-01"), None) == "2026-11-01"
    assert flows.data_date(replace(run, id=InstanceId("3377-x")), eight) == ""
    assert flows.data_date(replace(run, id=InstanceId("3377-2026112118")), eight) == "2026-11-21"  # 02:00 there
    assert day_before(datetime(1, 1, 1, tzinfo=UTC), eight) == day_before(datetime(1, 1, 1, tzinfo=UTC), -eight) == ""


def test_a_row_without_a_readable_id_shows_the_printed_time():
    run = Instance(InstanceId("odd"), FlowId(3377), "", 42, trigger_time="then <b>")
    shown = rendered(flows.row(run, Markup("why")))
    assert shown == "⚫ status 42 · `3377` · `odd` · then &lt;b&gt; (time zone not known) — _why_"


def test_many_parameters_are_cut_and_counted():
    parameters = [Parameter(f"k{n}", "" if n == 0 else "v" * 400) for n in range(43)]
    lines = rendered(flows.parameter_list(parameters)).split("\n")
    assert lines[0] == "`k0` = _empty_"
    assert lines[1] == f"`k1` = `{'v' * 299}…`"
    assert lines[-1] == "… and 3 more"
    assert len(lines) == 41


def test_no_task_is_said():
    assert str(flows.task_list(())["text"].text) == "EnOS shows no tasks."


@pytest.mark.parametrize(
    ("cycle", "words", "shown"),
    [
        ("D", None, "every day"),
        ("?", None, "none"),
        ("D", "At <2>", "At &lt;2&gt;"),
        ("D", "At 02:00", "At 02:00 (EnOS's time zone)"),
    ],
)
def test_a_schedule_in_words(cycle, words, shown):
    described = words and (lambda _language: words)
    assert rendered(flows.schedule(Flow(FlowId(1), "f", active=True, cycle=cycle), described)) == shown
