"""Checks of EnOS, from its answers. Pure."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from bot.core.checks.check import (
    Check,
    failed,
    ok,
    some,
    warning,
)
from bot.core.checks.on_slack import DRIFT, apart
from bot.core.flow.model import FlowId, FlowName, Instance, UserName
from bot.core.flow.times import calibrate, zone_offset
from bot.core.health.coverage import unwatched
from bot.core.people.model import Link

STALE = timedelta(minutes=10)  # EnOS refuses calls that are 15 minutes off; this leaves a margin

# A service account acts only after an administrator of its organization has authorized it. EnOS's pages do not agree on
# how a refusal for that reason looks: the gateway's 403, or the platform's "no privilege".
NO_PERMISSION = frozenset({"forbidden", "no_right"})
AUTHORIZE = (
    "Ask an administrator of the organization (OU) to authorize the application's service account for EnOS's Batch "
    "Data Processing APIs. Check that ENOS_USER_ID is a user of ENOS_ORG_ID who may see the flows."
)


def clock(skew: timedelta) -> Check:
    """How this machine's clock compares with EnOS's; ``skew`` is how far EnOS's is ahead."""
    name, says = "enos clock", apart("EnOS", skew)
    fix = "Set this machine's clock, for example with NTP. If it agrees with Slack's clock, tell EnOS's administrator."
    if abs(skew) >= STALE:
        return failed(name, f"{says} EnOS refuses calls that are 15 minutes off.", fix)
    if abs(skew) > DRIFT:
        return warning(name, f"{says} flowbot may look for a started run in the wrong minute.", fix)
    return ok(name, says)


def zone(setting: str, printed: str, rows: Sequence[Instance]) -> Check:
    """Whether the times that EnOS prints can be read; ``printed`` is what Get Timezone says."""
    name, told = "enos time zone", zone_offset(printed)
    fix = "Set FLOWBOT_ENOS_TIMEZONE to the time zone of the EnOS console, for example GMT+8."
    used = zone_offset(setting) if setting != "auto" else told
    if used is None:
        return failed(name, f"EnOS gives its time zone as “{printed}”, which flowbot cannot read.", fix)
    if told is not None and used != told:
        return warning(name, f"FLOWBOT_ENOS_TIMEZONE is {setting}, but EnOS says {printed}.", fix)
    shown = printed if setting == "auto" else setting
    timed = [row for row in rows if row.trigger_time]
    if timed and not any(calibrate(row.id, row.trigger_time, "", used).certain for row in timed):
        says = f"EnOS prints trigger times that are neither in UTC nor in {shown}, for example for run {timed[0].id}."
        return warning(name, f"{says} flowbot refuses reruns instead of guessing their trigger time.", fix)
    return ok(name, f"EnOS's time zone is {shown}.")


def flows(
    user: str, every: Collection[FlowName], mine: Collection[FlowName], searched: Collection[FlowId] = ()
) -> Check:
    """Which flows the watcher's user can see; a search has returned runs of those in ``searched``."""
    name = "enos flows"
    seen = {flow.id for flow in mine} | set(searched)
    hidden = unwatched(every, seen, ())
    total = len(seen | {flow.id for flow in every})
    if not seen:
        says = f"ENOS_USER_ID ({user}) sees none of {total} flows. flowbot would never report a failure."
        return failed(name, says, "Check ENOS_USER_ID and ENOS_ORG_ID, or give this user rights to the flows in EnOS.")
    says = f"flowbot watches {len(seen)} of {total} flows as {user}."
    if not hidden:
        return ok(name, says)
    names = some([f"{flow.id} {flow.name}" for flow in hidden])
    fix = "Give this user rights to them in EnOS, or set another ENOS_USER_ID."
    return warning(name, f"{says} It never reports failures of these: {names}.", fix)


