"""Questions on every surface: as a slash command, a mention, in a thread and in direct messages."""

from journey_kit import DATA_OPS, DIRECT, FINANCE, GENERAL, JONAS, MAYA, SAM
from journey_stage import story


@story()
async def test_each_surface_has_its_audience(world):
    ephemeral = await world.asks(MAYA, "/flow show 3377", "daily-energy-report", "extract", "At 02:00")
    assert ephemeral.only_for == MAYA
    world.say(MAYA, "@flowbot show 2809")
    await world.until(lambda: [each for each in world.all_of(DATA_OPS, "turbine-10min") if each.only_for is None])
    (answer,) = world.all_of(DATA_OPS, "turbine-10min")
    question = next(each for each in world.slack.messages(DATA_OPS) if "show 2809" in each.text)
    assert answer.thread_ts == question.ts, "a mention's question is answered in its thread"
    world.say(MAYA, "@flowbot show 3318", thread=answer.thread_ts)
    await world.until(lambda: len(world.slack.thread(DATA_OPS, question.ts)) == 4)

    world.say(MAYA, "show 4500", where=DIRECT)
    await world.hears(MAYA, "forecast-wide", "merge", where=DIRECT)
    world.say(MAYA, "@flowbot show 4601", where=DIRECT)
    await world.hears(MAYA, "meter-import", where=DIRECT)
    await world.asks(MAYA, "/flow show 4602", "meter-quality", where=GENERAL)

    # Refusals and logs are for the asker alone, in a mention too.
    run = world.enos.instances(3377)[-1]
    refused = await world.asks(MAYA, "@flowbot shwo 3377", "Did you mean", "show")
    assert refused.only_for == MAYA
    log = await world.asks(MAYA, f"@flowbot log {run.id}", "Log of task")
    assert log.only_for == MAYA
    assert "hunter2" not in world.slack.shown(log)
    await world.asks(MAYA, f"log {run.id} of 108579 tail 2", "last 2 of", where=DIRECT)


@story()
async def test_whoever_addresses_flowbot_is_answered_or_told_once_how(world):
    def hints(who, *words, where=DATA_OPS):
        return [each for each in world.private(who, where) if world.says(each, *words)]

    # The mention behind the command, greetings before it, marks around it: the command is answered in its thread.
    for words, name in (
        ("show 2809 @flowbot", "turbine-10min"),
        ("please @flowbot show 3318", "reduce_entity"),
        ("*@flowbot* show *4500*", "forecast-wide"),
    ):
        asked = world.say(MAYA, words).message
        await world.until(lambda a=asked, n=name: any(world.says(each, n) for each in world.slack.replies(a)))
    await world.asks(MAYA, "/me show 4602", "meter-quality", where=DIRECT)

    # Talk gets one private hint.
    talk = world.say(MAYA, "the team thinks @flowbot is fine").message
    await world.hears(MAYA, "You mentioned me, but not with a command")
    assert not world.slack.replies(talk)

    # An edit runs nothing and is told so once, however often the message is edited.
    runs = len(world.enos.instances(3377))
    late = world.say(JONAS, "trigger 3377").message
    await world.slack.edit(JONAS, late, "@flowbot trigger 3377")
    await world.hears(JONAS, "I don't act on edited messages")
    written = world.say(JONAS, "show 33", where=DIRECT).message
    await world.hears(JONAS, "flow 33", where=DIRECT)
    for again in ("show 3377", "trigger 3377", "show 3377"):
        await world.slack.edit(JONAS, written, again)
    await world.hears(JONAS, "I don't act on edited messages", where=DIRECT)
    await world.asks(JONAS, "whoami", "jonas.weber", where=DIRECT)
    await world.quiet()
    assert len(hints(JONAS, "edited messages")) == len(hints(JONAS, "edited messages", where=DIRECT)) == 1
    assert len(hints(MAYA, "You mentioned me")) == 1
    assert len(world.enos.instances(3377)) == runs


