"""``views.*``: modals and the Home tab.

https://docs.slack.dev/reference/methods (January 2026), error words included.
"""

from typing import Any

from bot.sim.slack.limits import check_view
from bot.sim.slack.methods import Method, MethodCall
from bot.sim.slack.model import Json, SlackError


def _content(call: MethodCall, *kinds: str) -> Any:
    view = call.json("view")
    check_view(view, kinds=kinds)
    return view


def _open(call: MethodCall) -> Json:
    content = _content(call, "modal")
    view = call.workspace.modals.open(call.needed("trigger_id"), content)
    return {"view": call.workspace.json.view(view)}


def _push(call: MethodCall) -> Json:
    content = _content(call, "modal")
    trigger = call.state.use_trigger_id(call.needed("trigger_id"))
    view = call.workspace.modals.push(trigger.person, content)
    return {"view": call.workspace.json.view(view)}


def _update(call: MethodCall) -> Json:
    content = _content(call, "modal", "home")
    if not call.text("view_id") and not call.text("external_id"):
        call.needed("view_id")
    view = call.workspace.modals.find(call.text("view_id"), call.text("external_id"))
    if view is None:
        raise SlackError("not_found")
    if content["type"] != view.content["type"]:
        raise SlackError("invalid_arguments")
    call.workspace.modals.update(view, content, call.text("hash") or None)
    return {"view": call.workspace.json.view(view)}


def _publish(call: MethodCall) -> Json:
    content = _content(call, "home")
    if not call.state.app.home_tab:
        raise SlackError("not_enabled")
    person = call.state.people.get(call.needed("user_id"))
    if person is None or person.bot:
        raise SlackError("invalid_arguments")
    view = call.workspace.modals.publish(person.id, content, call.text("hash") or None)
    return {"view": call.workspace.json.view(view)}


VIEWS = {
    "views.open": Method(_open),
    "views.push": Method(_push),
    "views.update": Method(_update),
    "views.publish": Method(_publish),
}