def pages(setting: str, found: str | None) -> Check:
    """Whether the number of EnOS's first page is known."""
    name = "enos page base"
    if found is None:
        if setting == "auto":
            says = "There are too few runs to tell whether EnOS counts its pages from 0 or 1."
            return ok(name, f"{says} flowbot reads both until it can tell.")
        return ok(name, f"FLOWBOT_PAGE_BASE is {setting}. There are too few runs to check it.")
    if setting not in {"auto", found}:
        says = f"FLOWBOT_PAGE_BASE is {setting}, but EnOS counts its pages from {found}. flowbot may miss failures."
        return failed(name, says, f"Set FLOWBOT_PAGE_BASE to {found} or to auto.")
    return ok(name, f"EnOS counts its pages from {found}.")


def order(sorted_by: Collection[str]) -> Check:
    """Whether searches are sorted by change; ``sorted_by`` is the sort field of each search."""
    if all(sorted_by):
        return ok("enos order", "EnOS lists the latest changes first.")
    says = "EnOS does not sort by time of change. Each poll must read the whole time window."
    return warning("enos order", says, "To make polls cheaper, set a shorter FLOWBOT_LOOKBACK_HOURS.")


def links(found: Sequence[Link], doubts: Mapping[Link, str], command: str) -> tuple[Check, ...]:
    """The checks about who is linked; ``doubts`` are sentences: why a link cannot be verified, if known."""
    way = f"{command} link @person USERID NAME"
    if not found:
        says = "Nobody is linked to an EnOS user. Nobody can read or change anything from Slack."
        return (warning("links", says, f"Link people with {way} in Slack, or with flowbot people import FILE."),)
    unverified = [link for link in found if not link.verified]
    wrong = [
        warning(
            f"link {link.person.user}",
            f"{link.person.user} is linked to {link.user_name} ({link.user_id}), but not verified. {doubt}",
            f"Until then, this person can only read. Check the ID and the name in EnOS. Link again: {way}.",
        )
        for link, doubt in doubts.items()
        if doubt
    ]
    soon = [f"{link.person.user} as {link.user_name}" for link in unverified if not doubts.get(link)]
    more = f" flowbot will verify these at their first change: {some(soon)}." if soon else ""
    says = f"Linked people: {len(found)}. Verified: {len(found) - len(unverified)}.{more}"
    return (ok("links", says), *wrong)


def owners(
    owned: Mapping[FlowId, tuple[str, Sequence[UserName]]],
    linked: Collection[UserName],
    on_call: Collection[UserName] | None,
    command: str,
) -> tuple[Check, ...]:
    """The checks about who owns what: flow IDs with name and owners.

    ``linked`` are the user names that are linked, ``on_call`` those of people on call; None: nobody is named on call.
    """
    found = []
    if on_call is not None:
        nobody = [f"{id_} {name}" for id_, (name, owners) in sorted(owned.items()) if not set(owners) & set(on_call)]
        if nobody:
            says = (
                f"Flows without an owner on call who could rerun them: {len(nobody)} of {len(owned)} ({some(nobody)})."
            )
            fix = "Make somebody on call an owner in EnOS, and link them. Otherwise you may have to wake an owner."
            found.append(warning("owners on call", says, fix))
        else:
            found.append(ok("owners on call", f"Every flow has an owner on call. Flows checked: {len(owned)}."))
    strangers = sorted({owner for _, names in owned.values() for owner in names} - set(linked))
    if strangers:
        says = f"These owners are not linked. Alerts do not mention them: {some(strangers)}."
        found.append(warning("owners linked", says, f"Link them: {command} link @person USERID NAME."))
    else:
        found.append(ok("owners linked", f"All owners are linked. Flows checked: {len(owned)}."))
    return tuple(found)


def unread(number: int) -> Check:
    """That the owners of some flows are not known."""
    says = f"Flows whose owners could not be read in time: {number}."
    return warning("owners unread", says, "Run the doctor again when EnOS is less busy.")
