"""``flowbot do`` inside the running bot: a linked person's command from a shell, answered there.

The command goes the way of every command: the same parser, the same rights, the same audit (surface ``shell``). Only
its answer is returned instead of sent. What everybody is to see goes where it always goes: into the incident's thread,
or, where there is none, into the person's direct messages, in which the message of a started run is kept up to date.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bot.core.errors import Refusal
from bot.core.flow.ids import is_instance
from bot.core.flow.model import InstanceId
from bot.core.flow.run import Run, RunState
from bot.core.flow.status import Status
from bot.core.outbox import blocks
from bot.core.outbox.blocks import Body
from bot.core.outbox.conversations import SLACK_FAILURES
from bot.core.outbox.posts import PostId
from bot.core.people.model import IncomingMessage, Origin, Person, Surface
from bot.core.shell import text
from bot.core.shell.words import from_arguments
from bot.core.text.message import verbatim
from bot.slack.directory import Identity
from bot.work.commands.context import Answer, CommandContext, Services
from bot.work.commands.dispatcher import Dispatcher

_NO_RUN = Refusal(
    "unknown_run", verbatim("flowbot does not follow that run."), verbatim("`show RUN` says what EnOS knows of it.")
)


class Shell:
    """Answers ``flowbot do``."""

    def __init__(self, services: Services, dispatcher: Dispatcher, me: Callable[[], Identity | None]) -> None:
        self._services, self._dispatcher, self._me = services, dispatcher, me

    async def do(self, what: Mapping[str, Any]) -> str:
        """Carry out a command. ``what``: ``arguments``, and ``as``, a Slack user id. The answer as JSON.

        Raises Refusal where that person is not linked to an EnOS user.
        """
        services, me = self._services, self._me()
        if me is None:
            raise Refusal("starting", verbatim("flowbot is starting. Try again in a few seconds."))
        person = Person(me.workspace_key, str(what["as"]).rpartition(":")[2])
        if await services.store.link(person) is None:
            raise Refusal(
                "not_linked",
                verbatim(f"{person.user} is not linked to an EnOS user. Nothing was changed."),
                verbatim("`flowbot people list` prints who is."),
            )
        key = f"shell:{services.new_id()}"
        origin = Origin(Surface.SHELL, person.user)
        words = from_arguments([str(each) for each in what["arguments"]])
        begun = time.monotonic()
        incoming = IncomingMessage(key, words, person, origin, services.clock())
        context, answer = await self._dispatcher.answer(incoming)
        entry = await services.store.attempt_by_key(key)
        result = entry.answer if entry is not None else answer.result
        said = await self._said(context, answer)
        return json.dumps(
            {
                "command": context.words,
                "outcome": answer.outcome.ending.value,
                "reason": answer.outcome.reason,
                "result": result,
                "run": result if context.changes and is_instance(result) else "",
                "rows": [dict(row) for row in answer.rows],
                "seconds": round(time.monotonic() - begun, 3),
                **said,
            }
        )

    async def follow(self, what: Mapping[str, Any]) -> str:
        """How a run that was started from chat or a shell is now, as JSON: ``run``, ``ended``, ``ok`` and ``text``."""
        found = await self._services.store.run(InstanceId(str(what["run"])))
        if found is None:
            raise _NO_RUN
        post = await self._services.store.post(PostId(found.post)) if found.post else None
        shown: Sequence[str] = ()
        if post is not None:
            shown = text.paragraphs(post.body, {})
        return json.dumps({"run": found.instance, "text": shown[0] if shown else "", **_ended(found)})

    async def _said(self, context: CommandContext, answer: Answer) -> Mapping[str, Any]:
        """What the answer says: its first line, its paragraphs, its grey lines, what one can do next, its text file."""
        language = context.caller.profile.language
        if answer.body is not None:
            body = blocks.rendered(answer.body, language)
        elif (post := await self._services.store.post(context.post)) is not None:  # it was made with the change
            body = post.body
        else:
            return {"title": "", "paragraphs": [], "notes": [], "next": [], "file": ""}
        body = _without_table(body)
        names = await self._names(text.ids(body))
        return {
            "title": text.as_text(str(body["text"]), names).partition("\n")[0],
            "paragraphs": text.paragraphs(body, names),
            "notes": text.paragraphs(body, names, only_notes=True),
            "next": [{"label": label, "command": command} for label, command in text.next_commands(body)],
            "file": "" if answer.file is None or "encoding" in answer.file else str(answer.file["content"]),
        }

    async def _names(self, ids: frozenset[str]) -> Mapping[str, str]:
        """How people on a terminal know what Slack shows by name."""
        slack, names = self._services.slack, dict[str, str]()
        try:
            for each in sorted(ids):
                if each.startswith("C"):
                    names[each] = f"#{(await slack.channel(each)).name or each}"
                elif each.startswith("S"):
                    names[each] = (await slack.group_names()).get(each, each)
                else:
                    names[each] = f"@{(await slack.profile(each)).name or each}"
        except SLACK_FAILURES:
            pass  # the others keep their ids
        return names


def _without_table(body: Body) -> Body:
    """What is shown where tables are not taken."""
    return body.get("fallback") or body


def _ended(run: Run) -> Mapping[str, bool]:
    """Whether a run has ended, and well."""
    has_ended = run.state not in {RunState.ASKED, RunState.RUNNING}
    return {"ended": has_ended, "ok": run.state is RunState.ENDED and run.result == Status.SUCCESS}
