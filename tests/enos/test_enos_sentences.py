"""What people read of EnOS's failures: each is one or more whole sentences, and the cause stands in parentheses."""

import pytest

from bot.core.text.message import msg, rendered
from bot.enos.errors import (
    AnswerLost,
    BadResponse,
    EndlessList,
    MismatchedResponse,
    NoResponse,
    ServerError,
    ServiceUnavailable,
    TemporarilyUnavailable,
    Throttled,
    TimestampReused,
    TokenRejected,
    Unreachable,
    Untrusted,
    quote,
    the_flow,
    the_run,
)

ENDLESS = msg("EnOS's list of runs does not end.")
EMPTY = msg("it sent an empty answer")
FAILURES = [
    (NoResponse(30), "EnOS did not answer within 30 s. Try again in a minute.", "no answer within 30 s"),
    (NoResponse(0.5), "EnOS did not answer within 0.5 s. Try again in a minute.", "no answer within 0.5 s"),
    (
        NoResponse(),
        "The connection to EnOS broke before the answer came. Try again in a minute.",
        "the connection broke",
    ),
    (
        Untrusted("certificate has expired.", 10),
        (
            "No connection to EnOS (its certificate is not trusted: certificate has expired). Nothing was changed. "
            "Try again in a minute."
        ),
        "its certificate is not trusted: certificate has expired",
    ),
    (
        Unreachable(msg("no connection in time"), msg("If this lasts, an operator should check ENOS_API_URL.")),
        (
            "No connection to EnOS (no connection in time). Nothing was changed. Try again in a minute. "
            "If this lasts, an operator should check ENOS_API_URL."
        ),
        "no connection in time",
    ),
    (
        BadResponse(EMPTY),
        (
            "EnOS's answer can't be read (it sent an empty answer). Try again in a minute. "
            "If this lasts, ask a flowbot admin to check the EnOS gateway and any proxy before it."
        ),
        "it sent an empty answer",
    ),
    (
        MismatchedResponse(the_flow(99), the_run("3377-1")),
        (
            "EnOS answered about flow 99 when asked about run 3377-1. This answer is not used. Try again in a minute. "
            "If this lasts, ask a flowbot admin to check the EnOS gateway and any proxy before it."
        ),
        "it answered about flow 99 instead of run 3377-1",
    ),
    (
        EndlessList(ENDLESS, 1),
        (
            "EnOS's list of runs does not end. Reading stopped after 1 page. What comes after that was not read. "
            "Check the EnOS gateway: it may repeat or invent pages."
        ),
        "its list does not end",
    ),
    (
        TemporarilyUnavailable(),
        "EnOS accepts no calls right now. Try again in a minute.",
        "it accepts no calls right now",
    ),
    (Throttled(0.2), "EnOS asks for fewer requests. Try again in 1 s.", "it asks for fewer requests"),
    (ServiceUnavailable(3600), "EnOS is out of service right now. Try again in 1 h.", "it is out of service"),
    (ServerError(502), "EnOS had an internal error (HTTP 502). Try again in a minute.", "internal error HTTP 502"),
    (
        ServerError(200, 62999, " something\nnew. "),
        "EnOS had an internal error (62999: “something new”). Try again in a minute.",
        "internal error 62999",
    ),
    (
        TokenRejected("4011"),
        (
            "EnOS did not accept flowbot's sign-in, not even a new one (4011). An operator should check the clock of "
            "flowbot's machine: EnOS refuses calls that are more than 15 minutes off."
        ),
        "sign-in not accepted, 4011",
    ),
    (
        TimestampReused(),
        "flowbot signed in to EnOS twice within one millisecond. Try again in a minute.",
        "two sign-ins within one millisecond",
    ),
    (
        AnswerLost(EMPTY),
        (
            "EnOS did not confirm (it sent an empty answer). It may have made the change, so I will not send it a "
            "second time. Look at the flow before you try again."
        ),
        "it sent an empty answer",
    ),
]


@pytest.mark.parametrize(("failure", "sentence", "why"), FAILURES, ids=lambda value: str(value)[:40])
def test_each_failure_is_told_in_whole_sentences(failure, sentence, why):
    assert str(failure) == sentence
    assert str(failure.why) == why


@pytest.mark.parametrize("words", ["", " \n "])
def test_where_enos_says_nothing_nothing_is_quoted(words):
    assert quote(words) is None


@pytest.mark.parametrize("words", ["no such flow", "no such flow.", " no such\nflow。"])
def test_a_quote_ends_with_one_full_stop(words):
    assert str(quote(words)) == "EnOS says: “no such flow”."


def test_a_quote_is_cut_and_does_nothing_in_slack():
    shown = quote("<!channel> " + "x" * 5000)
    assert shown is not None
    assert rendered(shown).startswith("EnOS says: “&lt;!channel&gt; xxx")
    assert len(str(shown)) < 330
