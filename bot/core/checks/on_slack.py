"""Checks of Slack, from its answers. Pure."""

from collections.abc import Collection, Sequence
from datetime import timedelta

from bot.core.checks.check import (
    Check,
    failed,
    ok,
    some,
    warning,
)
from bot.core.outbox.conversations import Channel
from bot.core.outbox.slack_errors import SHARED_CHANNEL, meaning
from bot.core.people import on_call as oncall
from bot.core.people.model import Link, Profile
from bot.core.text.message import plain

DRIFT = timedelta(seconds=60)  # clocks that differ by more are a warning
FRESH = timedelta(minutes=5)  # older requests of Slack are refused (its signing rules)

CUT_TO = 15  # messages of a page
_HISTORY = "slack history"
_SLOW = "After a lost answer, flowbot needs minutes to find out whether Slack has a message."
_OWN_APP = (
    "Create your own app from manifest.yml in this workspace, and give flowbot its tokens. "
    "Don't activate public distribution."
)

_REINSTALL = "Add it on the app's page under OAuth & Permissions, or paste the manifest again. Then reinstall the app."


def scopes(granted: Collection[str], wanted: Sequence[tuple[str, str]]) -> tuple[Check, ...]:
    """A check for each scope that is missing, or one that all are there, and one for what is too much."""
    if not granted:
        return (
            warning(
                "slack scopes",
                "Slack did not say which scopes the bot token has.",
                "Check them under OAuth & Permissions.",
            ),
        )
    missing = [
        failed(f"slack scope {scope}", f"The bot token lacks the scope {scope} ({reason}).", _REINSTALL)
        for scope, reason in wanted
        if scope not in granted
    ]
    extra = sorted(set(granted) - {scope for scope, _ in wanted})
    found = missing or [ok("slack scopes", f"All {len(wanted)} scopes of the manifest are granted.")]
    if extra:
        says = f"The bot token has scopes that flowbot does not need: {', '.join(extra)}."
        found.append(warning("slack scopes beyond", says, "Remove them under OAuth & Permissions."))
    return tuple(found)


def clock(skew: timedelta | None) -> Check:
    """How this machine's clock compares with Slack's; ``skew`` is how far Slack's is ahead."""
    name = "slack clock"
    if skew is None:
        return warning(name, "Slack's answer has no time.", "Check whether a proxy removes it.")
    says = apart("Slack", skew)
    fix = "Set this machine's clock, for example with NTP."
    if abs(skew) >= FRESH:
        return failed(name, f"{says} flowbot refuses Slack's requests, and EnOS may refuse flowbot's calls.", fix)
    return warning(name, says, fix) if abs(skew) > DRIFT else ok(name, says)


def apart(service: str, skew: timedelta) -> str:
    """How far the clock of a service is ahead of ours, in a sentence."""
    seconds = round(abs(skew.total_seconds()))
    if seconds <= 1:
        return f"{service}'s clock agrees with this machine's clock."
    size = f"{seconds} s" if seconds < 120 else f"{seconds / 60:.0f} min"
    if skew > timedelta():
        return f"{service}'s clock is {size} ahead of this machine's clock."
    return f"{service}'s clock is {size} behind this machine's clock."


def channel(found: Channel, shared: Collection[str]) -> Check:
    """Whether flowbot can work in its alert channel, by Slack's description of it.

    ``shared`` are the channels where failures may be posted although another organization reads there.
    """
    name, shown = "slack channel", named(found)
    if found.archived:
        return failed(name, f"{shown} is archived.", "Unarchive it, or set FLOWBOT_CHANNEL to another channel.")
    if not found.member:
        return failed(name, f"flowbot is not in {shown}.", f"Invite it: /invite @flowbot in {shown}.")
    if found.shared and found.id not in shared:
        why = meaning(SHARED_CHANNEL)
        return failed(name, f"flowbot posts no alerts in {shown}. {why.sentence}", plain(why.way_out))
    if found.shared:
        says = f"flowbot is in {shown}. People of another organization can read its alerts there."
        return ok(name, f"{says} FLOWBOT_SHARED_CHANNELS allows it.")
    return ok(name, f"flowbot is in {shown}.")


def history(shown: int, asked: int, *, more: bool) -> Check:
    """Whether Slack shows a channel's messages in pages of the usual length.

    Slack cuts them to 15, and allows one call a minute, for apps that are distributed outside of its Marketplace; not
    for a company's own app (docs.slack.dev, conversations.history, and the changelog of June 2025).
    """
    if more and shown <= CUT_TO < asked:
        says = f"Slack shows only {shown} messages at a time. It does so for apps distributed outside its Marketplace."
        return warning(_HISTORY, f"{says} {_SLOW}", _OWN_APP)
    return ok(_HISTORY, "Slack shows the channel's messages in full pages.")


def history_slow(seconds: float) -> Check:
    """That Slack asked to wait before the second read of a channel within a minute."""
    says = f"Slack asked flowbot to wait {seconds:g} s before it reads the channel again."
    why = "It allows apps distributed outside its Marketplace one call a minute."
    return warning(
        _HISTORY, f"{says} {why} {_SLOW}", f"Run the doctor again in a minute. If the warning comes again: {_OWN_APP}"
    )


def channel_refused(channel_id: str, error: str) -> Check:
    """What a refusal to describe the alert channel means."""
    if error == "channel_not_found":
        says = f"There is no channel {channel_id}, or it is private and flowbot is not in it."
        fix = "Check FLOWBOT_CHANNEL (in Slack: channel name, About, at the bottom), and run /invite @flowbot there."
        return failed("slack channel", says, fix)
    return failed("slack channel", told(f"Slack did not describe {channel_id}", error), plain(meaning(error).way_out))


