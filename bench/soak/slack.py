"""Hours of a Slack that asks to wait, fails, answers with pages or not at all: each message is there once."""

import random
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

from bench.soak.lines import must
from bench.soak.pretend import CHANNEL, HandClock, Slack
from bot.core.outbox.conversations import SlackLimited, SlackUnclear, SlackUnreachable
from bot.core.outbox.posts import Lane, NewPost, PostId, PostKind
from bot.store.store import Store
from bot.work.delivery.delivery import Delivery

WAIT = 30.0  # seconds that Slack asks to wait
TROUBLES = {  # what a call meets, and whether it takes effect
    "429": lambda _chance: SlackLimited(WAIT),
    "500": lambda chance: (SlackUnclear("HTTP 500"), chance.random() < 0.5),
    "HTML": lambda chance: (SlackUnclear("an answer that is not JSON"), chance.random() < 0.5),
    "nothing": lambda chance: (SlackUnclear("no answer in time"), chance.random() < 0.5),
    "no network": lambda _chance: SlackUnreachable("connection refused"),
    "now and then": lambda chance: None if chance.random() < 0.7 else (SlackUnclear("HTTP 502"), chance.random() < 0.5),
}
HOUR, STEP = 3600, 2
MESSAGES = 20  # in each hour
CALLS = 60  # of one method, at most in any minute: no more than the pace of good times; Slack counts by method
WITHIN = 1200  # seconds without trouble until all is there


async def soak() -> str:
    clock, chance = HandClock(), random.Random(7)
    slack = Slack(clock)
    wanted: list[str] = []
    newest: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with Store.open(Path(folder) / "flowbot.db") as store:
            alarms: list[object] = []
            delivery = Delivery(store, slack, clock, default_channel=CHANNEL, on_alarm=alarms.append)
            busiest = {}
            for name in TROUBLES:
                slack.bad = trouble(name, chance)
                slack.calls.clear()
                for second in range(0, HOUR, STEP):
                    if second % (HOUR // MESSAGES) == 0:
                        await queue(store, clock, wanted, newest, chance)
                    await delivery.tick(clock())
                    clock.pass_by(STEP)
                busiest[name] = max(Counter((int(at // 60), method) for at, method in slack.calls).values())
            slack.bad = None
            waited = 0
            while waited < WITHIN and (await store.post_counts()).keys() & {"queued", "sending", "unclear"}:
                await delivery.tick(clock())
                clock.pass_by(1)
                waited += 1
            for _ in range(60):
                await delivery.tick(clock())
                clock.pass_by(1)
    stands = Counter(each.id for each in slack.messages.values())
    must(set(stands) == set(wanted), f"{len(set(wanted) - set(stands))} of {len(wanted)} messages are lost")
    must(max(stands.values()) == 1, "a message stands twice")
    texts = {each.id: each.body["text"] for each in slack.messages.values()}
    must(all(texts[id_] == text for id_, text in newest.items()), "an edit did not reach its message")
    words = ", ".join(f"{name} {count}" for name, count in busiest.items())
    must(max(busiest.values()) <= CALLS, f"Slack in trouble was called too often in a minute: {words}")
    return (
        f"{len(TROUBLES)} h of trouble: {len(wanted)} messages and {len(newest)} edits stand once, "
        f"{waited} s after it; most calls of one method in a minute: {words}"
    )


def trouble(name: str, chance: random.Random):
    def bad(_method):
        met = TROUBLES[name](chance)
        if isinstance(met, tuple):
            error, takes_effect = met
            if takes_effect:
                return error
            raise error
        if met is not None:
            raise met
        return None

    return bad


async def queue(store, clock, wanted, newest, chance) -> None:
    """Queue a message, perhaps a reply, and now and then an edit of an older one."""
    id_ = f"m{len(wanted)}"
    thread_of = PostId(chance.choice(wanted)) if wanted and chance.random() < 0.5 else None
    await store.queue(
        [NewPost(PostId(id_), PostKind.MESSAGE, Lane.ALERT, CHANNEL, {"text": id_}, clock(), thread_of=thread_of)]
    )
    wanted.append(id_)
    if chance.random() < 0.5:
        target, text = chance.choice(wanted), f"edited at {clock():%H:%M:%S}"
        edit = NewPost(
            PostId(f"e{len(wanted)}"),
            PostKind.EDIT,
            Lane.ALERT,
            CHANNEL,
            {"text": text},
            clock() + timedelta(seconds=1),
            target=PostId(target),
        )
        await store.queue([edit])
        newest[target] = text
