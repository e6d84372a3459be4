"""Examining EnOS: the keys, the clock, the time zone, what is seen, how pages are counted, and who owns what."""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.core.checks import on_enos
from bot.core.checks.check import Check, ok
from bot.core.checks.on_slack import DRIFT
from bot.core.command.rights import VERIFY_FLOWS, verifies
from bot.core.errors import Failure, Refusal, TemporaryFailure
from bot.core.flow.ids import milliseconds
from bot.core.flow.model import (
    KINDS,
    FlowId,
    FlowName,
    Instance,
    Search,
    UserName,
)
from bot.core.flow.status import Status
from bot.core.people.model import Link
from bot.doctor.safe_check import safe_check
from bot.doctor.slack import skew
from bot.enos.client import EnosClient
from bot.settings.table import Settings

AT_ONCE = 4  # reads of single flows
OWNERS_SECONDS = 60.0


class EnosExam:
    """One examination of EnOS. To be made inside the running event loop, and closed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.client = EnosClient(
            settings.enos_api_url,
            settings.enos_access_key,
            settings.enos_secret_key,
            settings.enos_org_id,
            settings.enos_user_id,
            clock=lambda: datetime.now(UTC),
        )
        self.owned: dict[FlowId, tuple[str, Sequence[UserName]]] = {}  # the flows that flowbot watches: name and owners
        self.unread = 0
        self.signed_in = False
        self._mine: tuple[FlowName, ...] = ()
        self._rows: list[Instance] = []

    async def close(self) -> None:
        """Close the connections."""
        await self.client.close()

    async def examine(self) -> list[Check]:
        """The checks, in the order in which they depend on each other."""
        found: list[Check] = []
        if not await safe_check("enos sign-in", found, self._sign_in(found)):
            return found
        await safe_check("enos clock", found, self._clock(found))
        await safe_check("enos pages", found, self._pages(found))
        await safe_check("enos time zone", found, self._zone(found))
        await safe_check("enos flows", found, self._flows(found))
        await safe_check("enos owners", found, self._owners(), OWNERS_SECONDS + 10)
        return found

    async def reasons_not_verified(self, links: Sequence[Link]) -> dict[Link, str]:
        """For links that are not verified: a sentence that says why, or an empty text if the first use will do it."""
        return {link: await self._reason_not_verified(link) for link in links if not link.verified}

    async def _sign_in(self, found: list[Check]) -> bool:
        """Whether the keys are good. A wrong clock is reported too: it may be the reason why they are not."""
        before = datetime.now(UTC)
        try:
            await self.client.sign_in()
        except Failure:
            apart = skew({"date": self.client.last_date}, before, datetime.now(UTC))
            if apart is not None and abs(apart) > DRIFT:
                found.append(on_enos.clock(apart))
            raise
        self.signed_in = True
        found.append(ok("enos sign-in", "EnOS accepts the application's keys."))
        return True

    async def _clock(self, found: list[Check]) -> None:
        before = datetime.now(UTC)
        theirs = datetime.fromtimestamp(await self.client.now_ms() / 1000, tz=UTC)
        after = datetime.now(UTC)
        found.append(on_enos.clock(theirs - (before + (after - before) / 2)))

    async def _pages(self, found: list[Check]) -> None:
        """Search as the monitor does, all statuses, first pages only: enough to find out how EnOS counts and sorts."""
        now = datetime.now(UTC)
        since = now - timedelta(hours=self._settings.lookback_hours)
        sorted_by = []
        for kind in KINDS:
            terms = Search(
                kind, milliseconds(since), milliseconds(now + timedelta(days=1)), tuple(int(each) for each in Status)
            )
            async with contextlib.aclosing(self.client.search(terms)) as pages:
                async for first in pages:
                    sorted_by.append(first.sorted_by)
                    self._rows += first.rows
                    break
        found.append(on_enos.pages(self._settings.page_base, self.client.capabilities.get("page_base")))
        found.append(on_enos.order(sorted_by))

    async def _zone(self, found: list[Check]) -> None:
        found.append(on_enos.zone(self._settings.enos_timezone, await self.client.time_zone(), self._rows))

    async def _flows(self, found: list[Check]) -> None:
        every, self._mine = await asyncio.gather(self.client.all_flows(), self.client.my_flows())
        searched = {row.flow_id for row in self._rows}
        found.append(on_enos.flows(self._settings.enos_user_id, every, self._mine, searched))

    async def _owners(self) -> None:
        """Read the owners of as many watched flows as there is time for."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def read(flow: FlowName) -> None:
            async with turn:
                with contextlib.suppress(Failure):
                    self.owned[flow.id] = (flow.name, (await self.client.flow(flow.id)).owners)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OWNERS_SECONDS):
                await asyncio.gather(*(read(flow) for flow in self._mine))
        self.unread = len(self._mine) - len(self.owned)

    async def _reason_not_verified(self, link: Link) -> str:
        try:
            mine = [flow for flow in await self.client.my_flows(as_user=link.user_id) if flow.editable]
            for each in mine[:VERIFY_FLOWS]:
                if verifies(link, await self.client.flow(each.id, as_user=link.user_id), editable=True):
                    return ""
        except Refusal as refusal:
            return f"flowbot cannot read EnOS as {link.user_id}. {refusal}"
        except TemporaryFailure as outage:
            return f"The check did not finish. {outage}"
        if not mine:
            return f"{link.user_id} may not edit any flow."
        if len(mine) > VERIFY_FLOWS:
            return f"{link.user_name} owns none of the first {VERIFY_FLOWS} flows that {link.user_id} may edit."
        return f"{link.user_name} owns none of the flows that {link.user_id} may edit."
