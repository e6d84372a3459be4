"""The proofs of the delivery are worth something: each way of breaking it that is named here makes one of them fail."""

import asyncio
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from crash_databases import HISTORIES

ROOT = Path(__file__).resolve().parents[3]
STATEMENTS = "crashes/test_delivery_crashes.py::test_death_before_or_after_each_single_statement"
UNCLEAR = "delivery/test_delivery_reconciler.py::test_a_lost_answer_is_looked_up_and_the_message_is_there_once"


@dataclass(frozen=True)
class Mutant:
    """A change of one file that breaks the promise, and the test that must notice."""

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]  # each text stands there once
    proof: str


MUTANTS = [
    Mutant(
        "marked as sent before it is sent",
        "bot/work/delivery/delivery.py",
        (
            (
                "step = await self._step(",
                'await self._store.mark_sent(id_, current.channel, "", self._clock()); step = await self._step(',
            ),
        ),
        STATEMENTS,
    ),
    Mutant(
        "no transaction",
        "bot/store/transactions.py",
        (("connection.execute(begin)\n", "pass\n"), ('connection.execute("COMMIT")\n', "pass\n")),
        "crashes/test_full_disk.py",
    ),
    Mutant(
        "no look-up",
        "bot/work/delivery/search.py",
        (("return await self._slack.find(", "return (lambda *_, **__: Found())("),),
        UNCLEAR,
    ),
    Mutant(
        "a look that was cut short is taken for whole",
        "bot/work/delivery/search.py",
        (("        if found.whole:\n", "        if True:\n"),),
        "delivery/test_delivery_lookups_cut_short.py::test_a_look_that_did_not_reach_the_end_sends_nothing_again",
    ),
    Mutant(
        "a card that takes no edit is forgotten",
        "bot/work/delivery/outcomes.py",
        (("return MessageLost(error) if post.new.kind is PostKind.EDIT else GiveUp(error)", "return GiveUp(error)"),),
        "delivery/test_delivery_lost_messages.py::test_a_card_that_takes_no_edit_is_posted_once_more_and_its_thread_continues_there",
    ),
    Mutant(
        "a reply outside of its thread is left there",
        "bot/work/delivery/delivery.py",
        (("return OutsideThread(astray.channel, astray.ts)", "return Delivered(astray.channel, astray.ts)"),),
        "delivery/test_delivery_lost_messages.py::test_a_reply_that_slack_puts_in_the_channel_is_deleted_and_said_again_under_the_new_card",
    ),
    Mutant(
        "a card is said again under its old name",
        "bot/core/outbox/posts.py",
        (('return PostId(f"{post}~{generation}") if generation else post', "return post"),),
        "delivery/test_delivery_lost_messages.py::test_a_card_said_again_whose_answer_is_lost_is_there_once",
    ),
    Mutant(
        "what was being sent at death is left so",
        "bot/work/delivery/delivery.py",
        (("if count := await self._store.mark_interrupted():", "if count := 0:"),),
        STATEMENTS,
    ),
    Mutant(
        "what was being sent at death is sent again unseen",
        "bot/store/outbox.py",
        (
            (
                "UPDATE posts SET state = 'unclear', doubts = doubts + 1, why = 'interrupted'",
                "UPDATE posts SET state = 'queued'",
            ),
        ),
        STATEMENTS,
    ),
    Mutant(
        "an address that cannot be reached holds everything",
        "bot/work/delivery/failures.py",
        (("        if url:\n            self._url_failed", "        if False:\n            self._url_failed"),),
        "delivery/test_delivery_circuit_breaker.py::test_private_answers_whose_address_cannot_be_reached_go_another_way_within_seconds",
    ),
    Mutant(
        "what failed last tries again first",
        "bot/work/delivery/circuit_breaker.py",
        (("post.attempts // MANY_FAILURES, not is_first(post)", "0, not is_first(post)"),),
        "delivery/test_delivery_circuit_breaker.py::test_who_finds_out_whether_slack_takes_anything_again",
    ),
    Mutant(
        "a look that fails holds every place",
        "bot/work/delivery/lookup_backoff.py",
        (
            (
                "wait = self.places.get(place)",
                "wait = self.places.get(place, next(iter(self.places.values()), None))",
            ),
        ),
        "delivery/test_delivery_lookup_backoff.py::test_a_channel_whose_history_fails_delays_no_other",
    ),
    Mutant(
        "a run is written after its call",
        "bot/work/commands/starting.py",
        (
            (
                "await services.store.put_run(run, linked=replace(context.link, verified=True), begins=context.now)",
                "None",
            ),
        ),
        "runs/test_crash_recovery.py::test_killed_after_the_call_the_run_is_found_and_shown",
    ),
    Mutant(
        "a reading that a fault cut off is taken for whole",
        "bot/work/monitor/reader.py",
        (("replace(reading, clean=False)", "replace(reading, clean=True)"),),
        "crashes/test_monitor_interrupted.py::test_a_poll_that_breaks_off_after_any_page_hides_nothing",
    ),
]


SAMPLE = MUTANTS if HISTORIES else [MUTANTS[7], MUTANTS[-1]]  # each has a program and a run of tests of its own


async def test_each_broken_delivery_is_noticed(tmp_path):
    room = asyncio.Semaphore(2)
    unnoticed = await asyncio.gather(*(tried(mutant, tmp_path / str(n), room) for n, mutant in enumerate(SAMPLE)))
    assert not any(unnoticed), "\n".join(filter(None, unnoticed))


async def tried(mutant, folder, room):
    """Run the proof against the mutant; return the complaint where it did not notice."""
    async with room:
        copied(mutant, folder)
        test = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "--tb=line"),
            f"tests/work/{mutant.proof}",
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        told = (await test.communicate())[0].decode()
    return "" if test.returncode == 1 and "1 failed" in told else f"{mutant.name}: nobody noticed: {told}"


def copied(mutant, folder):
    """Write the program with the mutant in it, and the tests."""
    for what in ("bot", "tests/work"):
        shutil.copytree(ROOT / what, folder / what, ignore=shutil.ignore_patterns("__pycache__", "page", "demo"))
    for shared in (ROOT / "tests").glob("*.py"):
        shutil.copy(shared, folder / "tests")
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / mutant.file).write_text(broken(mutant), encoding="utf-8")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_what_is_broken_and_who_notices_still_stand_where_they_are_looked_for(mutant):
    compile(broken(mutant), mutant.file, "exec")
    file, _, test = mutant.proof.partition("::")
    assert f"def {test}" in (ROOT / "tests/work" / file).read_text(encoding="utf-8")


def broken(mutant):
    """Return the text of the file with the mutant in it."""
    text = (ROOT / mutant.file).read_text(encoding="utf-8")
    for old, new in mutant.changes:
        assert text.count(old) == 1, f"the code has moved: tell {mutant.name!r} where {old!r} stands now"
        text = text.replace(old, new)
    return text
