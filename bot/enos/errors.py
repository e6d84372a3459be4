"""EnOS's refusals and failures, each with the sentence for people.

    Refused                     asking again will not help
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

from bot.core.errors import Refused, TemporaryFailure, Unclear
from bot.core.text.escape import EMPTY
from bot.core.text.message import Text
from bot.enos.values import quoted


class EnosRefused(Refused):
    """EnOS or its gateway said no. ``reason`` is stable; ``words`` is EnOS's own wording."""

    def __init__(
        self,
        reason: str,
        sentence: Text | str,
        way_out: Text | str = EMPTY,
        code: int | None = None,
        words: str = "",
    ) -> None:
        super().__init__(reason, sentence, way_out)
        self.code, self.words = code, words


class EnosFailure(TemporaryFailure):
    """EnOS failed. ``reason`` is a stable word for records, ``why`` the cause in a few words."""

    reason = "outage"

    def __init__(self, sentence: str, why: str) -> None:
        super().__init__(sentence)
        self.why = why


class Unreachable(EnosFailure):
    """The request never left: nothing happened."""

    reason = "unreachable"

    def __init__(self, why: str) -> None:
        super().__init__(f"EnOS cannot be reached: {why}. Nothing was sent; ask again in a minute.", why)


class Untrusted(Unreachable):
    """The server's certificate is not trusted: nothing was sent. ``code`` is OpenSSL's."""

    def __init__(self, detail: str, code: int) -> None:
        super().__init__(f"its certificate is not trusted, {detail.rstrip('.')}")
        self.detail, self.code = detail.rstrip("."), code


class NoResponse(EnosFailure):
    """The request was sent, and no whole answer came. ``timed_out``: it took all the time that a call may take."""

    reason = "no_answer"

    def __init__(self, why: str, *, timed_out: bool = False) -> None:
        super().__init__(f"EnOS did not answer: {why}. Ask again in a minute.", why)
        self.timed_out = timed_out


class BadResponse(EnosFailure):
    """What came back is not an answer of the batch API. ``worth_retrying``: whether another attempt may differ."""

    reason = "unreadable"

    def __init__(self, why: str, *, worth_retrying: bool = True) -> None:
        sentence = (
            f"EnOS's answer cannot be read: {why}. Ask again in a minute; if this lasts, ask an admin of the bot to "
            "check ENOS_API_URL and any proxy before it."
        )
        super().__init__(sentence, f"its answer cannot be read, {why}")
        self.worth_retrying = worth_retrying


class MismatchedResponse(BadResponse):
    """An answer about something else than what was asked for: nothing in it is believed."""

    def __init__(self, about: str, asked: str) -> None:
        EnosFailure.__init__(
            self,
            f"EnOS answered about {about} when asked about {asked}, so this answer is not used. "
            "Try again in a minute. If this lasts, ask a flowbot admin to check the EnOS gateway.",
            f"its answer is about {about}, not about {asked}",
        )
        self.worth_retrying = False


class EndlessList(EnosFailure):
    """A list whose pages did not end within a sensible limit: what was read is not all of it."""

    reason = "endless"

    def __init__(self, listed: str, pages: int) -> None:
        super().__init__(
            f"EnOS's list of {listed} does not end: flowbot stopped after {pages:,} pages. "
            "What is behind them was not read. Check the EnOS gateway: it may repeat or invent pages.",
            f"its list of {listed} does not end",
        )


class TemporarilyUnavailable(EnosFailure):
    """EnOS accepts no call now: nothing happened. ``seconds`` is None where it does not say how long."""

    because = "takes no call just now"

    def __init__(self, seconds: float | None = None) -> None:
        wait = "a minute" if seconds is None else f"{max(1, round(seconds))} s"
        super().__init__(f"EnOS {self.because}. Ask again in {wait}.", f"it {self.because}")
        self.seconds = seconds


class Throttled(TemporarilyUnavailable):
    """EnOS asks for fewer requests."""

    reason, because = "throttled", "asks for fewer requests"


class ServiceUnavailable(TemporarilyUnavailable):
    """EnOS, or the gateway before it, says that it is out of service (HTTP 503)."""

    reason, because = "unavailable", "is unavailable right now"


class ServerError(EnosFailure):
    """EnOS answered that it had an internal error."""

    reason = "internal"

    def __init__(self, status: int, code: int | None = None, message: str = "") -> None:
        what = f"code {code}" if code is not None else f"HTTP {status}"
        sentence = f"EnOS failed inside ({what}){quoted(message)}. Ask again in a minute."
        super().__init__(sentence, f"it failed inside, {what}")
        self.status, self.code, self.words = status, code, message


class TokenRejected(EnosFailure):
    """The access token was not accepted: nothing happened. It is renewed first, so people rarely see this."""

    reason = "sign_in"

    def __init__(self, what: str) -> None:
        super().__init__(
            f"EnOS did not accept the sign-in, not even a fresh one ({what}). "
            "This is for an admin of the bot to mend: check the clock of the machine that flowbot runs on, since "
            "calls more than 15 minutes off are turned away. Then ask again.",
            what,
        )


class TimestampReused(EnosFailure):
    """The token service saw this timestamp before (1001): another process asked in the same millisecond."""

    reason = "sign_in"

    def __init__(self) -> None:
        super().__init__("EnOS's sign-in was asked for twice in one millisecond. Ask again in a minute.", "code 1001")


class AnswerLost(Unclear):
    """A change was sent and its answer was lost, ``why`` says how. It must not be sent again automatically."""

    reason = "answer_lost"

    def __init__(self, why: str) -> None:
        super().__init__(
            f"Whether EnOS did it is not known: {why}. It may have, so flowbot does not send it again; "
            "look at the flow before you do."
        )
        self.why = why
