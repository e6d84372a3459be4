"""Every view of the forms as people see it, in one golden file for each language, within Slack's limits."""

import pytest
from answer_views import text_of
from languages import ALL, PSEUDO, english_words, speak_all

from bot.core.forms import names
from bot.core.outbox.conversations import SlackRefused
from bot.core.text.language import EN
from bot.slack.manifest import SHORTCUTS
from bot.work.forms.registry import FORMS

DATA = ("daily-energy-report", "transform", "tomorrow 08:00", "TICKET-17", "wrong at", "3377")


VIEWS = {}


def view(title):
    def known(made):
        VIEWS[title] = made
        return made

    return known


@view("loading, then an acknowledgement")
async def _(world):
    return (await world.maya.presses(await world.breaks(), "Acknowledge for …")).history


@view("a close, changed meanwhile")
async def _(world):
    card = await world.breaks()
    shown = await world.maya.presses(card, "Close")
    await world.maya.fills(shown, **{"as": "expected"}, note="TICKET-17")
    await world.sam.presses(card, "Acknowledge")
    return (await world.maya.submits(shown)).history[1:]


@view("a snooze with errors at its fields")
async def _(world):
    shown = await world.maya.presses(await world.breaks(), "Snooze")
    errors = await world.maya.submits(await world.maya.fills(shown, until="wrong at", note="…"))
    return [*shown.history[1:], *(f"{name}: {text}" for name, text in errors.items())]


@view("a snooze as far as it was said")
async def _(world):
    return [(await world.maya.opens("snooze 3377 until tomorrow 08:00")).text]


@view("asking to be linked, with errors at its fields")
async def _(world):
    shown = await world.priya.opens("link me u99")
    errors = await world.priya.submits(await world.priya.fills(shown, user_id=" ", user_name=" "))
    return [*shown.history, *(f"{name}: {text}" for name, text in errors.items())]


@view("linking another person")
async def _(world):
    return [(await world.alex.opens("link <@U0PRIYA0001>")).text]


@view("a flow that is not said")
async def _(world):
    shown = await world.maya.opens("ack")
    errors = await world.maya.submits(shown)
    return [shown.text, *errors.values()]


@view("an assignment")
async def _(world):
    shown = await world.maya.presses(await world.breaks(), "Assign")
    errors = await world.maya.submits(shown)
    return [shown.text, *errors.values()]


@view("a guest")
async def _(world):
    return [(await world.guest.opens("ack")).text]


@view("what does not open, or is closed")
async def _(world):
    world.views.broken["open"] = SlackRefused("expired_trigger_id")
    told = [await world.maya.opens("ack")]
    world.views.broken["open"] = SlackRefused("invalid_arguments")
    told.append(await world.maya.opens("assign"))
    world.views.broken = {"update": SlackRefused("not_found")}
    return [*told, await world.maya.opens("snooze")]


@pytest.mark.parametrize("language", [EN, *(pytest.param(each, marks=pytest.mark.many) for each in ALL if each != EN)])
@pytest.mark.parametrize("title", VIEWS)
async def test_every_view(world, snapshot, monkeypatch, title, language):
    speak_all(monkeypatch)
    world.speaks(language)
    shown = await VIEWS[title](world)
    if language == PSEUDO:
        assert [found for each in world.views.shown.values() if (found := english_words(each.content, DATA))] == []
    assert "\n\n".join(shown) == snapshot


@pytest.mark.parametrize("language", ALL)
async def test_no_title_or_label_is_cut(world, monkeypatch, language):
    speak_all(monkeypatch)
    world.speaks(language)
    card = await world.breaks()
    for label in ("Acknowledge for …", "Close", "Snooze", "Assign"):
        view = await world.maya.presses(card, label)
        assert "…" not in text_of({**view.content, "blocks": []})
    link = await world.priya.opens("link me")
    assert "…" not in text_of({**link.content, "blocks": []})


def test_every_form_has_its_name():
    assert set(FORMS) == names.FORMS
    assert all(name == form.name for name, form in FORMS.items())
    assert set(names.GLOBAL_SHORTCUTS) | set(names.MESSAGE_SHORTCUTS) == {id_ for id_, *_ in SHORTCUTS}
