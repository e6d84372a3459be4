"""``python -m bench.figures NAME RUNS``: measure one figure and print its lines."""

import asyncio
import sys

from bench import databases, entered, history, quarters, slack, views, watching

FIGURES = {
    "idle": watching.idle,
    "ack": slack.ack,
    "forms": slack.forms,
    "choosing": slack.choosing,
    "home": views.home,
    "typing": views.typing,
    "telling": slack.telling,
    "backlog": slack.backlog,
    "sweep": watching.sweep,
    "first_sweep": watching.first_sweep,
    "history": history.history,
    "start": slack.start,
    "entered": entered.entered,
    "quarters": quarters.quarters,
    "postgres": databases.postgres_figures,
}

if __name__ == "__main__":
    for line in asyncio.run(FIGURES[sys.argv[1]](int(sys.argv[2]))):
        print(line, flush=True)
