"""What the app's answers do: messages it posts, the payload of an acknowledgement, and uses of a response_url."""

from typing import Any

from bot.sim.slack.message import content
from bot.sim.slack.payloads import Payloads
from bot.sim.slack.state import HOOK_SECONDS, HOOK_USES
from bot.sim.slack.things import Hook, Json, Message, SlackError


def truth(value: Any) -> bool:
    """Whether an argument means yes, in any of the ways clients write it."""
    return str(value).lower() in {"1", "true"}


class Replies(Payloads):
    """Carries out what an app answers without a Web API call."""

    def post_from_app(self, channel: str, arguments: Json, **facts: Any) -> Message:
        """Post what the arguments say as the app; raises ``SlackError`` where Slack would refuse it."""
        wanted = content(arguments)
        if not wanted.says_something:
            raise SlackError("no_text")
        return self.put(
            Message(
                ts=self.new_ts(),
                channel=channel,
                user=self.app.bot_user,
                by_app=True,
                text=wanted.text or "",
                blocks=wanted.blocks or [],
                attachments=wanted.attachments or [],
                metadata=(wanted.metadata or None) if facts.get("only_for") is None else None,
                **facts,
            )
        )

    def use_hook(self, hook_id: str, body: Json) -> None:
        """Use a response_url; raises ``SlackError`` for an unknown, late, or used-up one, or for a bad message."""
        hook = self.hooks.get(hook_id)
        if hook is None:
            raise SlackError("invalid_url")
        if self.clock() - hook.at > HOOK_SECONDS:
            raise SlackError("expired_url")
        if hook.uses >= HOOK_USES:
            raise SlackError("used_url")
        self.answer(hook, body)
        hook.uses += 1

    def answer(self, hook: Hook, body: Json) -> None:
        """Do what a response says: delete or replace the source message, or post, to one person or to all."""
        source = self.find(hook.channel, hook.source) if hook.source else None
        if truth(body.get("delete_original")):
            if source is not None:
                self.remove(source)
            return
        if truth(body.get("replace_original")) and source is not None:
            wanted = content(body)
            if not wanted.says_something:
                raise SlackError("no_text")
            facts = {
                "text": wanted.text or "",
                "blocks": wanted.blocks or [],
                "attachments": wanted.attachments or [],
            }
            self.change(source, **facts)
            return
        thread = str(body["thread_ts"]) if body.get("thread_ts") else self._thread_of(source)
        if body.get("response_type") != "in_channel":
            self.post_from_app(hook.channel, body, only_for=hook.person, thread_ts=thread)
            return
        self._show_command(hook)
        self.post_from_app(hook.channel, body, thread_ts=str(body["thread_ts"]) if body.get("thread_ts") else None)

    def answer_in_ack(self, hook: Hook, body: Json) -> None:
        """Do what the acknowledgement of a slash command says; nothing where it says nothing."""
        said = {key for key, value in body.items() if value}
        if said == {"response_type"}:
            if body["response_type"] == "in_channel":
                self._show_command(hook)
        elif said:
            self.answer(hook, body)

    def _thread_of(self, source: Message | None) -> str | None:
        if source is None or source.thread_ts == source.ts:
            return None
        return source.thread_ts

    def _show_command(self, hook: Hook) -> None:
        """Let everybody see what was typed, once, as Slack does when the answer is public."""
        typed, hook.typed = hook.typed, None
        if typed is not None:
            self.put(Message(ts=self.new_ts(), channel=hook.channel, user=hook.person, text=typed))
