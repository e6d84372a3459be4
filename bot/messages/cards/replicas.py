"""The replicas of flowbot, as ``status`` shows them."""

from collections.abc import Sequence

from bot.core.health.shared import Member
from bot.core.text.escape import code
from bot.core.text.message import Text, msg, plural, sentences


def status(members: Sequence[Member], me: str) -> Text:
    """How many run, which one leads since when, and which one (its id is ``me``) answers."""
    leader = next((each for each in members if each.leads_since is not None), None)
    own = next((code(each.name) for each in members if each.id == me), None)
    return sentences(
        plural("{n} replica is running.", "{n} replicas are running.", len(members)),
        msg("No replica leads right now.")
        if leader is None or leader.leads_since is None
        else msg("{replica} has led since {time}.", replica=code(leader.name), time=leader.leads_since),
        msg("{replica} sent this answer.", replica=own) if own else None,
    )
