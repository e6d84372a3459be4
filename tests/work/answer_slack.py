"""A fake Slack with memory, and what each message looks like to people."""

import re
from dataclasses import dataclass, field

from bot.core.outbox.conversations import Channel, SlackRefused
from bot.core.people.model import Profile
from bot.core.people.on_call import can_be_on_call
from bot.core.text.language import EN

BOT_CHANNELS = ("C0DATAOPS1", "C0FINANCE1")


@dataclass
class Message:
    """A message as it is in Slack, or as one person saw it."""

    place: str  # #data-ops, thread, only maya, dm maya, file maya
    channel: str
    thread: str
    ts: str
    body: dict
    kind: str
    user: str = ""
    texts: list = field(default_factory=list)

    @property
    def text(self):
        return "\n".join(lines_of(self.body))

    @property
    def buttons(self):
        return dict(buttons_of(self.body))

    def as_seen(self, *, edited=False):
        """The message as text, with its place."""
        shown = "\n".join(f"    {line}" for line in self.text.split("\n"))
        return f"[{self.place}{', edited' if edited else ''}]\n{shown}"

    def __str__(self):
        return self.as_seen()


class AnswerSlack:
    """``broken`` holds, by the name of a method, what it raises."""

    def __init__(self):
        self.profiles = {}
        self.groups = {}
        self.group_handles = {}
        self.archived = set()
        self.shared = set()  # channels that another organization reads too
        self.joined = {"C0DATAOPS1": {"U0MAYA00001", "U0JONAS0001"}}
        self.active = {}  # by person; of the others Slack does not say
        self.broken = {}
        self.spoken = EN  # the language of people whose own is not given

    def person(self, person, name, **more):
        self.profiles[person.user] = Profile(person, name, **{"language": self.spoken, **more})

    async def profile(self, user, *, team=""):
        self._met("profile")
        if user not in self.profiles:
            raise SlackRefused("user_not_found")
        return self.profiles[user]

    async def language(self, user):
        return self.known_language(user)

    def known_language(self, user):
        return self.profiles[user].language if user in self.profiles else self.spoken

    async def deactivated(self, users, longest_wait):
        known = {user: self.profiles[user] for user in users if user in self.profiles}
        return frozenset(user for user, profile in known.items() if not can_be_on_call(profile))

    async def group(self, group):
        self._met("group")
        return frozenset(self.groups.get(group, ()))

    async def group_names(self):
        self._met("group_names")
        return self.group_handles

    async def presence(self, user):
        self._met("presence")
        return self.active.get(user)

    async def channel(self, channel):
        self._met("channel")
        if channel.startswith("D"):
            return Channel(channel, member=True)
        return Channel(
            channel, member=channel in BOT_CHANNELS, archived=channel in self.archived, shared=channel in self.shared
        )

    async def members(self, channel):
        self._met("members")
        return frozenset(self.joined.get(channel, ()))

    async def permalink(self, channel, ts):
        self._met("permalink")
        return f"https://slack.test/{channel}/{ts}"

    def _met(self, name):
        if name in self.broken:
            raise self.broken[name]


def lines_of(body):
    """What a person reads in a message, line by line; of one with a table, its form without one."""
    body = body.get("fallback", body)
    parts = list(body.get("blocks", ()))
    for attachment in body.get("attachments", ()):
        parts += attachment["blocks"]
    if "content" in body:
        if "alt_text" in body:
            return [f"picture {body['filename']} “{body['title']}”: {body['comment']}", body["alt_text"]]
        return [f"file {body['filename']} “{body['title']}”: {body['comment']}", *body["content"].split("\n")]
    lines = []
    for block in parts:
        lines += _BLOCKS[block["type"]](block)
    return lines


def _section(block):
    fields = [each["text"].replace("\n", " ") for each in block.get("fields", ())]
    button = _actions({"elements": [block["accessory"]]}) if "accessory" in block else []
    return [*block["text"]["text"].split("\n"), *([" | ".join(fields)] if fields else []), *button]


def _actions(block):
    shown = []
    for element in block["elements"]:
        if element["type"] in {"overflow", "static_select"}:
            shown.append("[… " + " · ".join(option["text"]["text"] for option in element["options"]) + "]")
        else:
            words = element["value"].partition("|")[2].partition("|")[2]
            shown.append(f"[{element['text']['text']} → {words}]")
    return [" ".join(shown)]


def _pre(block):
    return [f"| {line}" for line in block["elements"][0]["elements"][0]["text"].split("\n")]


_BLOCKS = {
    "section": _section,
    "context": lambda block: [" ".join(element["text"] for element in block["elements"])],
    "actions": _actions,
    "rich_text": _pre,
}


def buttons_of(body):
    """The label and value of each button and menu entry."""
    body = body.get("fallback", body)
    parts = list(body.get("blocks", ()))
    for attachment in body.get("attachments", ()):
        parts += attachment["blocks"]
    for block in parts:
        for element in (*block.get("elements", ()), *([block["accessory"]] if "accessory" in block else [])):
            if element["type"] == "button":
                yield element["text"]["text"], element["value"]
            for option in element.get("options", ()):
                yield option["text"]["text"], option["value"]


SPECIAL = re.compile(r"<[!@#][^>]*>|<[a-z]+:[^>]*>")