@story()
async def test_lists_have_pages_and_filters_and_say_their_period(world):
    first = await world.asks(MAYA, "/flow runs last 2d of 3318", "Runs: ", "Page 1 of", "Asia/Shanghai", where=DATA_OPS)
    world.press(MAYA, first, "Next")
    second = await world.hears(MAYA, "Runs: ", "Page 2 of", "[Previous]")
    assert world.slack.shown(second).count("reduce_entity") == world.slack.shown(first).count("reduce_entity") == 10
    await world.asks(
        JONAS, "/flow runs last 3h success by me", "Runs: ", "status SUCCESS", "owner `jonas.weber`", "Europe/Berlin"
    )
    await world.asks(SAM, "/flow runs last 60d cancel", "CANCEL", "resync-by-hand")
    await world.asks(MAYA, "/flow failed", "today")
    await world.asks(MAYA, "/flow runs 2026-11-07..2026-11-01", "2026-11-01")
    await world.asks(SAM, "/flow incidents", "No open incidents")

    flow, other = world.flow("listed-load"), world.flow("foreign-load", owners=["jonas.weber"])
    run = world.breaks(flow)
    world.breaks(other)
    card = await world.card(flow, "FAIL")
    await world.card(other, "FAIL")
    await world.asks(MAYA, "/flow failed last 3d", "Failed runs: 2", "listed-load", "foreign-load")
    mine = await world.asks(MAYA, "/flow failed last 3d by me", "Failed runs: 1", run.id)
    assert "foreign-load" not in world.slack.shown(mine)
    await world.asks(MAYA, f"/flow incidents of {flow.id}", "Open incidents: 1", "not acknowledged", "Open thread")
    world.press(SAM, card, "Acknowledge")
    await world.sees(card, "@Sam Lee is on it")
    await world.asks(MAYA, "/flow incidents unacked", "Unacknowledged incidents", ": 1", "foreign-load")
    await world.asks(
        SAM, "/flow incidents mine", "Your open incidents: 1", "acknowledged by @Sam Lee until", "listed-load"
    )

    world.say(JONAS, "@flowbot show", thread=card)
    await world.reply(card, run.id, "FAIL", "transform")
    world.press(JONAS, card, "View flow")
    await world.hears(JONAS, flow.name, "schedule is off", "Owners")


@story()
async def test_a_log_is_for_its_asker_and_is_shown_to_others_by_a_second_press(world):
    flow = world.flow("chatty-load")
    lines = [f"step {number} password=hunter2 done" for number in range(400)]
    run = world.breaks(flow, lines=["ERROR token=abc123 refused"])
    card = await world.card(flow, "FAIL", "ERROR token=")
    assert "abc123" not in world.transcript()
    world.press(JONAS, card, "View log")
    log = await world.hears(JONAS, "Log of task *transform*", "[Show in thread]")
    assert not world.slack.replies(card)
    world.press(JONAS, log, "Show in thread")
    await world.reply(card, "Log of task *transform*", "ERROR token=•••")

    world.enos.fail(flow.id, lines=lines)
    again = world.runs(flow)
    await world.reply(card, again.id)
    await world.asks(MAYA, f"/flow log {again.id} tail 400", "as a file")
    await world.until(lambda: [each for each in world.private(MAYA, DIRECT) if each.files])
    (file,) = world.slack.files.values()
    assert b"step 399" in file.content
    assert b"hunter2" not in file.content
    assert "hunter2" not in world.log()
    assert run.id != again.id


@story()
async def test_odd_words_are_understood_or_refused_with_a_place(world):
    pings = "4410"
    shown = await world.asks(MAYA, f"/flow show {pings}", "weather & wind")
    assert "<!channel>" not in json_text(shown)
    await world.until(lambda: len(world.slack.sockets.connections) == 2)
    for text, words in {
        "show “<!channel> weather & wind”": ["weather & wind", "schedule is on"],
        "show 日报-华北": ["日报-华北"],
        "show meter": ["meter-import", "meter-quality"],
        "": ["help"],
        "show 3377 now": ["now"],
        "🚀": ["command"],
        "show " + "x" * 10_000: ["10,005 characters", "the limit is 3,000"],
        "שלום 3377": ["command"],
        "failed last 0h": ["last"],
        "runs since 09:00 until 10:00": ["until"],
        "log 3377": ["log"],
        "help trigger": ["trigger FLOW [from TASK]", "For example"],
        "status": ["flows", "of 2 sockets"],  # how well it is depends on how busy the machine is
        "SHOW `3377`": ["daily-energy-report"],
    }.items():
        answer = await world.asks(MAYA, f"/flow {text}", *words)
        assert len(world.slack.shown(answer)) < 4000
    world.say(MAYA, "@flowbot show 3377", where=FINANCE)
    await world.until(lambda: world.all_of(FINANCE, "daily-energy-report"))
    everything = "".join(json_text(each) for each in world.slack.everything(DATA_OPS) if each.by_app)
    assert "<!" not in everything.replace("<!date", "")


def json_text(message):
    return f"{message.text} {message.blocks} {message.attachments}"
