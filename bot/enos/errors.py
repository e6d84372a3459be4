"""EnOS's refusals and failures, each with the sentence for people.

    Refusal                     asking again will not help
    └── EnosRefused             EnOS or its gateway said no; carries its code and its words
    TemporaryFailure            asking again may help
    ├── EnosFailure             … of EnOS
    │   ├── Unreachable             the request never left this machine
    │   │   └── Untrusted           because the server's certificate does not prove that it is EnOS
    │   ├── NoResponse              it was sent, and no whole answer came
    │   ├── BadResponse             the answer is not an answer of the API
    │   │   └── MismatchedResponse  … or is about something else than what was asked for
    │   ├── EndlessList             a list without an end
    │   ├── TemporarilyUnavailable  EnOS accepts no call now
    │   │   ├── Throttled           it asks for fewer requests
    │   │   └── ServiceUnavailable  it is out of service
    │   ├── ServerError             EnOS answered that it failed
    │   ├── TokenRejected           the access token was not accepted
    │   └── TimestampReused         the token service saw this timestamp before
    └── Unclear
        └── AnswerLost          a change whose answer was lost: check before asking again

What leads to which is in ``codes.py`` (a table) and ``responses.py``.
"""

from datetime import timedelta

from bot.core.errors import Refusal, TemporaryFailure, Unclear
from bot.core.text.escape import EMPTY
from bot.core.text.message import Message, Text, msg, plural, sentences

AGAIN = msg("Try again in a minute.")
_IF_IT_LASTS = msg("If this lasts, ask a flowbot admin to check the EnOS gateway and any proxy before it.")
_LONGEST_QUOTE = 300  # characters of a message of EnOS that people are shown


def short(words: str) -> str:
    """EnOS's own words on one line, cut to a length that a person reads, without the full stop of their own."""
    line = " ".join(words.split()).rstrip(".。")
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1] + "…"


def quote(words: str) -> Message | None:
    """EnOS's own words as a sentence; None where there are none."""
    shown = short(words)
    return msg("EnOS says: “{words}”.", words=shown) if shown else None


def the_flow(id_: int) -> Message:
    """A flow, where a sentence names what an answer is about."""
    return msg("flow {flow}", flow=str(id_))


def the_run(id_: str) -> Message:
    """A run, in the same way; an answer may name it by any text."""
    return msg("run {run}", run=id_[:60])


def the_task_run(id_: str) -> Message:
    """A task of a run, in the same way."""
    return msg("task run {task_run}", task_run=id_[:60])


class EnosRefused(Refusal):
    """EnOS or its gateway said no. ``reason`` is stable; ``words`` is EnOS's own wording."""

    def __init__(
        self,
        reason: str,
        sentence: Text,
        way_out: Text = EMPTY,
        code: int | None = None,
        words: str = "",
    ) -> None:
        super().__init__(reason, sentence, way_out)
        self.code, self.words = code, words


class EnosFailure(TemporaryFailure):
    """EnOS failed. ``reason`` is a stable word for records, ``why`` the cause, for parentheses."""

    reason = "outage"

    def __init__(self, message: Text, why: Text) -> None:
        super().__init__(message)
        self.why = why


class Unreachable(EnosFailure):
    """The request never left: nothing happened. ``way_out`` is what an operator can do about it."""

    reason = "unreachable"

    def __init__(self, why: Text, way_out: Text | None = None) -> None:
        message = msg("No connection to EnOS ({why}). Nothing was changed. Try again in a minute.", why=why)
        super().__init__(sentences(message, way_out), why)


class Untrusted(Unreachable):
    """The server's certificate is not trusted: nothing was sent. ``code`` is OpenSSL's."""

    def __init__(self, detail: str, code: int) -> None:
        self.detail, self.code = detail.rstrip("."), code
        super().__init__(msg("its certificate is not trusted: {detail}", detail=self.detail))


class NoResponse(EnosFailure):
    """The request was sent, and no whole answer came: not within ``seconds``, or the connection broke (None)."""

    reason = "no_answer"

    def __init__(self, seconds: float | None = None) -> None:
        self.timed_out = seconds is not None
        if seconds is None:
            message = msg("The connection to EnOS broke before the answer came. Try again in a minute.")
            super().__init__(message, msg("the connection broke"))
        else:
            n = f"{seconds:g}"
            message = msg("EnOS did not answer within {n} s. Try again in a minute.", n=n)
            super().__init__(message, msg("no answer within {n} s", n=n))


