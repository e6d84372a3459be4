"""One pretend Slack workspace with a memory: what people do in it, what an app does to it, and what can go wrong.

It refuses what Slack refuses and knows nothing of the app that is tested with it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.sim.slack.app_events import AppEvents
from bot.sim.slack.client_rules import ClientRules
from bot.sim.slack.deliveries import Deliveries
from bot.sim.slack.faults import SOCKET_ACTS, Fault
from bot.sim.slack.interactions import Interactions
from bot.sim.slack.json_writer import JsonWriter
from bot.sim.slack.membership import Membership
from bot.sim.slack.message_acts import MessageActs
from bot.sim.slack.message_board import MessageBoard
from bot.sim.slack.modal_acts import ModalActs
from bot.sim.slack.modal_stack import ModalStack
from bot.sim.slack.model import Command, InstalledApp, Shortcut, Team
from bot.sim.slack.payloads import Payloads
from bot.sim.slack.renderer import TextRenderer
from bot.sim.slack.responses import Responses
from bot.sim.slack.slash_commands import SlashCommands
from bot.sim.slack.state import WorkspaceState


class Workspace:
    """Puts the parts together, and offers short names for what tests use most.

    =================  ==========================================================================================
    ``state``          who and what there is: people, channels, the app, one-time ids; waiting for changes
    ``board``          the messages of every conversation
    ``renderer``       messages and views as the text that a person sees
    ``json``           people, channels, messages, files and views as the JSON that Slack sends
    ``modals``         each person's open modals and Home tab
    ``responses``      what the app posts, and what it answers by response_url or acknowledgement
    ``deliveries``     sends payloads to the app, by socket or HTTP
    ``events``         which events the app is sent
    ``membership``     joining and leaving channels, archiving them
    ``message_acts``   people write, edit, delete, react
    ``interactions``   people press, choose, use shortcuts, open the Home tab
    ``modal_acts``     people submit and close modals, and load options
    =================  ==========================================================================================

    Tests say, press, submit, and then ``await workspace.until(lambda: …)`` what people should see.
    """

    def __init__(self, clock: Callable[[], float], *, team: Team, app: InstalledApp, seed: int = 0) -> None:
        """``clock`` gives seconds since 1970; ``seed`` decides the random ids."""
        self.state = WorkspaceState(clock, team=team, app=app, seed=seed)
        self.board = MessageBoard(self.state)
        self.renderer = TextRenderer(self.state, self.board)
        self.json = JsonWriter(self.state, self.board)
        self.modals = ModalStack(self.state)

        payloads = Payloads(self.state, self.json)
        self.responses = Responses(self.state, self.board)
        self.deliveries = Deliveries(self.state, self.board, self.responses)
        self.events = AppEvents(self.state, self.board, payloads, self.deliveries)
        self.board.observer = self.events

        rules = ClientRules(self.state, self.board, self.modals)
        self.membership = Membership(self.state, self.events)
        commands = SlashCommands(self.state, self.board, rules, self.membership, payloads, self.deliveries)
        self.message_acts = MessageActs(self.state, self.board, rules, commands, self.events)
        self.interactions = Interactions(self.state, self.modals, rules, payloads, self.deliveries, self.events)
        self.modal_acts = ModalActs(self.state, self.modals, payloads, self.deliveries)
        self._name_shortly()

    def _name_shortly(self) -> None:
        """Set short names for tests and the demo; code of this package uses the parts."""
        state, board, deliveries = self.state, self.board, self.deliveries
        self.until, self.next_change = state.until, state.next_change
        self.channels, self.groups, self.files = state.channels, state.groups, state.files
        self.calls, self.faults, self.rate_limits = state.calls, state.faults, state.rate_limits
        self.dm, self.add_group, self.change_person = state.dm, state.add_group, state.change_person
        self.becomes_part_of = state.becomes_part_of
        self.messages, self.thread, self.replies = board.messages, board.thread, board.replies
        self.everything, self.ephemerals, self.find = board.everything, board.ephemerals, board.find
        self.shown, self.visible = self.renderer.shown, self.renderer.visible
        self.say, self.edit, self.delete = self.message_acts.say, self.message_acts.edit, self.message_acts.delete
        self.press, self.submit = self.interactions.press, self.modal_acts.submit
        self.join, self.leave, self.archive = self.membership.join, self.membership.leave, self.membership.archive
        self.sockets, self.use_http = deliveries.sockets, deliveries.use_http
        self.settled, self.close = deliveries.settled, deliveries.close

    # ── the app ──────────────────────────────────────────────────────────────

    def install(self, manifest: Mapping[str, Any]) -> None:
        """Give the app what its manifest declares and no more: commands, shortcuts, its home, scopes, events."""
        commands = tuple(
            Command(
                name=one["command"],
                hint=one.get("usage_hint", ""),
                description=one["description"],
                should_escape=one.get("should_escape", False),
            )
            for one in manifest["features"].get("slash_commands", ())
        )
        scopes = frozenset(manifest["oauth_config"]["scopes"]["bot"])
        events = frozenset(manifest["settings"].get("event_subscriptions", {}).get("bot_events", ()))
        shortcuts = tuple(
            Shortcut(name=one["name"], callback_id=one["callback_id"], kind=one["type"])
            for one in manifest["features"].get("shortcuts", ())
        )
        home = manifest["features"].get("app_home", {}).get("home_tab_enabled", False)
        self.state.app = replace(
            self.state.app, commands=commands, scopes=scopes, events=events, shortcuts=shortcuts, home_tab=home
        )
        self.state.changed()

    def uninstall(self) -> None:
        """Remove the app: its tokens are no longer valid, and its sockets are cut."""
        self.state.app = replace(self.state.app, installed=False)
        self.sockets.drop()
        self.state.changed()

    def grant(self, *scopes: str) -> None:
        """Let the app have exactly these scopes."""
        self.state.app = replace(self.state.app, scopes=frozenset(scopes))

    # ── faults ───────────────────────────────────────────────────────────────

    async def fault(self, name: str, **options: Any) -> None:
        """Make something go wrong, by a name of the tables in ``faults.py``; ``none`` ends every fault.

        ``options`` are fields of ``Fault``. Raises ``ValueError`` for an unknown name or option.
        """
        if name == "none":
            self.faults.clear()
        elif name in SOCKET_ACTS:
            await self._break_sockets(name, str(options.get("reason", "refresh_requested")))
        else:
            try:
                self.faults.add(Fault(name=name, **options))
            except TypeError:
                raise ValueError(f"a fault has no such option: {', '.join(options)}") from None
            if name == "gone":
                self.sockets.drop()
        self.state.changed()

    async def _break_sockets(self, name: str, reason: str) -> None:
        if name == "disconnect":
            await self.sockets.disconnect(reason)
        elif name == "close":
            await self.sockets.close()
        elif name == "drop":
            self.sockets.drop()
        else:
            self.sockets.mute()
