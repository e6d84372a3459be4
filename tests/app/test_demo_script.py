"""What `flowbot demo --script` plays: it finds messages by what no translation changes, and checks their language."""

import contextlib
import re
import sys

import pytest
from app_kit import configured, hears, running_bot
from apscheduler.schedulers import base
from thorough import TIMES

from bot.core.outbox import blocks
from bot.core.text import catalogue
from bot.core.text.escape import code, mention
from bot.core.text.language import EN, LANGUAGES, ZH
from bot.core.text.message import layout, link, msg
from bot.messages.cards.flows import bold
from bot.ops import clocks, offline
from bot.sim import serve
from bot.sim.demo import demo, past, seen
from bot.sim.demo.clock import StoryClock
from bot.sim.demo.knowing import Knowing
from bot.sim.demo.night import Night
from bot.sim.demo.scenario import DemoScenario
from bot.sim.demo.stage import Stage
from bot.sim.enos.seed import demo_platform
from bot.sim.receivers import Receivers
from bot.sim.slack.blocks import with_ids
from bot.sim.slack.model import Message
from bot.sim.slack.seed import demo_workspace

_DATA_OR_WORD = re.compile(r"(`[^`]*`|<[^<>]*>|&\w+;)|[^\W\d_]+")
WORDS = {EN: "ŵöŕđ", ZH: "译文"}
RENDERED, WALL = blocks.rendered, clocks.wall


def reworded(part, word):
    """A message in which this word is in the place of each that is not marked as data."""
    if isinstance(part, list | tuple):
        return [reworded(each, word) for each in part]
    if not isinstance(part, dict) or part.get("type") == "rich_text":
        return part
    shown = part["text"] if isinstance(part.get("text"), str) else None
    made = {name: reworded(each, word) for name, each in part.items()}
    return made if shown is None else made | {"text": _DATA_OR_WORD.sub(lambda found: found[1] or word, shown)}


def translated(made, language=EN):
    """A card whose every sentence was rewritten, in the language of those who read it."""
    return reworded(RENDERED(made, language), WORDS[language])


def driven(monkeypatch, clock):
    """Let the bot in this process have the story's clock, as the one in a process of its own has."""
    for module in [each for name, each in sys.modules.items() if name.startswith("bot.")]:
        for name in ("now", "wall"):
            if getattr(module, name, None) is WALL:
                monkeypatch.setattr(module, name, clock.wall)
    monkeypatch.setattr(base, "datetime", clock.datetime())


@contextlib.asynccontextmanager
async def demo_with(language, folder, monkeypatch):
    """The demo's world with a fast platform, and the whole bot in it; its wall clock is the story's."""
    clock = StoryClock(folder / "clock")
    driven(monkeypatch, clock)
    platform = demo_platform(clock, 4.0)
    past.add_promised(platform)
    running = await serve.start(serve.World(platform, demo_workspace(clock), Receivers(clock)))
    try:
        said = demo.alerting(running) | {"FLOWBOT_LANGUAGE": language, "FLOWBOT_POLL_SECONDS": "0.7"}
        await offline.import_people(configured(running, folder, **said), demo.PEOPLE)
        async with running_bot(running, folder, **said) as bot:
            await hears(bot, running)
            yield Stage(running.world, clock, language)
    finally:
        await running.stop()


@pytest.mark.parametrize("language", LANGUAGES)
async def test_wei_deals_with_a_failure_in_chinese_whatever_the_language_of_the_channel(
    tmp_path, monkeypatch, capsys, language
):
    monkeypatch.setattr(blocks, "rendered", translated)
    async with demo_with(language, tmp_path, monkeypatch) as stage:
        assert await stage.play(*DemoScenario(stage).in_chinese()) == 0, capsys.readouterr().out
    printed = capsys.readouterr().out
    assert re.search(r"Wei Lin: /flow 失败 今天\n  flowbot \(only Wei Lin sees this\): .*译文", printed)
    assert f"Wei Lin presses [{WORDS[language]}]" in printed


def the_evening(printed, _stage):
    assert "Sam Lee presses [译文]" in printed
    assert not re.search("[译文]", "".join(re.findall(r"flowbot \(only .*", printed))), "English answers to one person"


def the_night(printed, stage):
    assert [line for line in printed.splitlines() if line.startswith("  PagerDuty: ")] == [
        f"  PagerDuty: {status} · FAIL · solar-curtailment · losses"
        for status in ("triggered", "acknowledged", "resolved")
    ]
    steps = [event["type"].split(".")[-2] for event in stage.receivers.webhook.events]
    assert {"opened", "acknowledged", "handed_over", "recovered"} <= set(steps)


def what_flowbot_knows(printed, _stage):
    assert printed.count("A picture in Maya's direct messages: ") == 2
    assert "A picture in Maya's direct messages: stats.png" in printed


