"""Checks of Slack, from its answers. Pure."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from bot.core.checks.check import (
    Check,
    failed,
    ok,
    people,
    some,
    warning,
)
from bot.core.outbox.conversations import Channel
from bot.core.outbox.slack_errors import SHARED_CHANNEL, meaning
from bot.core.people import on_call as oncall
from bot.core.people.model import Link, Profile

DRIFT = timedelta(seconds=60)  # clocks that differ by more are a warning
FRESH = timedelta(minutes=5)  # older requests of Slack are refused (its signing rules)

CUT_TO = 15  # messages of a page
_HISTORY = "slack history"
_SLOW = "After a lost answer, flowbot then needs minutes to find out whether a message was posted."
_OWN_APP = (
    "Create an app of your own from manifest.yml in this workspace, don't activate public distribution, "
    "and give flowbot its tokens."
)

_REINSTALL = (
    "Add it on the app's page under OAuth & Permissions, or paste the manifest anew; then install the app again."
)


def scopes(granted: Collection[str], wanted: Sequence[tuple[str, str]]) -> tuple[Check, ...]:
    """A check for each scope that is missing, or one that all are there, and one for what is too much."""
    if not granted:
        return (warning("slack scopes", "Slack did not say what the token may do.", "Look at OAuth & Permissions."),)
    missing = [
        failed(f"slack scope {scope}", f"The bot token lacks {scope}: {reason}.", _REINSTALL)
        for scope, reason in wanted
        if scope not in granted
    ]
    extra = sorted(set(granted) - {scope for scope, _ in wanted})
    found = missing or [ok("slack scopes", f"All {len(wanted)} scopes of the manifest are granted.")]
    if extra:
        says = f"The bot token may do more than flowbot needs: {', '.join(extra)}."
        found.append(warning("slack scopes beyond", says, "Remove them under OAuth & Permissions."))
    return tuple(found)


def clock(skew: timedelta | None) -> Check:
    """How this machine's clock compares with Slack's; ``skew`` is how far Slack's is ahead."""
    name = "slack clock"
    if skew is None:
        return warning(name, "Slack's answer names no time.", "Look whether a proxy stands between.")
    says = f"Slack's clock is {apart(skew)}."
    fix = "Set this machine's clock, for example with NTP."
    if abs(skew) >= FRESH:
        return failed(name, f"{says} Requests of Slack are not believed then, and calls to EnOS may be refused.", fix)
    return warning(name, says, fix) if abs(skew) > DRIFT else ok(name, says)


def apart(skew: timedelta) -> str:
    """How far another clock is from ours, in words."""
    seconds = round(abs(skew.total_seconds()))
    if seconds <= 1:
        return "the same as this machine's"
    size = f"{seconds} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    return f"{size} {'ahead of' if skew > timedelta() else 'behind'} this machine's"


def channel(found: Channel, shared: Collection[str]) -> Check:
    """Whether flowbot can work in its default channel, by Slack's description of it.

    ``shared`` are the channels where failures may be posted although another organization reads there.
    """
    name, shown = "slack channel", named(found)
    if found.archived:
        return failed(name, f"{shown} is archived.", "Unarchive it, or set another FLOWBOT_CHANNEL.")
    if not found.member:
        return failed(name, f"flowbot is not in {shown}.", f"Invite it there: /invite @flowbot in {shown}.")
    if found.shared and found.id not in shared:
        why = meaning(SHARED_CHANNEL)
        return failed(name, f"flowbot raises no alarm in {shown}: {why.sentence}.", why.way_out)
    if found.shared:
        says = f"flowbot is in {shown}; people of another organization read about your flows there."
        return ok(name, f"{says} FLOWBOT_SHARED_CHANNELS allows it.")
    return ok(name, f"flowbot is in {shown}.")


def history(shown: int, asked: int, *, more: bool) -> Check:
    """Whether Slack shows a channel's messages in pages of the usual length.

    Slack cuts them to 15, and allows one call a minute, for apps that are distributed outside of its Marketplace; not
    for a company's own app (docs.slack.dev, conversations.history, and the changelog of June 2025).
    """
    if more and shown <= CUT_TO < asked:
        says = f"Slack shows only {shown} messages at a time, as it does to apps distributed outside its Marketplace."
        return warning(_HISTORY, f"{says} {_SLOW}", _OWN_APP)
    return ok(_HISTORY, "Slack shows the channel's messages without cutting its pages short.")


def history_slow(seconds: float) -> Check:
    """That Slack asked to wait before the second read of a channel within a minute."""
    says = f"Slack asked to wait {seconds:g} s for a second look at the channel."
    why = "It allows one a minute to apps distributed outside its Marketplace."
    return warning(
        _HISTORY, f"{says} {why} {_SLOW}", f"Run the doctor again in a minute. If it says so again: {_OWN_APP}"
    )


