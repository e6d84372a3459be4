"""Two million texts, mutated commands and noise: each is a request, or refused with a sentence."""

import asyncio
import os
import random
import time
from concurrent.futures import ProcessPoolExecutor

from bench.soak.lines import must
from bot.core.command.parse import parse, say
from bot.core.command.table import ROWS
from bot.core.errors import Refusal

TEXTS = 2_000_000
BATCH = 20_000

WORDS = (
    *("from", "to", "at", "with", "of", "by", "for", "until", "because", "confirmed", "page", "here", "every", "tail"),
    *(
        "today",
        "yesterday",
        "this",
        "week",
        "month",
        "last",
        "3h",
        "since",
        "09:00",
        "tomorrow",
        "02:00",
        "hour",
        "day",
    ),
    *(
        "2026-11-19",
        "2026-11-01..2026-11-07",
        "3377",
        "2809-20190812080700",
        "108580",
        "50",
        "path=/data",
        "overwrite=",
    ),
    *(
        "FAIL",
        "success",
        "open",
        "unacked",
        "mine",
        "me",
        "task",
        "<@U0MAYA00001>",
        "<@U0MAYA00001|maya>",
        "<!channel>",
    ),
    *(
        "<#C0DATAOPS1|data-ops>",
        "<https://x.test|y>",
        "&amp;",
        "&lt;!here&gt;",
        '"a b"',
        "“c d”",
        "'e'",
        "`f`",
        "*bold*",
    ),
    *("--", "—", "=", "..", "#", "|", "\\", "\u00a0", "\u202e", ""),
)
RANGES = (
    (0x20, 0x7E),
    (0xA0, 0x2FF),
    (0x370, 0x5FF),
    (0x2000, 0x206F),
    (0x4E00, 0x4FFF),
    (0x1F300, 0x1F6FF),
    (0, 0x1F),
)


def texts(seed: int, count: int):
    """Yield texts: one valid command in three ways of damage, or noise."""
    chance = random.Random(seed)
    examples = [example for row in ROWS for example in row.examples] + [row.verb for row in ROWS]
    for _ in range(count):
        words = chance.choice(examples).split(" ")
        for _ in range(chance.randrange(5)):
            _damage(words, chance)
        text = " ".join(words)
        if chance.random() < 0.2:
            place = chance.randrange(len(text) + 1)
            text = text[:place] + _noise(chance) + text[place + chance.randrange(3) :]
        yield _noise(chance) if chance.random() < 0.05 else text


def _damage(words: list[str], chance: random.Random) -> None:
    place = chance.randrange(len(words)) if words else 0
    match chance.randrange(5):
        case 0:
            words.insert(place, chance.choice(WORDS))
        case 1 if words:
            del words[place]
        case 2 if words:
            words[place] = chance.choice(WORDS)
        case 3 if words:
            words.insert(chance.randrange(len(words)), words[place])
        case _ if words:
            word = words[place]
            cut = chance.randrange(len(word) + 1)
            words[place] = word[:cut] + chance.choice(WORDS) + word[cut:]


def _noise(chance: random.Random) -> str:
    low, high = chance.choice(RANGES)
    return "".join(chr(chance.randint(low, high)) for _ in range(chance.choice((1, 2, 5, 20, 300))))


def batch(seed: int, count: int = BATCH) -> tuple[int, int, str]:
    """How many were understood, how many refused, and the first text that was neither."""
    understood = refused = 0
    for text in texts(seed, count):
        try:
            request = parse(text)
            understood += 1
            if parse(say(request)) != request:
                return understood, refused, f"{text!r} means something else when it is said again"
        except Refusal as no:
            refused += 1
            if "▸" not in str(no):
                return understood, refused, f"{text!r} was refused without a place: {no}"
        except Exception as bug:  # noqa: BLE001  that is what is looked for
            return understood, refused, f"{text!r} met {type(bug).__name__}: {bug}"
    return understood, refused, ""


async def soak() -> str:
    seed = random.SystemRandom().randrange(10**9)
    started = time.monotonic()
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        ways = [loop.run_in_executor(pool, batch, seed + number) for number in range(TEXTS // BATCH)]
        ends = await asyncio.gather(*ways)
    for _, _, problem in ends:
        must(not problem, f"{problem} (seed {seed})")
    understood, refused = sum(each[0] for each in ends), sum(each[1] for each in ends)
    must(understood + refused == TEXTS, "texts are missing")
    each = 1e6 * (time.monotonic() - started) * (os.cpu_count() or 1) / TEXTS
    return f"{TEXTS:,} texts: {understood:,} requests, {refused:,} refusals with a sentence, {each:.0f} µs each"