PLAYS = {
    the_evening: lambda stage: DemoScenario(stage).in_the_evening(),
    the_night: lambda stage: Night(stage).steps(),
    what_flowbot_knows: lambda stage: Knowing(stage).steps(),
}


# The gate plays all of them in English, from the wheel; here one of them there, and all in the soak.
@pytest.mark.parametrize("is_told", PLAYS if TIMES else [the_evening])
async def test_the_story_is_played_without_reading_a_word(tmp_path, monkeypatch, capsys, is_told):
    monkeypatch.setattr(blocks, "rendered", translated)
    async with demo_with(ZH, tmp_path, monkeypatch) as stage:
        assert await stage.play(*PLAYS[is_told](stage)) == 0, capsys.readouterr().out
        is_told(capsys.readouterr().out, stage)


async def test_an_answer_in_the_wrong_language_is_a_step_that_failed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(blocks, "rendered", lambda made, language=EN: RENDERED(made))
    async with demo_with(EN, tmp_path, monkeypatch) as stage:
        fails, asks, *_ = DemoScenario(stage).in_chinese()
        assert await stage.play(fails, asks) == 1
    assert "✗ This step failed: this is not in the language of its readers, zh" in capsys.readouterr().out


# ── what a message carries besides its sentences ──

SENTENCES = {
    "{person} acknowledged {flow}.": "{person} 认领了 {flow}。",
    "Acknowledge": "认领",
    "View flow": "查看任务流",
    "Run {run}": "实例 {run}",
    "Open in EnOS": "在 EnOS 中打开",
    "ACKNOWLEDGED": "已认领",
}


class MadeUp:
    """A catalogue of these sentences."""

    def __init__(self, sentences):
        self._sentences = sentences

    def sentence(self, text, plural, number):
        return self._sentences.get(text, text)


@pytest.fixture
def shown(monkeypatch):
    """A card in a language, as Slack keeps it; ``without`` names sentences that are not translated."""

    def make(language, *without, said="ack 3377"):
        catalogues = {EN: {}, ZH: {text: zh for text, zh in SENTENCES.items() if text not in without}}
        monkeypatch.setattr(catalogue, "of", lambda which: MadeUp(catalogues[which]))
        text = msg("{person} acknowledged {flow}.", person=mention("U0SAMLEE001"), flow=bold("daily-energy-report"))
        row = blocks.actions(
            blocks.button(msg("Acknowledge"), said, "P1", index=0),
            blocks.menu([(msg("View flow"), "show 3377")], "P1", 1),
        )
        run = layout(
            "{run} {link}", run=msg("Run {run}", run=code("3377-1")), link=link("https://enos/", msg("Open in EnOS"))
        )
        made = blocks.Card(msg("ACKNOWLEDGED"), [blocks.section(text), row, blocks.context(run)], "#d4720b")
        body = blocks.rendered(made, language)
        (bar,) = body["attachments"]
        bar["blocks"] = with_ids(bar["blocks"], lambda prefix, *_: f"{prefix}1")
        return Message(ts="1.0", channel="C1", user="U1", text=body["text"], by_app=True, attachments=[bar])

    return make


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_speaks_the_language_that_all_of_it_is_in(shown, language):
    assert [each for each in LANGUAGES if seen.speaks(shown(language), each)] == [language]


@pytest.mark.parametrize(
    "english",
    [
        ("{person} acknowledged {flow}.", "Run {run}", "Open in EnOS"),
        ("Acknowledge",),
        ("View flow",),
        ("ACKNOWLEDGED",),
    ],
    ids=["text", "button", "menu", "phone line"],
)
def test_a_message_that_is_chinese_in_part_speaks_neither_language(shown, english):
    half = shown(ZH, *english)
    assert not seen.speaks(half, ZH)
    assert not seen.speaks(half, EN)


def test_chinese_words_in_a_command_are_data(shown):
    message = shown(EN)
    message.text = "You can say `失败 今天`, too."
    assert seen.speaks(message, EN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_buttons_say_english_commands_in_every_language(shown, language):
    assert seen.canonical(shown(language))
    assert not seen.canonical(shown(language, said="认领 3377"))
    assert not seen.canonical(shown(language, said="no command at all"))


def test_what_is_said_by_buttons_and_menus_is_found(shown):
    message = shown(ZH)
    ack, show = seen.control(message, "ack"), seen.control(message, "show 3377")
    assert (ack.label, ack.command, ack.option) == ("认领", "ack 3377", None)
    assert (show.label, show.option["value"]) == ("查看任务流", "1|P1|show 3377")
    assert seen.control(message, "ack 33") is None
    assert seen.color(message) == "#d4720b"
    assert seen.carries(message, "<@U0SAMLEE001>", "`3377-1`")
    assert not seen.carries(message, "View flow")
