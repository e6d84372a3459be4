"""What exists besides the bot in a crash world: a platform and a Slack with memories."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from answer_enos import AnswerEnos
from answer_slack import AnswerSlack
from delivery_fakes import FakeSlack

from bot.core.flow.model import Graph, Page
from bot.core.flow.status import Status
from bot.core.outbox.conversations import Channel
from bot.core.people.model import Person

MAYA = Person("T0DEMO0001", "U0MAYA00001")
JONAS = Person("T0DEMO0001", "U0JONAS0001")
LINA = Person("T0DEMO0001", "U0LINA00001")  # who owns nothing, and asks others
ONCALL = "S0ONCALL01"


class CrashWorldEnos(AnswerEnos):
    """Lists what changed last first, in small pages; knows who asks for what."""

    page = 3

    def __init__(self):
        super().__init__()
        self._changes = itertools.count(1)
        self._changed = {}
        self._minutes = itertools.count()
        self.sorted_by = "update_time"
        self.asked_by = None  # the command whose call this is
        self.acts = []  # (command, call) of each call that changes something

    def ends(self, flow, end, status, *, again=None):
        """A new instance of a flow ends, or ``again`` an old one."""
        due = datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(minutes=next(self._minutes))
        id_ = again or f"{flow}-{due:%Y%m%d%H%M}"
        self.run(id_, status, end=end)
        self._changed[id_] = next(self._changes)

    def shown(self):
        """Return every failure that a search shows now."""
        broken = {Status.FAIL, Status.TIMEOUT}
        return {(id_, row.end_time) for id_, row in self.rows.items() if row.status in broken}

    async def search(self, terms, *, newest="update_time", as_user=None):
        rows = [row for row in self.rows.values() if self._matches(row, terms)]
        rows.sort(key=lambda row: -self._changed.get(row.id, 0))
        for first in range(0, max(len(rows), 1), self.page):
            self._met("search", as_user, terms)
            page = tuple(_bare(row) for row in rows[first : first + self.page])
            yield Page(page, last=first + self.page >= len(rows), sorted_by=self.sorted_by)

    async def time_zone(self):
        return "GMT+8"

    def _met(self, name, as_user, *what):
        if name in {"trigger", "triggerFromTask", "updateAndTrigger", "enable", "disable", "cancel"}:
            self.acts.append((self.asked_by, (name, *what)))
        return super()._met(name, as_user, *what)


def _bare(row):
    return replace(row, graph=Graph())


class CrashWorldSlack(FakeSlack):
    """A Slack with a memory for messages, and for people and channels."""

    def __init__(self, clock):
        super().__init__(clock)
        self.directory = AnswerSlack()
        self.directory.person(MAYA, "maya", timezone="UTC")
        self.directory.person(JONAS, "jonas", timezone="UTC")
        self.directory.person(LINA, "lina", timezone="UTC")
        self.directory.groups[ONCALL] = {MAYA.user, JONAS.user}
        for name in ("profile", "group", "members", "permalink"):
            setattr(self, name, getattr(self.directory, name))

    async def channel(self, channel):
        return Channel(channel, member=True, archived=channel in self.closed)
