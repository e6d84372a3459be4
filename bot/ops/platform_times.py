"""Times as EnOS prints them: their time zone, and schedules in words."""

import logging
import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.core.errors import Refusal, TemporaryFailure
from bot.core.flow.times import zone_offset
from bot.core.text.language import EN, ZH
from bot.core.text.message import msg, plain

log = logging.getLogger(__name__)

ASK_AGAIN = timedelta(minutes=10)
_LOCALES = {EN: "en_US", ZH: "zh_CN"}
# Days and months, which cron-descriptor names in English in every language.
_NAMES = {
    "Monday": msg("Monday"),
    "Tuesday": msg("Tuesday"),
    "Wednesday": msg("Wednesday"),
    "Thursday": msg("Thursday"),
    "Friday": msg("Friday"),
    "Saturday": msg("Saturday"),
    "Sunday": msg("Sunday"),
    "January": msg("January"),
    "February": msg("February"),
    "March": msg("March"),
    "April": msg("April"),
    "May": msg("May"),
    "June": msg("June"),
    "July": msg("July"),
    "August": msg("August"),
    "September": msg("September"),
    "October": msg("October"),
    "November": msg("November"),
    "December": msg("December"),
}
_NAME = re.compile("|".join(_NAMES))
_BETWEEN_CHINESE = re.compile("(?<=[\u3000-\u9fff\uff0c]) (?=[\u3000-\u9fff])")
_NTH_WEEKDAY = re.compile("在?(第.个周.)每月")
_EVERY_MONTHS = re.compile("每 ([0-9]+) 月")


class PlatformZone:
    """The zone of the times that EnOS prints. ``offset`` is None until it is known.

    Where the settings name the zone, EnOS is not asked.
    """

    def __init__(self, configured: str, ask: Callable[[], Awaitable[str]]) -> None:
        self.offset: timedelta | None = zone_offset(configured)
        self._ask = ask
        self._next: datetime | None = None

    async def refresh(self, now: datetime) -> None:
        """Ask where it is not known yet, every ten minutes at most: an idle poll must stay cheap."""
        if self.offset is not None or (self._next is not None and now < self._next):
            return
        try:
            printed = await self._ask()
        except TemporaryFailure:
            return  # the monitor reports it; asked again when EnOS answers again
        except Refusal as refusal:
            log.info("EnOS did not say in which time zone it prints times: %s", refusal)
            printed = ""
        self.offset = zone_offset(printed)
        self._next = now + ASK_AGAIN


def schedule_in_words(quartz: str) -> Callable[[str], str]:
    """A Quartz expression (seven fields) in words of a language, or itself where it cannot be read.

    Only cron-descriptor reads Quartz weekdays right. Next runs are never computed here: EnOS knows them.
    """

    def words(language: str) -> str:
        from cron_descriptor import ExpressionDescriptor, Options

        options = Options()
        options.use_24hour_time_format = True
        options.day_of_week_start_index_zero = False
        options.locale_code = _LOCALES.get(language, _LOCALES[EN])
        try:
            described = str(ExpressionDescriptor(quartz, options).get_description())
        except Exception:  # noqa: BLE001  the library raises several kinds, and any of them means "unreadable"
            return quartz
        named = _NAME.sub(lambda found: plain(_NAMES[found[0]], language), described)
        return _tidied(named) if language == ZH else named

    return words


def _tidied(chinese: str) -> str:
    """A description with Chinese punctuation, and without the spaces and words that cron-descriptor has too many."""
    words = _BETWEEN_CHINESE.sub("", chinese.replace(", ", "，")).strip()
    return _EVERY_MONTHS.sub(r"每 \1 个月", _NTH_WEEKDAY.sub(r"每月\1", words)).removeprefix("在").strip()
