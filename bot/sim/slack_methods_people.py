"""``auth.test``, ``apps.connections.open``, ``users.*``, ``usergroups.*``, ``bots.info``: who is who.

https://docs.slack.dev/reference/methods (January 2026), error words included.
"""

from bot.sim.slack_methods import Ask, Method, page
from bot.sim.workspace_things import Json, SlackError


def _auth_test(ask: Ask) -> Json:
    workspace = ask.workspace
    return {
        "url": f"https://{workspace.team.domain}.slack.com/",
        "team": workspace.team.name,
        "user": workspace.app.name,
        "team_id": workspace.team.id,
        "user_id": workspace.app.bot_user,
        "bot_id": workspace.app.bot,
        "is_enterprise_install": False,
    }


def _connections_open(ask: Ask) -> Json:
    if not ask.workspace.app.socket_mode:
        raise SlackError("socket_mode_disabled")
    return {"url": ask.workspace.sockets.new_url(ask.host)}


def _user(ask: Ask) -> Json:
    return {"user": ask.workspace.person_json(ask.person(), locale=ask.flag("include_locale"))}


def _users(ask: Ask) -> Json:
    shown, more = page(list(ask.workspace.people.values()), ask, 1000)
    return {"members": [ask.workspace.person_json(person) for person in shown], **more}


def _groups(ask: Ask) -> Json:
    disabled, users = ask.flag("include_disabled"), ask.flag("include_users")
    groups = [group for group in ask.workspace.groups.values() if disabled or not group.disabled]
    return {"usergroups": [ask.workspace.group_json(group, users=users) for group in groups]}


def _group_users(ask: Ask) -> Json:
    group = ask.workspace.groups.get(ask.needed("usergroup"))
    if group is None or (group.disabled and not ask.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"users": list(group.members)}


def _bot(ask: Ask) -> Json:
    app = ask.workspace.app
    if ask.text("bot") not in {"", app.bot}:
        raise SlackError("bot_not_found")
    written = {"id": app.bot, "deleted": False, "name": app.name, "app_id": app.id, "user_id": app.bot_user}
    return {"bot": {**written, "updated": 0, "icons": {}}}


PEOPLE = {
    "auth.test": Method(_auth_test),
    "apps.connections.open": Method(_connections_open, app_token=True),
    "users.info": Method(_user, "users:read"),
    "users.list": Method(_users, "users:read"),
    "usergroups.list": Method(_groups, "usergroups:read"),
    "usergroups.users.list": Method(_group_users, "usergroups:read"),
    "bots.info": Method(_bot, "users:read"),
}