def named(found: Channel) -> str:
    """A channel's name as people know it."""
    return f"#{found.name}" if found.name else found.id


def told(what: str, error: str, detail: str = "") -> str:
    """What Slack refused, with its error code, and what that means where it is known."""
    return f"{what} ({', '.join(filter(None, (error, detail)))}). {meaning(error).sentence}".strip()


def admin(user: str, profile: Profile | None) -> Check | None:
    """What is wrong with somebody of ``FLOWBOT_ADMINS``; ``profile`` is None where Slack has no such user."""
    name, fix = "slack admins", "Correct FLOWBOT_ADMINS."
    if profile is None:
        return failed(name, f"FLOWBOT_ADMINS names {user}, but Slack has no such user.", fix)
    who = f"{profile.name} ({user})" if profile.name else user
    if profile.deleted:
        return failed(name, f"FLOWBOT_ADMINS names {who}, who is deactivated.", fix)
    if profile.bot:
        return failed(name, f"FLOWBOT_ADMINS names {who}, which is an app.", fix)
    if profile.stranger:
        return failed(name, f"FLOWBOT_ADMINS names {who}, who is in another organization.", fix)
    if profile.guest:
        return failed(name, f"FLOWBOT_ADMINS names {who}, who is a guest.", fix)
    return None


def admins(users: Sequence[str], troubles: Sequence[Check]) -> tuple[Check, ...]:
    """The checks about the flowbot admins."""
    if not users:
        says = "FLOWBOT_ADMINS is empty. Nobody can link people or read the audit from Slack."
        return (warning("slack admins", says, "Name at least two people in it."),)
    return tuple(troubles) or (ok("slack admins", f"All flowbot admins are in this workspace: {len(users)}."),)


def home(*, is_on: bool) -> Check:
    """Whether the app has a Home tab. Slack does not tell which shortcuts and events an app has."""
    if is_on:
        return ok("slack home", "The app's Home tab is on.")
    says = "The app's Home tab is off. Its manifest is probably older than this flowbot."
    more = "Then the shortcuts and the event app_home_opened are missing too. Everything else works."
    fix = "Print the new manifest with `flowbot manifest`, and paste it on the app's page under App Manifest."
    return warning("slack home", f"{says} {more}", fix)


def linked(looked_at: Sequence[tuple[Link, Profile | None]], others: int, command: str) -> Check:
    """Which linked people are not in Slack any more; a profile is None where Slack has no such user.

    ``others`` are linked too, and were not checked.
    """
    name = "links in slack"
    more = f" Not checked: {others}." if others else ""
    if not looked_at:
        return warning(name, "Slack did not say in time who is still active.", "Run the doctor again in a minute.")
    gone = [link for link, profile in looked_at if profile is None or profile.deleted]
    if not gone:
        return ok(name, f"Linked people who are active in Slack: {len(looked_at)}.{more}")
    shown = some([f"{link.person.user} as {link.user_name}" for link in gone])
    says = f"These linked people are deactivated in Slack, so cards cannot mention them: {shown}.{more}"
    fix = f"Link their EnOS users to other people, or unlink them: {command} unlink @person."
    return warning(name, says, fix)


def group(group_id: str, members: Collection[str] | None, error: str = "", inactive: int = 0) -> Check | None:
    """What is wrong with a group of ``FLOWBOT_ONCALL``; ``members`` is None where Slack refused with ``error``.

    Otherwise they are those who count; ``inactive`` more are in it, deactivated people or apps.
    """
    if members is None:
        says = f"Slack did not say who is in {group_id} of FLOWBOT_ONCALL. {oncall.why(error)}"
        return failed("slack on call", says, plain(oncall.fix(error)))
    if not members:
        if inactive:
            says = f"Nobody in {group_id} of FLOWBOT_ONCALL is active. Deactivated people and apps in it: {inactive}."
        else:
            says = f"Nobody is in {group_id} of FLOWBOT_ONCALL."
        return warning("slack on call", says, plain(oncall.fix(oncall.EMPTY)))
    return None


def on_call(groups: Sequence[str], users: Collection[str], troubles: Sequence[Check]) -> tuple[Check, ...]:
    """The checks about who is on call."""
    if not groups:
        says = "FLOWBOT_ONCALL is empty. Any linked member of the alert channel may acknowledge."
        return (ok("slack on call", says),)
    return tuple(troubles) or (ok("slack on call", f"People on call: {len(users)}."),)


def elsewhere(others: int) -> Check:
    """That this app has other connections although no bot runs here."""
    says = f"flowbot is also running somewhere else. Other connections of this app to Slack: {others}."
    fix = "Run the doctor there, or stop that flowbot. Slack sends each message to only one of them."
    return warning("slack socket elsewhere", says, fix)


def sockets(connected: int, wanted: int) -> Check:
    """How the running bot is connected."""
    name = "slack socket"
    if not wanted:
        return ok(name, "The running flowbot receives Slack's requests by HTTP.")
    fix = "Check that Socket Mode is on for the app, and that this network allows wss:// connections."
    if not connected:
        return failed(
            name, "The running flowbot has no connection to Slack. Commands and buttons do not reach it.", fix
        )
    if connected < wanted:
        return warning(name, f"The running flowbot has only {connected} of {wanted} connections to Slack.", fix)
    return ok(name, f"The running flowbot has all {wanted} connections to Slack.")
