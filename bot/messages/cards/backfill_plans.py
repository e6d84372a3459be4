"""What a backfill would start: the preview, and the question before it starts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from bot.core.command.shown import in_code
from bot.core.command.table import BY_VERB
from bot.core.flow.backfill_times import Basis, LeftOut, TriggerTimes, at_least
from bot.core.flow.model import Flow
from bot.core.text.escape import Markup, code
from bot.core.text.message import Text, Value, lines, listed, msg, on_day, plural, sentences
from bot.core.text.shown_times import on_the_clock
from bot.core.values import dataclass
from bot.messages.cards import flows

START = msg("Start backfill")
_NAMED = 5  # times that a sentence names
_EVERY = next(each for each in BY_VERB["backfill"].clauses if each.word == "every")


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backfill would start, and what is known about it."""

    flow: Flow
    times: TriggerTimes
    left: Mapping[datetime, LeftOut]
    zone: tzinfo  # of the asker
    platform: timedelta | None  # the offset of EnOS's days; None while unknown
    usual: timedelta | None = None  # how long a run takes
    task_name: str = ""
    of: int = 0  # the backfill whose failures these are
    all_read: bool = True  # whether all of EnOS's list was read
    changed: bool = False  # it is another plan than the one that was confirmed

    @property
    def wanted(self) -> tuple[datetime, ...]:
        """The trigger times for which a run is to be started."""
        return tuple(at for at in self.times.at if at not in self.left)


def question(plan: Plan, schedule: Text) -> Text:
    """Whether to start it."""
    ask = plural(
        "Start {n} run of {flow}?",
        "Start {n} runs of {flow}, one after the other?",
        len(plan.wanted),
        flow=_flow(plan),
    )
    changed = msg("The plan has changed since I showed it, so I ask again.") if plan.changed else None
    return lines(sentences(changed, ask), *_details(plan, schedule))


def preview(plan: Plan, schedule: Text) -> Text:
    """What it would start."""
    would = plural(
        "A backfill of {flow} would start {n} run.",
        "A backfill of {flow} would start {n} runs, one after the other.",
        len(plan.wanted),
        flow=_flow(plan),
    )
    return lines(sentences(would, msg("Nothing was started.")), *_details(plan, schedule))


def nothing_to_start(plan: Plan) -> Text:
    """Why nothing is started."""
    return lines(msg("There is nothing to start for {flow}. Nothing was started.", flow=_flow(plan)), *_left_out(plan))


def _details(plan: Plan, schedule: Text) -> Iterable[Text | None]:
    wanted, times = plan.wanted, plan.times
    yield _basis(plan, schedule)
    shown, zone = [_at(plan, at) for at in (*wanted[:1], *wanted[1:][-1:])], str(plan.zone)
    if len(shown) == 1:
        yield msg("Its trigger time: {time}. Time zone: {zone}.", time=shown[0], zone=zone)
    elif shown:
        yield msg("First: {first}. Last: {last}. Time zone: {zone}.", first=shown[0], last=shown[1], zone=zone)
    if plan.task_name:
        yield msg("Each run starts from task {task}.", task=flows.bold(plan.task_name))
    yield from _left_out(plan)
    yield from _clock(times)
    least, n = at_least(len(wanted), plan.usual), len(wanted)
    if plan.usual is not None:
        yield msg(
            "It takes at least {duration}. A run usually takes {usual}, and EnOS starts one a minute for each flow.",
            duration=least,
            usual=plan.usual,
        )
    elif n > 1:
        yield msg(
            "It takes at least {duration}, because EnOS starts one run a minute for each flow. I don't know how long a "
            "run takes.",
            duration=least,
        )
    if not plan.flow.active:
        yield msg("The schedule of this flow is off. A backfill does not need it.")


def _basis(plan: Plan, schedule: Text) -> Text:
    values: dict[str, Value] = {"zone": str(plan.zone)}
    match plan.times.basis:
        case Basis.HOUR:
            return msg("Trigger times: every full hour ({zone}).", **values)
        case Basis.DAY:
            return msg("Trigger times: every day at midnight ({zone}).", **values)
        case Basis.WEEK:
            return msg("Trigger times: every seven days from the first one, at midnight ({zone}).", **values)
        case Basis.MONTH:
            return msg("Trigger times: the same day of every month, at midnight ({zone}).", **values)
        case Basis.SCHEDULE:
            return msg("Trigger times: by the schedule of the flow as it is today: {schedule}.", schedule=schedule)
        case Basis.CHOSEN:
            return msg("Trigger times: those of backfill {number} that still need a run.", number=str(plan.of))
        case Basis.MIDNIGHT:
            return msg(
                "Trigger times: every day at midnight ({zone}). I can't tell when the schedule of the flow fires. To "
                "choose, add for example {example}.",
                example=in_code(_every_hour),
                **values,
            )


def _every_hour(language: str) -> str:
    return f"{_EVERY.word_in(language)} {_EVERY.form.say_in('hour', language) if _EVERY.form else ''}"


def _left_out(plan: Plan) -> Iterable[Text]:
    done = [at for at, why in plan.left.items() if why is LeftOut.SUCCEEDED]
    under_way = [at for at, why in plan.left.items() if why is LeftOut.UNDER_WAY]
    if done:
        yield plural(
            "{n} is left out, because its data has a successful run: {times}.",
            "{n} are left out, because their data has a successful run: {times}.",
            len(done),
            times=_times(plan, done),
        )
    if under_way:
        yield plural(
            "{n} is left out, because a run for its data has not ended: {times}.",
            "{n} are left out, because runs for their data have not ended: {times}.",
            len(under_way),
            times=_times(plan, under_way),
        )
    if not plan.all_read:
        yield msg("EnOS lists too many runs to read them all now. I check each trigger time again before I start it.")


def _clock(times: TriggerTimes) -> Iterable[Text]:
    if times.clock_changes:
        days = listed([on_day(day) for day in times.clock_changes[:_NAMED]], len(times.clock_changes))
        yield msg("⚠️ The clocks change on {days}.", days=days)
    if times.skipped:
        shown = listed([code(each) for each in times.skipped[:_NAMED]], len(times.skipped))
        yield msg("Left out, because this local time does not exist: {times}.", times=shown)
    if times.repeated:
        shown = listed([code(each) for each in times.repeated[:_NAMED]], len(times.repeated))
        yield msg("Started once, for the first of two equal local times: {times}.", times=shown)
    if times.short_months:
        yield plural(
            "{n} month is too short for that day: its last day is taken.",
            "{n} months are too short for that day: their last day is taken.",
            times.short_months,
        )
    if times.later:
        yield plural(
            "{n} trigger time of today has not come, and is left out.",
            "{n} trigger times of today have not come, and are left out.",
            times.later,
        )


def _flow(plan: Plan) -> Markup:
    return flows.flow_name(plan.flow.id, plan.flow.name)


def _at(plan: Plan, at: datetime) -> Text:
    shown, date = code(on_the_clock(at.astimezone(plan.zone))), flows.day_before(at, plan.platform)
    return msg("{time} (data date {date})", time=shown, date=date) if date else shown


def _times(plan: Plan, times: Sequence[datetime]) -> Text:
    return listed([code(on_the_clock(at.astimezone(plan.zone))) for at in times[:_NAMED]], len(times))
