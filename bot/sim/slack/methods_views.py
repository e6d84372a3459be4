"""``views.*``: modals and the Home tab.

https://docs.slack.dev/reference/methods (January 2026), error words included.
"""

from typing import Any

from bot.sim.slack.limits import check_view
from bot.sim.slack.methods import Ask, Method
from bot.sim.slack.things import Json, SlackError


def _content(ask: Ask, *kinds: str) -> Any:
    view = ask.json("view")
    check_view(view, kinds=kinds)
    return view


def _open(ask: Ask) -> Json:
    content = _content(ask, "modal")
    view = ask.workspace.open_view(ask.needed("trigger_id"), content)
    return {"view": ask.workspace.view_json(view)}


def _push(ask: Ask) -> Json:
    content = _content(ask, "modal")
    trigger = ask.workspace.use_trigger(ask.needed("trigger_id"))
    view = ask.workspace.push_view(trigger.person, content)
    return {"view": ask.workspace.view_json(view)}


def _update(ask: Ask) -> Json:
    content = _content(ask, "modal", "home")
    if not ask.text("view_id") and not ask.text("external_id"):
        ask.needed("view_id")
    view = ask.workspace.find_view(ask.text("view_id"), ask.text("external_id"))
    if view is None:
        raise SlackError("not_found")
    if content["type"] != view.content["type"]:
        raise SlackError("invalid_arguments")
    ask.workspace.update_view(view, content, ask.text("hash") or None)
    return {"view": ask.workspace.view_json(view)}


def _publish(ask: Ask) -> Json:
    content = _content(ask, "home")
    if not ask.workspace.app.home_tab:
        raise SlackError("not_enabled")
    person = ask.workspace.people.get(ask.needed("user_id"))
    if person is None or person.bot:
        raise SlackError("invalid_arguments")
    view = ask.workspace.publish(person.id, content, ask.text("hash") or None)
    return {"view": ask.workspace.view_json(view)}


VIEWS = {
    "views.open": Method(_open),
    "views.push": Method(_push),
    "views.update": Method(_update),
    "views.publish": Method(_publish),
}
