"""Watches and preferences over real sockets: said, listed, removed with a button, and refused with a way out."""

from journey_kit import ALEX, DATA_OPS, DIRECT, FINANCE, GENERAL, JONAS, MAYA, PRIYA
from journey_stage import story


@story()
async def test_a_channel_says_which_failures_it_wants(world):
    world.say(MAYA, "/flow watch matching meter-* after 2 quiet 22:00-07:00")
    added = await world.message("@Maya Chen added a watch", "quiet from 22:00 to 07:00, Asia/Shanghai")
    assert world.says(added, "names like `meter-*`", "from 2 failures in a row on", "flows now", "[Remove]")
    await world.asks(MAYA, "/flow watch matching METER-* after 2 quiet 22:00-07:00", "such a watch here already")
    world.say(JONAS, "@flowbot watch of 2809")
    await world.message("@Jonas Weber added a watch", "turbine-10min")
    await world.asks(MAYA, "/flow watch of 2808", "shows you no flow", "Flow 2809")

    listed = await world.asks(JONAS, "/flow watches", "Watches of this channel: 2", "meter-*", "turbine-10min")
    world.press(JONAS, listed, "Remove")
    removed = await world.message("@Jonas Weber removed a watch", "meter-*")
    await world.asks(JONAS, "/flow watches", "Watches of this channel: 1", "turbine-10min")
    world.press(MAYA, removed, "Add again")
    await world.message("@Maya Chen added a watch", "meter-*", number=2)
    world.say(MAYA, "/flow 取消订阅 任务流2809")
    await world.message("@Maya Chen removed a watch", "turbine-10min")

    await world.asks(PRIYA, "/flow watch", "not linked to an EnOS user yet")
    await world.asks(MAYA, "/flow watch", "I'm not in this channel", "/invite @flowbot", where=GENERAL)
    refused = await world.asks(MAYA, "/flow watch", "another organization", "@Alex Kim", where=FINANCE)
    assert not world.says(refused, "FLOWBOT_SHARED_CHANNELS")
    await world.asks(ALEX, "/flow watch", "another organization", "FLOWBOT_SHARED_CHANNELS", where=FINANCE)


@story()
async def test_a_person_has_their_own_watches(world):
    await world.asks(MAYA, "watch by me", "You added a watch", "They still go to their channels", where=DIRECT)
    await world.asks(MAYA, "watches", "Your watches: 1", "maya.chen", where=DIRECT)
    await world.asks(MAYA, "/flow watches", "This channel has no watches")
    await world.asks(MAYA, "unwatch by me", "You removed a watch", where=DIRECT)
    await world.asks(MAYA, "prefs language zh", "Only channels have this setting", where=DIRECT)


@story()
async def test_a_channel_says_how_it_is_spoken_to(world):
    shown = await world.asks(MAYA, "/flow prefs", "Mentions: on", "Language: English", "Digest: at 09:00")
    world.press(MAYA, shown, "Turn mentions off")
    await world.message("@Maya Chen changed how I speak in this channel", "Mentions: off", "Reminders: on")
    world.say(JONAS, "/flow prefs language zh digest 08:30")
    await world.message("@Jonas Weber", "语言：中文", "08:30（Europe/Berlin）")
    world.say(MAYA, "/flow disable 3377 confirmed", where=DATA_OPS)
    await world.message("@Maya Chen 暂停了", "daily-energy-report")
    await world.asks(MAYA, "/flow prefs", "Mentions: off", "Language: Chinese")
