"""The workspace of the demo: its people, its channels, and what they wrote before the demo began."""

from collections.abc import Callable

from bot.sim.slack.model import (
    Channel,
    Command,
    InstalledApp,
    Message,
    Shortcut,
    SlackUser,
    Team,
    UserGroup,
)
from bot.sim.slack.workspace import Workspace

TEAM = Team(id="T0DEMO0001", name="Windmill", domain="windmill-demo")
ELSEWHERE = Team(id="T0OTHER001", name="Partner Energy", domain="partner-energy")
FLOWBOT = "U0FLOWBOT1"
MAYA, JONAS, PRIYA, ALEX, SAM = "U0MAYA00001", "U0JONAS0001", "U0PRIYA0001", "U0ALEX00001", "U0SAMLEE001"
WEI, GUEST, STRANGER = "U0WEILIN001", "U0GUEST0001", "U0STRANGE01"
DATA_OPS, GENERAL, FINANCE, PRIVATE = "C0DATAOPS1", "C0GENERAL1", "C0FINANCE1", "C0PRIVATE1"
DATA_ALERTS, GRID_OPS, SOLAR_OPS = "C0DALERTS1", "C0GRIDOPS1", "C0SOLAROP1"  # where alerts go in the demo
ON_CALL, SECOND_LINE = "S0ONCALL01", "S0ONCALL02"

# Only what the bot asks for when it is installed: whatever else it tries is refused, as it would be for real.
SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:history",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:history",
        "groups:read",
        "im:history",
        "im:write",
        "usergroups:read",
        "users:read",
    }
)
EVENTS = frozenset({"app_mention", "message.im", "app_home_opened"})

_HISTORY = (
    (GENERAL, 9000, ALEX, "Morning all. The new dashboards are live, thanks to everyone who tested them."),
    (GENERAL, 8600, PRIYA, "They look great, thank you."),
    (DATA_OPS, 7200, MAYA, "I moved the daily energy report to the new bucket yesterday. Shout if a number looks odd."),
    (DATA_OPS, 7000, JONAS, "Will do. The turbine feed was late twice last week, so I keep an eye on that one too."),
    (DATA_OPS, 6500, SAM, "I have the pager until Friday."),
    (FINANCE, 5000, ALEX, "Billing close runs tonight, please leave it alone until it is through."),
    (PRIVATE, 4000, MAYA, "Lunch at twelve?"),
)


def demo_app() -> InstalledApp:
    """Describe the bot as it is installed in the demo."""
    return InstalledApp(
        id="A0FLOWBOT1",
        name="flowbot",
        bot_user=FLOWBOT,
        bot="B0FLOWBOT1",
        bot_token="xoxb-demo",  # noqa: S106 - a pretend secret of a pretend Slack
        app_token="xapp-demo",  # noqa: S106 - as above
        signing_secret="demo-signing-secret",  # noqa: S106 - as above
        scopes=SCOPES,
        events=EVENTS,
        shortcuts=(
            Shortcut(name="Trigger a flow", callback_id="trigger"),
            Shortcut(name="Acknowledge", callback_id="ack", kind="message"),
            Shortcut(name="Rerun", callback_id="rerun", kind="message"),
        ),
        commands=(Command(name="/flow", hint="help", description="Run and watch EnOS batch flows"),),
    )


def _people() -> tuple[SlackUser, ...]:
    return (
        SlackUser(id=MAYA, handle="maya.chen", real_name="Maya Chen", team=TEAM.id, zone="Asia/Shanghai"),
        SlackUser(id=WEI, handle="wei.lin", real_name="Wei Lin", team=TEAM.id, zone="Asia/Shanghai", locale="zh-CN"),
        SlackUser(
            id=JONAS, handle="jonas.weber", real_name="Jonas Weber", team=TEAM.id, zone="Europe/Berlin", locale="de-DE"
        ),
        SlackUser(id=PRIYA, handle="priya.nair", real_name="Priya Nair", team=TEAM.id, zone="Asia/Kolkata"),
        SlackUser(id=ALEX, handle="alex.kim", real_name="Alex Kim", team=TEAM.id, zone="America/New_York", admin=True),
        SlackUser(id=SAM, handle="sam.lee", real_name="Sam Lee", team=TEAM.id, zone="Europe/London"),
        SlackUser(id=GUEST, handle="guest", real_name="Robin Guest", team=TEAM.id, guest=True),
        SlackUser(id=STRANGER, handle="stranger", real_name="Dana Partner", team=ELSEWHERE.id),
    )


def _channels() -> tuple[Channel, ...]:
    members = [MAYA, JONAS, PRIYA, ALEX, SAM, WEI]
    topic = "Batch flows: what runs, what broke, who has it"
    return (
        Channel(id=DATA_ALERTS, name="data-alerts", members=[*members, FLOWBOT], topic="Alerts, and nothing else"),
        Channel(id=DATA_OPS, name="data-ops", members=[*members, GUEST, FLOWBOT], topic=topic),
        Channel(id=GENERAL, name="general", members=[*members, GUEST], topic="Everything else"),
        Channel(id=FINANCE, name="finance-data", members=[ALEX, MAYA, STRANGER, FLOWBOT], shared=True),
        Channel(id=PRIVATE, name="grid-team", kind="private", members=[MAYA, JONAS]),
        Channel(id=GRID_OPS, name="grid-ops", members=[MAYA, JONAS, SAM, FLOWBOT], topic="The grid's flows"),
        Channel(id=SOLAR_OPS, name="solar-ops", members=[PRIYA, WEI, ALEX, FLOWBOT], topic="The solar parks' flows"),
    )


def demo_workspace(clock: Callable[[], float]) -> Workspace:
    """Build the demo's workspace; the clock gives seconds since 1970."""
    workspace = Workspace(clock, team=TEAM, app=demo_app())
    workspace.state.teams[ELSEWHERE.id] = ELSEWHERE
    for person in _people():
        workspace.state.add_person(person)
    for channel in _channels():
        workspace.state.add_channel(channel)
    for group, handle, name, members in (
        (ON_CALL, "oncall-data", "Data on call", (SAM, ALEX)),
        (SECOND_LINE, "oncall-platform", "Platform on call", (MAYA, ALEX)),
    ):
        workspace.state.add_group(UserGroup(id=group, handle=handle, name=name, members=members))
    now = clock()
    for index, (channel_id, before, author, text) in enumerate(_HISTORY):
        ts = f"{int(now) - before}.{index:06d}"
        workspace.board.add(Message(ts=ts, channel=channel_id, user=author, text=text))
    for person_id in workspace.state.people:
        for channel_id in workspace.state.channels:
            workspace.board.mark_read(person_id, channel_id)
    return workspace