def channel_refused(channel_id: str, error: str) -> Check:
    """What a refusal to describe the default channel means."""
    if error == "channel_not_found":
        says = f"There is no channel {channel_id}, or it is private and flowbot is not in it."
        fix = "Check FLOWBOT_CHANNEL (in Slack: the channel's name, About, at the end), and /invite @flowbot there."
        return failed("slack channel", says, fix)
    return failed("slack channel", f"Slack does not describe {channel_id}: {told(error)}.", meaning(error).way_out)


def named(found: Channel) -> str:
    """A channel's name as people know it."""
    return f"#{found.name}" if found.name else found.id


def told(error: str) -> str:
    """Slack's error code with its meaning, where that is known."""
    sentence = meaning(error).sentence
    return f"{sentence} ({error})" if sentence else error


def admin(user: str, profile: Profile | None) -> Check | None:
    """What is wrong with somebody of ``FLOWBOT_ADMINS``; ``profile`` is None where Slack has no such user."""
    name, fix = "slack admins", "Correct FLOWBOT_ADMINS."
    if profile is None:
        return failed(name, f"Slack knows no {user} of FLOWBOT_ADMINS.", fix)
    who = f"{profile.name or user} ({user}) of FLOWBOT_ADMINS"
    if profile.deleted:
        return failed(name, f"{who} is deactivated.", fix)
    if profile.bot or profile.stranger or profile.guest:
        what = "an app" if profile.bot else "of another organization" if profile.stranger else "a guest"
        return failed(name, f"{who} is {what}.", fix)
    return None


def admins(users: Sequence[str], troubles: Sequence[Check]) -> tuple[Check, ...]:
    """The checks about the bot's admins."""
    if not users:
        says = "FLOWBOT_ADMINS names nobody, so nobody can link people or read the audit from Slack."
        return (warning("slack admins", says, "Name at least two people there."),)
    return tuple(troubles) or (
        ok("slack admins", f"{people(len(users))} named in FLOWBOT_ADMINS, all of this workspace."),
    )


def linked(looked_at: Sequence[tuple[Link, Profile | None]], others: int, command: str) -> Check:
    """Which linked people are not in Slack any more; a profile is None where Slack has no such user.

    ``others`` are linked too, and were not checked.
    """
    name = "links in slack"
    more = f" {others} more were not looked at." if others else ""
    if not looked_at:
        return warning(name, "Slack did not tell in time who is still active.", "Run the doctor again in a minute.")
    gone = [link for link, profile in looked_at if profile is None or profile.deleted]
    if not gone:
        return ok(name, f"{people(len(looked_at))} linked and active in Slack.{more}")
    shown = some([f"{link.person.user} as {link.user_name}" for link in gone])
    says = f"Linked, but deactivated in Slack, so that cards name them and mention nobody: {shown}.{more}"
    fix = f"Link their EnOS users to those who follow them, or end the links: {command} unlink @person."
    return warning(name, says, fix)


def group(group_id: str, members: Collection[str] | None, error: str = "", inactive: int = 0) -> Check | None:
    """What is wrong with a group of ``FLOWBOT_ONCALL``; ``members`` is None where Slack refused with ``error``.

    Otherwise they are those who count; ``inactive`` more are in it, deactivated people or apps.
    """
    if members is None:
        says = f"Slack does not tell who is in {group_id} of FLOWBOT_ONCALL: {oncall.why(error)}."
        return failed("slack on call", says, oncall.fix(error))
    if not members:
        if inactive:
            who = (
                "one member is deactivated or an app"
                if inactive == 1
                else f"{inactive} members are deactivated or apps"
            )
            says = f"Nobody active is in {group_id} of FLOWBOT_ONCALL: its {who}."
        else:
            says = f"Nobody is in {group_id} of FLOWBOT_ONCALL."
        return warning("slack on call", says, oncall.fix(oncall.EMPTY))
    return None


def on_call(groups: Sequence[str], users: Collection[str], troubles: Sequence[Check]) -> tuple[Check, ...]:
    """The checks about who is on call."""
    if not groups:
        says = "FLOWBOT_ONCALL names no group: any linked member of the channel may acknowledge."
        return (ok("slack on call", says),)
    return tuple(troubles) or (ok("slack on call", f"{people(len(users))} on call."),)


def elsewhere(others: int) -> Check:
    """That this app has other connections although no bot runs here."""
    says = f"Slack counts {others} more connection{'' if others == 1 else 's'} of this app: flowbot runs elsewhere too."
    fix = "Run the doctor where that bot runs, or stop it: two bots would share what people say between them."
    return warning("slack socket elsewhere", says, fix)


def sockets(connected: int, wanted: int) -> Check:
    """How the running bot is connected."""
    name = "slack socket"
    if not wanted:
        return ok(name, "The running bot hears by HTTP.")
    fix = "Look whether Socket Mode is switched on for the app, and whether wss:// may leave this network."
    if not connected:
        return failed(name, "The running bot has no connection to Slack: it hears no command and no button.", fix)
    if connected < wanted:
        return warning(name, f"Only {connected} of the running bot's {wanted} connections to Slack stands.", fix)
    return ok(name, f"The running bot's {wanted} connections to Slack stand.")
