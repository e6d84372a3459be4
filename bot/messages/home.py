"""The app's home: what one person sees of their incidents, flows, snoozes and watches, with buttons.

Times are absolute, so that a home that nothing has changed in is never out of date.
"""

from collections.abc import Iterator
from itertools import count

from bot.core.command import buttons
from bot.core.forms.model import View
from bot.core.forms.names import FORMS
from bot.core.home import Home, HomeFlow, Some
from bot.core.incident.lifecycle import reference
from bot.core.incident.model import Incident, Phase, Snooze
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Block, Element
from bot.core.people.on_call import OnCallGroup
from bot.core.routing.watch import Watch
from bot.core.text.escape import code, mention
from bot.core.text.message import Text, dots, layout, lines, link, msg, plural, sentences, verbatim
from bot.messages.cards import answers, escalation, flow_lists, flows, lateness, places, routing, snoozes
from bot.messages.cards import incident_words as words
from bot.messages.cards.incident import mark

NAME = "home"
_TITLE = verbatim("flowbot")
MY_FLOWS, MY_INCIDENTS = msg("My flows"), msg("My incidents")
_READING = msg("I'm reading your flows from EnOS. They will be here in a moment, with their incidents.")
_UNREAD = msg("I can't show your flows and their incidents.")


def view(home: Home, post: str, *, command: str, admins: list[str]) -> View:
    """A home; ``post`` is unique to what is shown, since a button of it acts once."""
    index = count()
    if home.link is None:
        parts = [*_not_linked(home, post, index, command, admins), *_incidents(home, post, index)]
    else:
        parts = [
            blocks.actions(*_usual(post, index)),
            *_incidents(home, post, index),
            *_flows(home, post, index),
            *_snoozes(home.snoozes, post, index),
            *_watches(home.watches, post, index),
        ]
    return _view([*parts, *_on_call(home.groups), *_identity(home)])


def loading() -> View:
    """What is shown until the rest is known."""
    return told(msg("One moment: I'm looking up what is yours."))


def told(text: Text) -> View:
    """A home that is one sentence: why there is nothing else."""
    return _view([blocks.section(text)])


def _view(parts: list[Block]) -> View:
    return View(NAME, _TITLE, parts, is_home=True)


def _usual(post: str, index: Iterator[int]) -> list[Element]:
    usual = [
        *([(msg("Trigger a flow"), buttons.form("trigger"))] if "trigger" in FORMS else []),
        (msg("Failed today"), "failed"),
        (MY_INCIDENTS, "incidents mine"),
        (msg("Help"), "help"),
    ]
    return [blocks.button(label, said, post, index=next(index)) for label, said in usual]


def _not_linked(home: Home, post: str, index: Iterator[int], command: str, admins: list[str]) -> list[Block]:
    what = sentences(msg("You're not linked to an EnOS user yet."), answers.please_link(home.person, admins, command))
    until = msg("Until then, I can't read or change anything in EnOS for you.")
    offered = [
        *([(msg("Ask to be linked"), buttons.form("link"))] if "link" in FORMS else []),
        (msg("Help"), "help"),
    ]
    row = [blocks.button(label, said, post, index=next(index)) for label, said in offered]
    return [blocks.section(lines(what, until)), blocks.actions(*row)]


# ── incidents ──


def _incidents(home: Home, post: str, index: Iterator[int]) -> Iterator[Block]:
    if not home.incidents and home.read.at is None:  # not known, as the part about flows says
        return
    yield blocks.header(msg("Your incidents"))
    if not home.incidents:
        yield blocks.section(msg("You have no open incidents."))
    for each in home.incidents.shown:
        yield blocks.section(_incident(each, home))
        if row := _incident_buttons(each, home, post, index):
            yield blocks.actions(*row)
    yield from _more(home.incidents, blocks.button(MY_INCIDENTS, "incidents mine", post, index=next(index)))


def _incident(incident: Incident, home: Home) -> Text:
    last = incident.occurrences[-1] if incident.occurrences else None
    task = flows.short(last.failed_task_name) if last else ""
    url = home.links.get(incident.id, "")
    return lines(
        dots(
            layout("{mark} {flow}", mark=mark(incident), flow=flows.flow_name(incident.flow_id, incident.flow_name)),
            msg("task {task}", task=code(task)) if task else lateness.detail(incident, last) if last else None,
            msg("since {time}", time=incident.opened_at),
        ),
        dots(
            _on_it(incident, home),
            msg("snoozed until {time}", time=incident.snooze.until) if incident.snooze else None,
            link(url, msg("Open thread")) if url else None,
        ),
    )


