"""What a command needs in a place: what is said where it is missing, and where something else is there.

``Cursor.expected`` fills in the data: ``{after}`` is the word before the place, ``{found}`` what is there instead, and
``{example}`` a command or a part of one. The last two are in the reader's language.
"""

from typing import NamedTuple

from bot.core.text.message import Message, msg


class Wanted(NamedTuple):
    """The two messages about one kind of value, without their data."""

    missing: Message
    wrong: Message


FLOW = Wanted(
    msg("Which flow? {after} needs a flow ID or name, for example {example}."),
    msg("{found} is not a flow. Write its ID, for example {example}, or its name in quotes."),
)
RUN_NOT_FLOW = msg("{found} is a run, not a flow. The run belongs to flow {flow}.")
RUN = Wanted(
    msg("Which run? {after} needs a run ID, for example {example}. `runs` lists the runs."),
    msg("{found} is not a run ID. A run ID looks like `2809-20190812080700`. `runs` lists the runs."),
)
FLOW_NOT_RUN = msg("{found} is not a run ID. {command} lists the runs of that flow.")
TARGET = Wanted(
    msg("Which flow or run? {after} needs a flow ID, a flow name or a run ID, for example {example}."),
    msg("{found} is not a flow or a run. Write an ID, for example {example}, or the name of a flow in quotes."),
)
TASK = Wanted(
    msg("Which task? {after} needs a task ID, for example {example}. `show FLOW` lists the tasks of a flow."),
    msg("{found} is not a task ID. A task ID is a number. `show FLOW` lists the tasks of a flow."),
)
NAME_IN_QUOTES = msg("{found} is a word of commands. If it is a name, put it in quotes: {quoted}.")
WORDS_IN_QUOTES = msg("{found} is made of words of commands. If it is a name, put it in quotes: {quoted}.")
OWNER = Wanted(
    msg("Which owner? {after} needs a person, an EnOS user name or `me`, for example {example}."),
    msg("{found} is not an owner. Write `me` or a user name, or type @ and choose from Slack's list."),
)
_STORM = msg("Which alert storm? Press a button of its message.")
STORM = Wanted(_STORM, _STORM)
_SEEN = msg("Which preview? Press its button.")
SEEN = Wanted(_SEEN, _SEEN)
PERSON = Wanted(
    msg("Which person? Type @ and choose from Slack's list."),
    msg("{found} is not a person in Slack. Type @ and choose from Slack's list."),
)
USER_ID = Wanted(
    msg("Which EnOS user ID? It is in the user's EnOS profile. For example: {example}."),
    msg("{found} is not an EnOS user ID. It is in the user's EnOS profile. For example: {example}."),
)
USER_NAME = Wanted(
    msg("Which EnOS user name? It is among the owners of the person's flows. For example: {example}."),
    msg("{found} is not an EnOS user name. It is among the owners of the person's flows. For example: {example}."),
)
TIME = Wanted(
    msg("At what time? Write for example `14:30`, `tomorrow 02:00` or `2026-11-21 14:30`, in your Slack time zone."),
    msg(
        "I don't understand the time {found}. "
        "Write for example `14:30`, `tomorrow 02:00` or `2026-11-21 14:30`, in your Slack time zone."
    ),
)
CLOCK = Wanted(
    msg("At what time? After {after}, write a time such as `14:30`."),
    msg("{found} is not a time. After {after}, write a time such as `14:30`."),
)
_NIGHT = msg(
    "{found} can mean the night before that day or the night after it. "
    "Write for example `today 01:00` or `tomorrow 01:00`."
)
NIGHT = Wanted(_NIGHT, _NIGHT)  # there is always something that can be either
_DATE = msg("{found} is not a valid date. Write for example `2026-11-21`.")
DATE = Wanted(_DATE, _DATE)  # there is always something that looks like one
DAY = Wanted(
    msg("Which date? After {after}, write for example `2026-11-01` or `yesterday`, in your Slack time zone."),
    msg("{found} is not a date. Write for example `2026-11-01` or `yesterday`, in your Slack time zone."),
)
STEP = Wanted(
    msg("How often? Write `hour`, `day`, `week` or `month` after {after}."),
    msg("{found} is not a step. Write `hour`, `day`, `week` or `month`."),
)
PERIOD = Wanted(
    msg(
        "Which period? Write for example `today`, `this week`, `last 3h`, `since 09:00`, `2026-11-19` or "
        "`2026-11-01..2026-11-07`, in your Slack time zone."
    ),
    msg(
        "I don't understand the period {found}. Write for example `today`, `this week`, `last 3h`, `since 09:00`, "
        "`2026-11-19` or `2026-11-01..2026-11-07`, in your Slack time zone."
    ),
)
_THIS = msg("After `this`, write `week`. For other periods, write for example `last 30d`.")
THIS = Wanted(_THIS, _THIS)
LAST = Wanted(
    msg("How long? Write for example `last 3h` or `last 2d`. The longest is `last 366d`."),
    msg("I can't use {found} here. Write for example `last 3h` or `last 2d`. The longest is `last 366d`."),
)
SINCE = Wanted(
    msg("Since when? Write for example `since 09:00`, `since yesterday 09:00` or `since 2026-11-19`."),
    msg(
        "I don't understand the time {found}. "
        "Write for example `since 09:00`, `since yesterday 09:00` or `since 2026-11-19`."
    ),
)
DURATION = Wanted(
    msg("How long? Write for example `30m`, `2h` or `1d`. The longest is `366d`."),
    msg("I can't use {found} as a duration. Write for example `30m`, `2h` or `1d`. The longest is `366d`."),
)
NUMBER = Wanted(
    msg("Which number? {after} needs a number from 1 to {most}, for example {example}."),
    msg("{found} is not a number from 1 to {most}."),
)
GLOB = Wanted(
    msg("Which names? Write one after {after}, with `*` for any characters, for example {example}."),
    msg("{found} is not a name. Write for example {example}, with `*` for any characters."),
)
HOURS = Wanted(
    msg("Which hours? Write for example `22:00-07:00`, in your Slack time zone."),
    msg(
        "I can't use {found} as quiet hours. Write two different times, for example `22:00-07:00`, in your Slack time "
        "zone."
    ),
)
SWITCH = Wanted(
    msg("On or off? Write `on` or `off` after {after}."),
    msg("{found} is not `on` or `off`."),
)
REPLIES = Wanted(
    msg("Where? Write `thread` or `channel` after {after}."),
    msg("{found} is not `thread` or `channel`."),
)
LANGUAGE = Wanted(
    msg("Which language? Write `en` for English or `zh` for Chinese."),
    msg("I don't speak {found}. Write `en` for English or `zh` for Chinese."),
)
DIGEST = Wanted(
    msg("When? Write a time such as `08:30`, or `off`."),
    msg("{found} is not a time. Write for example `08:30`, or `off`."),
)
DONE_BY = Wanted(
    msg("By when? Write a time after {after}, for example `06:00`."),
    msg("{found} is not a time. Write for example `06:00`."),
)
DAYS = Wanted(
    msg("On which days? Write for example `mon-fri` or `sat,sun`."),
    msg("{found} is not a day of the week. Write for example `mon-fri` or `sat,sun`."),
)
EXPECT_MODE = Wanted(
    msg("Write `off` or `auto` after {after}."),
    msg("{found} is not `off` or `auto`."),
)
VERB = Wanted(
    msg("Which command? `help` lists all commands."),
    msg("{found} is not a command. `help` lists all commands."),
)
PAIRS = Wanted(
    msg("Which parameter? {after} needs `KEY=VALUE`, for example {example}."),
    msg(
        "{found} is not a parameter. Write `KEY=VALUE` without spaces around `=`. "
        'Put a value with spaces in quotes: `path="/data/new files"`.'
    ),
)
RESOLUTION = Wanted(
    msg("Closed as what? Write for example {example}. `help close` lists the words."),
    msg("I can't close an incident as {found}. `help close` lists the words."),
)
ERROR_TEXT = Wanted(
    msg("Which text of the error? Write it in quotes after {after}, for example {example}."),
    msg("{found} is not a text. Write it in quotes, for example {example}."),
)
_BACKFILL = msg("Press a button of the backfill's message.")
BACKFILL = Wanted(_BACKFILL, _BACKFILL)
_SEARCHED = msg("What should I look for? Write a part of a name, an ID, an owner or a task, for example {example}.")
SEARCHED = Wanted(_SEARCHED, _SEARCHED)
_OFFER = msg("Press a button of the message that asks you.")
OFFER = Wanted(_OFFER, _OFFER)
_NOTE = msg("What is the reason? Write it after {after}, in your own words.")
NOTE = Wanted(_NOTE, _NOTE)  # it takes whatever is there
_COMMAND = msg("Which command? Write it in quotes after {after}.")
COMMAND = Wanted(_COMMAND, _COMMAND)
_RUNBOOK = msg("What should people do when the flow breaks? Write a sentence or an address at the end, or `off`.")
RUNBOOK = Wanted(_RUNBOOK, _RUNBOOK)
