"""``auth.test``, ``apps.connections.open``, ``users.*``, ``usergroups.*``, ``bots.info``: who is who.

https://docs.slack.dev/reference/methods (January 2026), error words included.
"""

from bot.sim.slack.methods import Method, MethodCall, page
from bot.sim.slack.model import Json, SlackError


def _auth_test(call: MethodCall) -> Json:
    state = call.state
    return {
        "url": f"https://{state.team.domain}.slack.com/",
        "team": state.team.name,
        "user": state.app.name,
        "team_id": state.team.id,
        "user_id": state.app.bot_user,
        "bot_id": state.app.bot,
        "is_enterprise_install": False,
        **({"enterprise_id": state.team.enterprise} if state.team.enterprise else {}),
    }


def _connections_open(call: MethodCall) -> Json:
    if not call.state.app.socket_mode:
        raise SlackError("socket_mode_disabled")
    return {"url": call.workspace.deliveries.sockets.new_url(call.host)}


def _user(call: MethodCall) -> Json:
    return {"user": call.workspace.json.person(call.person(), locale=call.flag("include_locale"))}


def _presence(call: MethodCall) -> Json:
    """Of the app itself Slack tells more: how it came to this answer. Nothing here reads that."""
    person = call.person() if call.text("user") else call.state.people[call.state.app.bot_user]
    return {"presence": "active" if call.state.is_active(person) else "away"}


def _users(call: MethodCall) -> Json:
    shown, more = page(list(call.state.people.values()), call, 1000)
    return {"members": [call.workspace.json.person(person) for person in shown], **more}


def _groups(call: MethodCall) -> Json:
    disabled, users = call.flag("include_disabled"), call.flag("include_users")
    groups = [group for group in call.state.groups.values() if disabled or not group.disabled]
    return {"usergroups": [call.workspace.json.group(group, users=users) for group in groups]}


def _group_users(call: MethodCall) -> Json:
    group = call.state.groups.get(call.needed("usergroup"))
    if group is None or (group.disabled and not call.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"users": list(group.members)}


def _exchange(call: MethodCall) -> Json:
    """Every account here has one id, before and after its workspace joins an organization."""
    if not call.state.team.enterprise:
        raise SlackError("not_enterprise_team")
    users = call.needed("users").split(",")
    known = {user: user for user in users if user in call.state.people}
    answer = {"user_id_map": known, "invalid_user_ids": [user for user in users if user not in known]}
    return {"team_id": call.state.team.id, "enterprise_id": call.state.team.enterprise, **answer}


def _bot(call: MethodCall) -> Json:
    app = call.state.app
    if call.text("bot") not in {"", app.bot}:
        raise SlackError("bot_not_found")
    written = {"id": app.bot, "deleted": False, "name": app.name, "app_id": app.id, "user_id": app.bot_user}
    return {"bot": {**written, "updated": 0, "icons": {}}}


PEOPLE = {
    "auth.test": Method(_auth_test),
    "apps.connections.open": Method(_connections_open, app_token=True),
    "users.info": Method(_user, "users:read"),
    "users.list": Method(_users, "users:read"),
    "users.getPresence": Method(_presence, "users:read"),
    "migration.exchange": Method(_exchange),
    "usergroups.list": Method(_groups, "usergroups:read"),
    "usergroups.users.list": Method(_group_users, "usergroups:read"),
    "bots.info": Method(_bot, "users:read"),
}
