"""The digest over real sockets: what nine o'clock missed comes once, with who did what and a link to each thread."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta

from journey_kit import DATA_OPS, DIRECT, JONAS, MAYA, SAM
from journey_stage import story


def is_planned(database, place):
    """Whether flowbot knows that a channel or person waits for a digest."""
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT 1 FROM notes WHERE name = ?", [f"digest {place}"]).fetchone()


def a_day_later(database):
    """Let the last digest be a day older: as if the bot had been stopped at nine."""
    with closing(sqlite3.connect(database)) as connection, connection:
        for name, note in connection.execute("SELECT name, value FROM notes WHERE name LIKE 'digest %'").fetchall():
            held = json.loads(note)
            held["slot"] = (datetime.fromisoformat(held["slot"]) - timedelta(days=1)).isoformat()
            connection.execute("UPDATE notes SET value = ? WHERE name = ?", [json.dumps(held), name])


@story()
async def test_a_digest_tells_once_what_is_open_and_what_is_over(world):
    taken, rerun, closed = world.flow("taken-load"), world.flow("rerun-load"), world.flow("closed-load")
    world.breaks(taken)
    card = await world.card(taken, "FAIL")
    world.press(SAM, card, "Acknowledge")
    await world.sees(card, "@Sam Lee is on it")
    world.breaks(closed)
    ended = await world.card(closed, "FAIL")
    world.say(MAYA, f"/flow close {closed.id} because the source is gone")
    await world.sees(ended, "CLOSED")
    world.breaks(rerun)
    again = await world.card(rerun, "FAIL")
    world.enos.recover(rerun.id)
    await world.starts(MAYA, again, "Rerun")
    await world.sees(again, "RECOVERED")
    assert world.all_of(DATA_OPS, "*Digest.*") == []

    assert await world.stop() == 0
    a_day_later(world.settings["FLOWBOT_DATABASE"])
    await world.start()
    digest = await world.message("Digest.", "Watching", "3 failures in 3 flows")
    assert world.says(digest, "taken-load", "@Sam Lee is on it until", "Open thread")
    assert world.says(digest, "closed-load", "closed by @Maya Chen", "the source is gone")
    assert world.says(digest, "rerun-load", "with a rerun by @Maya Chen")
    await world.kill()
    await world.start()
    await world.polls(2)
    assert len(world.all_of(DATA_OPS, "failures in 3 flows")) == 1


@story()
async def test_people_say_where_a_digest_comes_and_when(world):
    database = world.settings["FLOWBOT_DATABASE"]
    flow, other = world.flow("hers-load"), world.flow("his-load", owners=("jonas.weber",))
    await world.asks(MAYA, "watch by me", "You added a watch", where=DIRECT)
    await world.asks(MAYA, "prefs digest 08:30", "You changed how I speak to you", "Digest: at 08:30", where=DIRECT)
    world.say(JONAS, "/flow prefs digest off")
    await world.message("@Jonas Weber changed how I speak", "Digest: off")
    await world.until(lambda: is_planned(database, MAYA))
    world.breaks(flow)
    world.breaks(other)
    await world.card(flow, channel=world.place(DIRECT, MAYA))
    await world.card(other)

    assert await world.stop() == 0
    a_day_later(database)
    await world.start()
    digest = await world.hears(MAYA, "Digest.", "1 failure in 1 flow", where=DIRECT)
    assert world.says(digest, "hers-load", "Open thread")
    assert not world.says(digest, "his-load")
    await world.polls(2)
    assert world.all_of(DATA_OPS, "*Digest.*") == []
