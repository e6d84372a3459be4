"""Messages about snoozes: in the threads of their incidents, in the alert channel, and to the person who snoozed."""

from bot.core.command.parse import in_words
from bot.core.incident.lifecycle import failures
from bot.core.incident.model import Incident, Phase, Snooze
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Card
from bot.core.people.model import Person
from bot.core.text.escape import mention
from bot.core.text.message import Text, dots, layout, lines, listed, msg, plural
from bot.messages.cards import flows
from bot.messages.cards import incident_words as words
from bot.messages.cards.incident import RenderContext
from bot.messages.cards.incident_replies import offering
from bot.messages.symbols import SNOOZED


def snoozed(snooze: Snooze) -> Text:
    """What a person snoozed, until when and why; two lines."""
    person, until = mention(snooze.by.user), snooze.until
    if snooze.flow_id is None:
        said = msg("🌙 {person} snoozed all flows until {time}.", person=person, time=until)
    elif snooze.until_success:
        said = msg(
            "🌙 {person} snoozed {flow} until its next success, {time} at the latest.",
            person=person,
            flow=name(snooze),
            time=until,
        )
    else:
        said = msg("🌙 {person} snoozed {flow} until {time}.", person=person, flow=name(snooze), time=until)
    return lines(said, words.reason(snooze))


def name(snooze: Snooze) -> Text:
    """The flow of a snooze, by id and name; for one of all flows, these words."""
    return msg("All flows") if snooze.flow_id is None else flows.flow_name(snooze.flow_id, snooze.flow_name)


# ── in the threads of an incident ──


def begins(incident: Incident, snooze: Snooze) -> Card:
    """The reply when its flow is snoozed."""
    counted = msg("Failures are counted on the card until then. Nobody is notified.")
    return _reply(msg("SNOOZED"), incident, snoozed(snooze), counted)


def ended_by_person(incident: Incident, by: Person) -> Card:
    """The reply when a person ends the snooze."""
    said = msg("{person} ended the snooze of {flow}.", person=mention(by.user), flow=words.bold(incident))
    return _reply(msg("SNOOZE ENDED"), incident, said, _on_it(incident))


def ended_by(snooze: Snooze, by: Person) -> Text:
    """What a person did where no incident is live."""
    return msg("{person} ended the snooze of {flow}.", person=mention(by.user), flow=name(snooze))


def over(incident: Incident, render_context: RenderContext, post: str) -> Card:
    """The reply when a snooze is over and its flow still fails: it mentions who is on it, else the linked owners."""
    if failures(incident):
        said = msg("⏰ The snooze of {flow} is over. The flow still fails.", flow=words.bold(incident))
    else:
        said = msg("⏰ The snooze of {flow} is over. The flow is still late.", flow=words.bold(incident))
    if incident.phase is Phase.ACKNOWLEDGED:
        return _reply(msg("SNOOZE ENDED"), incident, said, _on_it(incident))
    people = [mention(person.user) for person in render_context.people.values()]
    asked = msg("{people}, who can take it?", people=listed(people)) if people else None
    head = dots(msg("OPEN AGAIN"), words.name(incident), words.detail(incident))
    return offering(head, lines(said, asked), incident, post)


def _on_it(incident: Incident) -> Text:
    if incident.phase is not Phase.ACKNOWLEDGED:
        return msg("Nobody is on it now.")
    person = words.who(incident.acked_by)
    if incident.ack_until is None:
        return msg("{person} is on it.", person=person)
    return msg("{person} is on it until {time}.", person=person, time=incident.ack_until)


def _reply(state: Text, incident: Incident, *texts: Text) -> Card:
    return blocks.Card(dots(state, words.name(incident)), [blocks.section(lines(*texts))])


# ── in the alert channel ──


def all_begins(snooze: Snooze, post: str) -> Card:
    """The message that all flows are snoozed."""
    counted = msg("Failures still get their cards. Nobody is notified.")
    body = [blocks.section(lines(snoozed(snooze), counted)), blocks.actions(end_button(snooze, post))]
    return blocks.Card(msg("All flows are snoozed"), body)


def all_over(open_now: int, by: Person | None) -> Card:
    """The message that they are not any more; ``by`` is who ended it before its time."""
    said = (
        msg("🌙 The snooze of all flows is over.")
        if by is None
        else msg("🌙 {person} ended the snooze of all flows.", person=mention(by.user))
    )
    left = plural("{n} incident is open.", "{n} incidents are open.", open_now) if open_now else None
    return blocks.Card(msg("The snooze of all flows is over"), [blocks.section(lines(said, left or _NONE_OPEN))])


_NONE_OPEN = msg("No open incidents.")


def end_button(snooze: Snooze, post: str, index: int = 0) -> blocks.Element:
    """The button that ends a snooze."""
    target = "all" if snooze.flow_id is None else str(snooze.flow_id)
    return blocks.button(words.END_SNOOZE, f"unsnooze {target}", post, index=index)


# ── to one person ──


def over_and_fine(snooze: Snooze) -> Card:
    """The direct message to who snoozed a flow that does not fail when the snooze is over."""
    text = msg(
        "🌙 Your snooze of {flow} is over. The flow is not failing now. The next failure notifies people again.",
        flow=name(snooze),
    )
    return blocks.Card(msg("Your snooze is over"), [blocks.section(text)])


def in_list(snooze: Snooze) -> Text:
    """One snooze in a list."""
    person, until = mention(snooze.by.user), snooze.until
    when = (
        msg("until the next success, {time} at the latest", time=until)
        if snooze.until_success
        else msg("until {time}", time=until)
    )
    return dots(
        layout("{mark} {flow}", mark=SNOOZED, flow=name(snooze)),
        when,
        msg("by {person}", person=person),
        words.reason(snooze),
    )


def status(snooze: Snooze) -> Text:
    """The line of ``status`` that says that all flows are snoozed."""
    return lines(snoozed(snooze), msg("End it with {command}.", command=in_words("unsnooze all")))
