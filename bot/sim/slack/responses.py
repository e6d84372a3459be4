"""How the app responds to people: with messages, in an acknowledgement, and by a response_url."""

from typing import Any

from bot.sim.slack.message import content
from bot.sim.slack.message_board import MessageBoard
from bot.sim.slack.model import Json, Message, ResponseUrl, SlackError
from bot.sim.slack.state import RESPONSE_URL_SECONDS, RESPONSE_URL_USES, WorkspaceState


def truth(value: Any) -> bool:
    """Whether an argument means yes, in any of the ways clients write it."""
    return str(value).lower() in {"1", "true"}


class Responses:
    """Puts on the board what the app posts, and what its responses ask for.

    Each method raises ``SlackError`` for a message that Slack would refuse.
    """

    def __init__(self, state: WorkspaceState, board: MessageBoard) -> None:
        self._state = state
        self._board = board

    def post(self, channel: str, arguments: Json, **facts: Any) -> Message:
        """Post a message of the app's to a channel id.

        ``arguments`` are those of ``chat.postMessage``, ``facts`` further fields of ``Message``.
        """
        wanted = content(arguments, tables=self._state.takes_tables)
        if not wanted.says_something:
            raise SlackError("no_text")
        return self._board.add(
            Message(
                ts=self._state.new_ts(),
                channel=channel,
                user=self._state.app.bot_user,
                by_app=True,
                text=wanted.text or "",
                blocks=wanted.blocks or [],
                attachments=wanted.attachments or [],
                metadata=(wanted.metadata or None) if facts.get("only_for") is None else None,
                **facts,
            )
        )

    def use_response_url(self, url_id: str, body: Json) -> None:
        """Use a response_url; raises ``SlackError`` for one that is unknown, too old, or used too often."""
        response_url = self._state.response_urls.get(url_id)
        if response_url is None:
            raise SlackError("invalid_url")
        if self._state.clock() - response_url.at > RESPONSE_URL_SECONDS:
            raise SlackError("expired_url")
        if response_url.uses >= RESPONSE_URL_USES:
            raise SlackError("used_url")
        self.respond(response_url, body)
        response_url.uses += 1

    def respond(self, response_url: ResponseUrl, body: Json) -> None:
        """Do what a response says: delete or replace the source message, or post, to one person or to all."""
        source = self._board.find(response_url.channel, response_url.source) if response_url.source else None
        if truth(body.get("delete_original")):
            if source is not None:
                self._board.remove(source)
            return
        if truth(body.get("replace_original")) and source is not None:
            wanted = content(body, tables=self._state.takes_tables)
            if not wanted.says_something:
                raise SlackError("no_text")
            facts = {
                "text": wanted.text or "",
                "blocks": wanted.blocks or [],
                "attachments": wanted.attachments or [],
            }
            self._board.change(source, **facts)
            return
        thread = str(body["thread_ts"]) if body.get("thread_ts") else self._thread_of(source)
        if body.get("response_type") != "in_channel":
            self.post(response_url.channel, body, only_for=response_url.person, thread_ts=thread)
            return
        self._show_command(response_url)
        self.post(response_url.channel, body, thread_ts=str(body["thread_ts"]) if body.get("thread_ts") else None)

    def respond_in_acknowledgement(self, response_url: ResponseUrl, body: Json) -> None:
        """Do what the acknowledgement of a slash command says; nothing where it is empty."""
        given = {key for key, value in body.items() if value}
        if given == {"response_type"}:
            if body["response_type"] == "in_channel":
                self._show_command(response_url)
        elif given:
            self.respond(response_url, body)

    def _thread_of(self, source: Message | None) -> str | None:
        if source is None or source.thread_ts == source.ts:
            return None
        return source.thread_ts

    def _show_command(self, response_url: ResponseUrl) -> None:
        """Let everybody see what was typed, once, as Slack does when the answer is public."""
        typed, response_url.typed = response_url.typed, None
        if typed is not None:
            self._board.add(
                Message(ts=self._state.new_ts(), channel=response_url.channel, user=response_url.person, text=typed)
            )
