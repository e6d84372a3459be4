"""Who the bot is in Slack: its workspace, its user, and what it was allowed to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identity:
    """The answer of ``auth.test``, as far as flowbot needs it."""

    team: str  # T…
    user: str  # the bot's user id, U…: what a mention names
    bot: str  # the bot's id, B…: what its messages carry
    url: str = ""  # https://workspace.slack.com/
    enterprise: str = ""  # E…, only inside an Enterprise organisation
    name: str = "flowbot"  # the bot user's name, for words only
    scopes: frozenset[str] = frozenset()

    @property
    def workspace_key(self) -> str:
        """Return what people of this workspace are known by: the enterprise, else the team."""
        return self.enterprise or self.team
