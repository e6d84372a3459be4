"""What the libraries may log: no token, no response_url, no socket ticket, and never a request's body."""

import logging
import re

NAME = "flowbot.slack.library"

# bolt finds SLACK_BOT_TOKEN in the environment by itself and says that our client and authorize win, as they should.
_KNOWN = ("As you gave `client` as well", "As you gave `authorize` as well")

_SECRETS = (
    r"xox[a-z](?:\.xox[a-z])?-[\w-]+"  # bot, user and refresh tokens
    r"|xapp-[\w-]+"
    r"|(?<=ticket=)[^&\s'\"<>]+"
)
SECRETS = re.compile(_SECRETS)
# An address is matched whole and searched afterwards, so that no text is matched twice.
ADDRESS_OR_SECRET = re.compile(rf"(?P<address>https?://[^\s'\"<>]*)|{_SECRETS}")
SECRET_PATH = re.compile(r"/(?:response|actions|commands|services|workflows|upload)/")


def redact(text: str) -> str:
    """The text with every token, ticket and secret address replaced."""
    return ADDRESS_OR_SECRET.sub(_hidden, text)


def _hidden(found: re.Match[str]) -> str:
    address = found["address"]
    if address is None or SECRET_PATH.search(address):
        return "(secret)"
    return SECRETS.sub("(secret)", address)  # a token or a ticket may be in any address


class Redacting(logging.Filter):
    """Rewrites records on their way: the message with its arguments and the traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record and let it pass."""
        line = record.getMessage()
        if line.startswith(_KNOWN):
            return False
        if record.exc_info:
            line = f"{line}\n{logging.Formatter().formatException(record.exc_info)}"
        record.msg, record.args, record.exc_info, record.exc_text = redact(line), None, None, None
        return True


def library_log() -> logging.Logger:
    """The logger handed to slack_bolt and slack_sdk.

    Its level stays at INFO whatever the program's is: below it both log whole requests. bolt copies level and
    filters to the loggers it makes (slack_bolt 1.30.0, ``slack_bolt.logger``).
    """
    log = logging.getLogger(NAME)
    log.setLevel(logging.INFO)
    if not any(isinstance(each, Redacting) for each in log.filters):
        log.addFilter(Redacting())
    return log
