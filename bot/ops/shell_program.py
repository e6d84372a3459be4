"""``flowbot do`` in the shell: it asks the running bot, prints its answer, and says by its exit code how it went.

A terminal gets text and columns; a pipe gets JSON, of which docs/shell.md says what is in it. What is only for people
who wait (a line that flowbot is still at it, the progress of a run) goes to the standard error output.
"""

import asyncio
import contextlib
import json
import os
import re
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import Any

import click

from bot.core.errors import Failure, Refusal
from bot.core.people.model import Ending
from bot.core.shell.text import columns
from bot.core.text.escape import clean
from bot.ops import control_socket

ANSWERS_WITHIN = 180.0  # seconds: EnOS may be slow, and what is asked twice is done once only within one command
STILL_THERE = 2.0  # seconds until a terminal says that it waits
FOLLOW_EVERY = 2.0  # seconds between two looks at a run
_PARTS = frozenset({"title", "paragraphs", "notes"})  # of the text
_HARMLESS = re.compile(r"[\w\s@%+=:,./-]+", re.ASCII)  # means nothing else to a shell


class Exit(IntEnum):
    """The exit codes, a contract for scripts. 2 stays for wrong settings and wrong options."""

    DONE = 0
    FAILED = 1  # flowbot cannot be asked, or what is behind it did not answer; nothing was done
    REFUSED = 3
    ASKED = 4  # the answer is a question; nothing was done yet
    UNCLEAR = 5  # it may have been done
    RUN_FAILED = 6  # with --wait: the run that it started did not succeed


_CODES: Mapping[str, Exit] = {
    Ending.DONE.value: Exit.DONE,
    Ending.ASKED.value: Exit.ASKED,
    Ending.REFUSED.value: Exit.REFUSED,
    Ending.OUTAGE.value: Exit.FAILED,
    Ending.UNCLEAR.value: Exit.UNCLEAR,
    Ending.BUG.value: Exit.UNCLEAR,
}
_UNANSWERED = {"refused": Ending.REFUSED, "answer_lost": Ending.UNCLEAR}  # by the reason; else it could not be asked


def run(database: control_socket.Database, arguments: Sequence[str], *, person: str, as_json: bool, wait: bool) -> int:
    """Carry out a command and print its answer. Returns the exit code."""
    as_json = as_json or not sys.stdout.isatty()
    try:
        answer = asyncio.run(_asked(database, {"arguments": list(arguments), "as": person}))
    except Refusal as refused:
        outcome = _UNANSWERED.get(refused.reason, Ending.OUTAGE).value
        if as_json:
            _print(_json({"outcome": outcome, "text": str(refused)}))
        click.echo(clean(str(refused)), err=True)
        return _CODES[outcome]
    code = _CODES.get(str(answer["outcome"]), Exit.FAILED)
    if not as_json:
        _print(_text(answer))
    if wait and answer["run"] and code is Exit.DONE:
        ended = asyncio.run(_followed(database, str(answer["run"])))
        answer, code = {**answer, "ended": ended}, Exit.DONE if ended["ok"] else Exit.RUN_FAILED
    if as_json:
        _print(_json({**_public(answer), "exit": int(code)}))
    return code


async def _asked(database: control_socket.Database, what: Mapping[str, Any]) -> Mapping[str, Any]:
    asking = asyncio.ensure_future(
        control_socket.ask(database, "do", what, seconds=ANSWERS_WITHIN, answered=control_socket.say_which)
    )
    if sys.stderr.isatty():
        done, _ = await asyncio.wait([asking], timeout=STILL_THERE)
        if not done:
            click.echo("Waiting for flowbot …", err=True)
    answer: Mapping[str, Any] = json.loads(await asking)
    return answer


async def _followed(database: control_socket.Database, started: str) -> Mapping[str, Any]:
    """The run at its end; its progress goes to the standard error output, each line once."""
    shown, begun = "", time.monotonic()
    while True:
        with contextlib.suppress(Failure):  # flowbot may be restarting: the run goes on without it
            now: Mapping[str, Any] = json.loads(await control_socket.ask(database, "follow", {"run": started}))
            line = clean(str(now["text"])).replace("\n", " · ")
            if line != shown:
                shown = line
                click.echo(f"{time.monotonic() - begun:5.0f} s  {line}", err=True)
            if now["ended"]:
                return now
        await asyncio.sleep(FOLLOW_EVERY)


def _text(answer: Mapping[str, Any]) -> str:
    """What a terminal shows: the paragraphs, or a list's title, its rows and its notes; then what to type next."""
    rows = answer["rows"]
    parts = [answer["title"], "\n".join(columns(rows)), *answer["notes"]] if rows else list(answer["paragraphs"])
    parts.append(answer["file"])
    parts.append("\n".join(f"{each['label']}: flowbot do {_typed(each['command'])}" for each in answer["next"]))
    return "\n\n".join(clean(each) for each in parts if each)


def _typed(command: str) -> str:
    """A command as a shell takes it: as it is, or as one quoted argument."""
    return command if _HARMLESS.fullmatch(command) else shlex.quote(command)


def _public(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer as docs/shell.md describes it."""
    text = "\n\n".join(answer["paragraphs"])
    return {"text": text, **{name: value for name, value in answer.items() if name not in _PARTS}}


def _json(answer: Mapping[str, Any]) -> str:
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _print(text: str) -> None:
    """Print to a reader who may leave early (``flowbot do runs | head``): that is no error."""
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nor when Python flushes at its end
