"""Every view of the form that triggers a flow as people see it, in one golden file for each language."""

import pytest
from answer_enos import TRANSFORM
from answer_views import text_of
from answer_world import Lost
from languages import ALL, PSEUDO, english_words, speak_all

from bot.core.flow.model import Parameter
from bot.core.text.language import EN
from bot.enos.errors import Unreachable

DATA = (
    *("daily-energy-report", "nightly", "extract", "transform", "load", "path", "overwrite", "true", "/data/energy"),
    *("api_key", "huge", "region", "colour", "red", "Asia/Shanghai", "maya.chen", "jonas.weber", "no route"),
)
VIEWS = {}


def view(title):
    def known(made):
        VIEWS[title] = made
        return made

    return known


@view("chosen, previewed")
async def _(world):
    shown = await world.maya.fills(await world.maya.opens("trigger"), flow="3377")
    await world.maya.submits(await world.maya.fills(shown, p0="/new", day="2026-11-22", clock="02:00"))
    return shown.history


@view("a secret, a key that the flow lacks, and a value that does not fit")
async def _(world):
    odd = (Parameter("api_key", "s3cret"), Parameter("huge", "x" * 4000), Parameter("path", "one\ntwo"))
    world.enos.change(3377, parameters=odd)
    shown = await world.maya.opens("trigger 3377 with colour=red api_key=other from")
    await world.maya.submits(shown)
    return shown.history[1:]


@view("errors at its fields")
async def _(world):
    shown = await world.maya.opens("trigger")
    told = [*(await world.maya.submits(shown)).values()]
    await world.maya.fills(shown, flow="3377")
    await world.maya.fills(shown, task=str(TRANSFORM), p0="/new", clock="08:00")
    told += (await world.maya.submits(shown)).values()
    await world.maya.fills(shown, task="all", p0="x" * 2970, clock=None, day="2026-11-22")
    told += (await world.maya.submits(shown)).values()
    await world.maya.fills(shown, clock="08:00")
    return [*told, *(await world.maya.submits(shown)).values()]


@view("a flow that changed, was locked, and was not shown")
async def _(world):
    shown = await world.maya.fills(await world.maya.opens("trigger"), flow="3377")
    world.enos.change(3377, name="nightly", parameters=(Parameter("region", "eu"),))
    await world.maya.submits(shown)
    told = [shown.text]
    shown = await world.maya.fills(await world.maya.opens("trigger"), flow="3377")
    world.enos.change(3377, locked=True)
    told.append((await world.maya.submits(await world.maya.fills(shown, p0="cn"))).text)
    world.enos.faults["flow"] = [Unreachable("no route")]
    return [*told, (await world.maya.opens("trigger 3377 from")).text]


@view("a list that EnOS does not give")
async def _(world):
    world.enos.faults["my_flows"] = [Unreachable("no route"), Lost(effect=False)]
    return [(await world.maya.opens("trigger")).text]


@view("who is not linked, and who owns nothing")
async def _(world):
    shown = await world.jonas.fills(await world.jonas.opens("trigger"), flow="3377")
    return [(await world.priya.opens("trigger")).text, shown.text]


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
    shown = await world.maya.fills(await world.maya.opens("trigger"), flow="3377")
    assert "…" not in text_of({**shown.content, "blocks": []})
    await world.maya.submits(shown)
    assert "…" not in text_of({**shown.content, "blocks": []})
