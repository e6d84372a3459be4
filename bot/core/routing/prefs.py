"""Preferences: how flowbot speaks in a channel, or in a person's direct messages. What is not set is as ever."""

from bot.core.values import dataclass

OFF = "off"


@dataclass(frozen=True, slots=True)
class Prefs:
    """What is set for one channel; None, or an empty text, where it is not."""

    mentions: bool | None = None
    reminders: bool | None = None
    replies: str = ""  # "thread", or "channel": "failed again" is shown in the channel, too
    language: str = ""
    digest: str = ""  # a time such as "08:30", or OFF
    digest_zone: str = ""  # the zone of that time: of the person who set it

    @property
    def may_mention(self) -> bool:
        """Whether people are mentioned."""
        return self.mentions is not False

    @property
    def may_remind(self) -> bool:
        """Whether people are reminded."""
        return self.reminders is not False

    @property
    def replies_in_channel(self) -> bool:
        """Whether replies about another failure also show in the channel."""
        return self.replies == "channel"


DEFAULTS = Prefs()