class BadResponse(EnosFailure):
    """What came back is not an answer of the batch API: ``why`` says what EnOS ("it") did instead.

    ``worth_retrying``: whether another attempt may differ.
    """

    reason = "unreadable"

    def __init__(self, why: Text, *, worth_retrying: bool = True) -> None:
        message = msg("EnOS's answer can't be read ({why}).", why=why)
        super().__init__(sentences(message, AGAIN, _IF_IT_LASTS), why)
        self.worth_retrying = worth_retrying


class MismatchedResponse(BadResponse):
    """An answer about something else than what was asked for: nothing in it is believed."""

    def __init__(self, about: Message, asked: Message) -> None:
        message = msg(
            "EnOS answered about {about} when asked about {asked}. This answer is not used.", about=about, asked=asked
        )
        EnosFailure.__init__(self, sentences(message, AGAIN, _IF_IT_LASTS), instead(about, asked))
        self.worth_retrying = False


def instead(about: Message, asked: Message) -> Message:
    """The cause of a failure where EnOS answered about something else."""
    return msg("it answered about {about} instead of {asked}", about=about, asked=asked)


class EndlessList(EnosFailure):
    """A list whose pages did not end within a sensible limit: what was read is not all of it."""

    reason = "endless"

    def __init__(self, endless: Message, pages: int) -> None:
        """``endless`` is a sentence that names the list."""
        message = plural("Reading stopped after {n} page.", "Reading stopped after {n} pages.", pages)
        way_out = msg("What comes after that was not read. Check the EnOS gateway: it may repeat or invent pages.")
        super().__init__(sentences(endless, message, way_out), msg("its list does not end"))


class TemporarilyUnavailable(EnosFailure):
    """EnOS accepts no call now: nothing happened. ``seconds`` is None where it does not say how long."""

    because, why_now = msg("EnOS accepts no calls right now."), msg("it accepts no calls right now")

    def __init__(self, seconds: float | None = None) -> None:
        wait = None if seconds is None else timedelta(seconds=max(1, round(seconds)))
        again = AGAIN if wait is None else msg("Try again in {duration}.", duration=wait)
        super().__init__(sentences(self.because, again), self.why_now)
        self.seconds = seconds


class Throttled(TemporarilyUnavailable):
    """EnOS asks for fewer requests."""

    reason = "throttled"
    because, why_now = msg("EnOS asks for fewer requests."), msg("it asks for fewer requests")


class ServiceUnavailable(TemporarilyUnavailable):
    """EnOS, or the gateway before it, says that it is out of service (HTTP 503)."""

    reason = "unavailable"
    because, why_now = msg("EnOS is out of service right now."), msg("it is out of service")


class ServerError(EnosFailure):
    """EnOS answered that it had an internal error."""

    reason = "internal"

    def __init__(self, status: int, code: int | None = None, message: str = "") -> None:
        named, words = str(code) if code is not None else f"HTTP {status}", short(message)
        sentence = (
            msg("EnOS had an internal error ({code}: “{words}”).", code=named, words=words)
            if words
            else msg("EnOS had an internal error ({code}).", code=named)
        )
        super().__init__(sentences(sentence, AGAIN), msg("internal error {code}", code=named))
        self.status, self.code, self.words = status, code, message


class TokenRejected(EnosFailure):
    """The access token was not accepted: nothing happened. It is renewed first, so people rarely see this."""

    reason = "sign_in"

    def __init__(self, code: str) -> None:
        sentence = msg("EnOS did not accept flowbot's sign-in, not even a new one ({code}).", code=code)
        way_out = msg(
            "An operator should check the clock of flowbot's machine: EnOS refuses calls that are more than 15 minutes "
            "off."
        )
        super().__init__(sentences(sentence, way_out), msg("sign-in not accepted, {code}", code=code))


class TimestampReused(EnosFailure):
    """The token service saw this timestamp before (1001): another process asked in the same millisecond."""

    reason = "sign_in"

    def __init__(self) -> None:
        sentence = msg("flowbot signed in to EnOS twice within one millisecond.")
        super().__init__(sentences(sentence, AGAIN), msg("two sign-ins within one millisecond"))


class AnswerLost(Unclear):
    """A change was sent and its answer was lost, ``why`` says how. It must not be sent again automatically."""

    reason = "answer_lost"

    def __init__(self, why: Text) -> None:
        super().__init__(
            msg(
                "EnOS did not confirm ({why}). It may have made the change, so I will not send it a second time. "
                "Look at the flow before you try again.",
                why=why,
            )
        )
        self.why = why