def _on_it(incident: Incident, home: Home) -> Text:
    if incident.phase is not Phase.ACKNOWLEDGED or incident.acked_by != home.person:
        return flow_lists.broken(incident) or msg("not acknowledged")
    if incident.ack_until is None:
        return msg("acknowledged by you")
    return msg("acknowledged by you until {time}", time=incident.ack_until)


def _incident_buttons(incident: Incident, home: Home, post: str, index: Iterator[int]) -> list[Element]:
    of, row = reference(incident), list[Element]()
    if incident.phase is not Phase.ACKNOWLEDGED:
        row.append(blocks.button(msg("Acknowledge"), f"ack {of}", post, index=next(index), style="primary"))
    elif incident.acked_by == home.person:
        row.append(blocks.button(msg("Hand back"), f"unack {of}", post, index=next(index)))
    if home.link is not None and incident.occurrences:
        for label, said in words.run_buttons(incident, incident.occurrences[-1], words.RERUN, words.VIEW_LOG):
            row.append(blocks.button(label, said, post, index=next(index)))
    return row


# ── flows ──


def _flows(home: Home, post: str, index: Iterator[int]) -> Iterator[Block]:
    yield blocks.header(msg("Your flows"))
    read = home.read
    if read.at is None:
        yield blocks.section(_READING if read.trouble is None else sentences(_UNREAD, read.trouble))
        return
    for each in home.flows.shown:
        yield _flow(each, post, index)
    if not home.flows:
        yield blocks.section(msg("EnOS lists no flows for you."))
    yield from _more(home.flows, blocks.button(msg("All my flows"), "mine", post, index=next(index)))
    yield blocks.context(sentences(msg("Your flows as EnOS listed them {time}.", time=read.at), read.trouble))


def _flow(own: HomeFlow, post: str, index: Iterator[int]) -> Block:
    offers = flow_lists.offers(own.flow.id, editable=own.flow.editable)
    if len(offers) == 1:
        accessory = blocks.button(*offers[0], post, index=next(index))
    else:
        accessory = blocks.menu(offers, post, next(index))
    return blocks.section(flow_lists.own_row(own), accessory=accessory)


# ── the rest ──


def _snoozes(found: Some[Snooze], post: str, index: Iterator[int]) -> Iterator[Block]:
    if not found:
        return
    yield blocks.header(msg("Your snoozes"))
    for each in found.shown:
        yield blocks.section(snoozes.in_list(each), accessory=snoozes.end_button(each, post, next(index)))
    yield from _more(found, blocks.button(msg("All snoozes"), "snoozes", post, index=next(index)))


def _watches(found: Some[Watch], post: str, index: Iterator[int]) -> Iterator[Block]:
    """Those of the viewer's direct messages have a button: those of channels are removed there."""
    if not found:
        return
    yield blocks.header(msg("Your watches"))
    for each in found.shown:
        remove = blocks.button(routing.REMOVE, f"unwatch {each.id}", post, index=next(index))
        text = dots(places.name(each.channel), routing.filters(each))
        yield blocks.section(text, accessory=remove if each.is_personal else None)
    yield from _more(found)


def _on_call(groups: Some[OnCallGroup]) -> Iterator[Block]:
    if not groups:
        return
    yield blocks.header(msg("On call"))
    for each in groups.shown:
        members = [escalation.Member(user) for user in sorted(each.active)]
        yield blocks.section(escalation.on_call_group(each, members))
    yield from _more(groups)


def _identity(home: Home) -> Iterator[Block]:
    if home.link is None:
        return
    person, name = mention(home.person.user), code(home.link.user_name)
    unverified = None if home.link.verified else msg("Your link is not verified yet, so it is read-only.")
    yield blocks.context(
        sentences(msg("{person} is linked to the EnOS user {name}.", person=person, name=name), unverified)
    )


def _more(found: Some[object], button: Element | None = None) -> Iterator[Block]:
    """How many are not shown, with the button that shows them all."""
    if found.more:
        yield blocks.context(plural("… and {n} more", "… and {n} more", found.more))
        if button is not None:
            yield blocks.actions(button)
