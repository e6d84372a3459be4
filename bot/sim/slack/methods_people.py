"""``auth.test``, ``apps.connections.open``, ``users.*``, ``usergroups.*``, ``bots.info``: who is who.

https://docs.slack.dev/reference/methods (January 2026), error words included.
"""

from bot.sim.slack.methods import Ask, Method, page
from bot.sim.slack.things import Json, SlackError


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
        **({"enterprise_id": workspace.team.enterprise} if workspace.team.enterprise else {}),
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


def _exchange(ask: Ask) -> Json:
    """Every account here has one id, before and after its workspace joins an organization."""
    if not ask.workspace.team.enterprise:
        raise SlackError("not_enterprise_team")
    users = ask.needed("users").split(",")
    known = {user: user for user in users if user in ask.workspace.people}
    told = {"user_id_map": known, "invalid_user_ids": [user for user in users if user not in known]}
    return {"team_id": ask.workspace.team.id, "enterprise_id": ask.workspace.team.enterprise, **told}


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
    "migration.exchange": Method(_exchange),
    "usergroups.list": Method(_groups, "usergroups:read"),
    "usergroups.users.list": Method(_group_users, "usergroups:read"),
    "bots.info": Method(_bot, "users:read"),
}
