"""Slash commands: those of the app, which are delivered to it, and a few of Slack's own."""

import re

from bot.sim.slack.client_rules import ClientRules
from bot.sim.slack.deliveries import ActResult, Deliveries
from bot.sim.slack.membership import Membership
from bot.sim.slack.message_board import MessageBoard
from bot.sim.slack.model import Channel, Message, SlackUser
from bot.sim.slack.payloads import Payloads
from bot.sim.slack.state import WorkspaceState


class SlashCommands:
    """Carries out a typed text that begins with a slash."""

    def __init__(
        self,
        state: WorkspaceState,
        board: MessageBoard,
        rules: ClientRules,
        membership: Membership,
        payloads: Payloads,
        deliveries: Deliveries,
    ) -> None:
        self._state = state
        self._board = board
        self._rules = rules
        self._membership = membership
        self._payloads = payloads
        self._deliveries = deliveries

    def run(self, person: SlackUser, channel: Channel, text: str, thread_ts: str | None) -> ActResult:
        """Carry out the command; an ephemeral says so where there is none, or in a thread."""
        name, *rest = re.split(r"\s+", text.strip(), maxsplit=1)
        words = rest[0] if rest else ""
        encoded = self._rules.encoded(person, words)
        if self._run_own(person, channel, name, encoded):
            return ActResult()
        app = self._state.app
        command = next((one for one in app.commands if one.name == name), None)
        if command is None or not app.installed:
            self._board.post_from_slackbot(person.id, channel.id, f"{name} is not a valid command.", thread_ts)
            return ActResult()
        if thread_ts is not None:
            sentence = f"{name} is not supported in threads. Sorry!"
            self._board.post_from_slackbot(person.id, channel.id, sentence, thread_ts)
            return ActResult()
        response_url = self._state.new_response_url(person.id, channel.id, typed=text)
        words = encoded if command.should_escape else words
        payload = self._payloads.command(person, channel, name, words, response_url)
        return ActResult(None, self._deliveries.command(payload, response_url))

    def _run_own(self, person: SlackUser, channel: Channel, name: str, text: str) -> bool:
        """Carry out ``/me words``, ``/invite @someone``, ``/remove @someone``, ``/leave`` or ``/archive``."""
        named = [who for who in re.findall(r"<@(\w+)", text) if who in self._state.people]
        if name == "/me":
            self._rules.enter_to_post(person, channel, in_thread=False)
            self._post(person.id, channel, text, "me_message")
            return True
        if name not in {"/invite", "/remove", "/leave", "/archive"}:
            return False
        if channel.kind == "im":
            self._board.post_from_slackbot(person.id, channel.id, f"{name} does not work in direct messages.")
        elif name == "/archive":
            self._membership.archive(channel.id)
        elif name == "/leave":
            self._membership.leave(person.id, channel.id)
        elif not named:
            self._board.post_from_slackbot(person.id, channel.id, f"Say whom: {name} @{self._state.app.name}")
        for who in named if channel.kind != "im" else ():
            self._move(name, who, channel)
        return True

    def _move(self, name: str, who: str, channel: Channel) -> None:
        if name == "/invite" and who not in channel.members:
            self._membership.join(who, channel.id)
            self._post(who, channel, f"<@{who}> has joined the channel", "channel_join")
        elif name == "/remove":
            self._membership.leave(who, channel.id)

    def _post(self, who: str, channel: Channel, text: str, subtype: str) -> None:
        self._board.add(Message(ts=self._state.new_ts(), channel=channel.id, user=who, text=text, subtype=subtype))
