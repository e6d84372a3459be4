"""A database with something in every table, as the store's own methods write it. A new table needs a line here."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, time

from store_makers import JONAS, MAYA, NOW, attempt, edit, incident, later, link, message, occurrence, run, seen
from test_store_fields import filled
from test_store_history import past
from test_store_routing import watch

from bot.core.bridges.model import Bridge, BridgeSettings
from bot.core.flow.backfill import Backfill, BackfillStart, BackfillState
from bot.core.flow.model import FlowId
from bot.core.history.background import FlowRef
from bot.core.history.expectations import Expectation
from bot.core.history.runbook import Runbook
from bot.core.history.runs import Dependencies
from bot.core.incident.escalation import CallReason, EscalationStep
from bot.core.incident.facts import ChangeSet, ReadState
from bot.core.incident.groups import IncidentGroup, Occasion
from bot.core.incident.handover import Offer
from bot.core.incident.model import Incident, Snooze
from bot.core.incident.retries import Retry, RetryRule, RetryState
from bot.core.outbox.posts import PostId
from bot.core.people.model import DONE, AttemptResult, IncomingMessage, Origin, Person, Surface
from bot.store import imports
from bot.store.workspace_keys import KeyChange


async def fill(store):
    """Write something into every table, and delete the newest row where its number must not be given again."""
    await _incidents(store)
    await _posts(store)
    await _people(store)
    await _flows(store)
    await _half_an_import(store)


async def _incidents(store):
    ids = itertools.count()
    bridges = frozenset({Bridge.WEBHOOK})
    store.use_bridges(BridgeSettings(bridges, "urn:flowbot:o1", lambda: NOW, lambda: f"e{next(ids)}", lambda *_: {}))
    whole = filled(Incident)
    several = [incident(f"i{n}", n, occurrences=[occurrence(n), occurrence(n + 1)]) for n in (3, 1, 2)]
    step = EscalationStep("i1", 1, NOW, CallReason.GROUP, ("U1",), "S1", (("S0", "empty"),))
    changes = ChangeSet(
        seen=(seen(), seen("2-20261121143000", trigger_at=None)),
        incidents=(whole, *several),
        incident_groups=(IncidentGroup(PostId("storm"), "C1", Occasion.STORM, NOW, NOW, shown="天气 ☀ \\u0000"),),
        escalated=(step,),
        snoozes=(whole.snooze, filled(Snooze, id="s2", ended_at=None)),
        offers=(filled(Offer),),
        runbooks=(Runbook(FlowId(1), "report", "see the wiki", MAYA, NOW),),
        retry_rules=(filled(RetryRule),),
        retries=(filled(Retry, state=RetryState.STARTING),),
    )
    await store.observe([], [], lambda _: changes)
    await store.set_reading(ReadState(1, True, True, NOW, None))
    await store.set_note("gap", "the note")


async def _posts(store):
    await store.queue([message("card"), message("waits", text='数据 "quoted" \\ \n\t'), message("unsaid")])
    await store.start_sending(PostId("card"), NOW)
    await store.mark_sent(PostId("card"), "C1", "1.0", NOW)
    await store.queue([edit("e", "card")])
    await store.start_sending(PostId("e"), NOW)
    await store.mark_lost(PostId("e"), "C1", "1.0", NOW, still_visible=False)
    await store.start_sending(PostId("waits"), NOW)


async def _people(store):
    await store.put_links([link(), link(JONAS, "u2", "jonas.weber", verified=True)])
    first = await store.begin_attempt(attempt())
    await store.queue([], attempt_result=AttemptResult(first, DONE, NOW, answer="done"))
    await store.begin_attempt(attempt("k2", JONAS))
    await store.record_delivery("d1", NOW, IncomingMessage("d1", "help", MAYA, Origin(Surface.COMMAND, "C1"), NOW))
    await store.set_language("UMAYA", "zh", greets=True)
    await store.stash("many words", NOW)
    await store.put_run(run())
    change = KeyChange(("T1",), "E1", {}, Person("E1", "UBOT"), "{}", NOW)
    await store.change_person_keys(change)


async def _flows(store):
    watches = [(await store.add_watch(watch(channel=f"C{n}"), lambda _: []))[0] for n in range(3)]
    await store.remove_watch(watches[-1], [])
    await store.change_prefs("C1", lambda old: replace(old, language="zh"), lambda _: [])
    await store.add_past_runs([past(), past(2, datetime(2026, 11, 1, tzinfo=UTC), -1, freq="0 0 1 * * ? *")])
    await store.put_dependencies([Dependencies(FlowRef(FlowId(1), "report"), (FlowRef(FlowId(2), "source"),), NOW)])
    await store.expect(FlowId(1), Expectation(FlowId(1), "report", MAYA, NOW, time(9, 30)))
    planned = filled(Backfill, by=MAYA, acted_by=None, state=BackfillState.PLANNING)
    number = await store.plan_backfill(planned, [BackfillStart(place, later(days=place)) for place in range(3)])
    await store.begin_backfill(number, [])


async def _half_an_import(store):
    """An import that was cut off: the next start throws it away, so it is the last that is written."""
    links = [link(Person("E1", f"U{n}"), f"x{n}", f"name.{n}") for n in range(imports.CHUNK + 1)]
    left = [4]

    def mortal(act):
        if not left[0]:
            raise _Dead
        left[0] -= 1
        return store._transact(act)

    try:
        await store._run(lambda: imports.put_links(mortal, links, []))
    except _Dead:
        return


class _Dead(BaseException):
    pass
