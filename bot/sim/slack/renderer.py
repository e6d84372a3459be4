"""What a person reads: messages and views as plain text, references shown as names, controls in brackets."""

import re
from collections.abc import Iterator, Mapping

from bot.sim.slack.message_board import MessageBoard
from bot.sim.slack.model import Json, Message
from bot.sim.slack.state import WorkspaceState
from bot.sim.slack.text import unescaped

_REFERENCE = re.compile(r"<([^<>]+)>")


class TextRenderer:
    """Renders messages and views as the text that a person sees."""

    def __init__(self, state: WorkspaceState, board: MessageBoard) -> None:
        self._state = state
        self._board = board

    def visible(self, who: str, channel: str) -> list[str]:
        """List what a person reads in a channel, one entry a message, replies below their parents.

        An entry reads ``Maya Chen: hello``; an ephemeral ``flowbot (only you): hello``; a reply begins with ``↳ ``.
        """
        person = self._state.person(who).id
        lines = []
        for message in self._board.everything(channel):
            if message.top_level and message.only_for in {None, person}:
                replies = self._board.all_replies(message)
                lines.append(self._line(message))
                lines += [f"↳ {self._line(reply)}" for reply in replies if reply.only_for in {None, person}]
        return lines

    def _line(self, message: Message) -> str:
        private = "" if message.only_for is None else " (only you)"
        return f"{self._state.people[message.user].real_name}{private}: {self.shown(message)}"

    def plain(self, mrkdwn: str) -> str:
        """Render a mrkdwn text as a person sees it, formatting marks kept."""
        return unescaped(_REFERENCE.sub(lambda match: self._reference(match.group(1)), mrkdwn))

    def _reference(self, inside: str) -> str:
        target, _, label = inside.partition("|")
        if target.startswith("@"):
            person = self._state.people.get(target[1:])
            return f"@{person.real_name if person else label or target[1:]}"
        if target.startswith("#"):
            channel = self._state.channels.get(target[1:])
            return f"#{channel.name if channel else label or target[1:]}"
        if target.startswith("!subteam^"):
            group = self._state.groups.get(target.removeprefix("!subteam^"))
            return f"@{group.handle if group else label.removeprefix('@')}"
        if target.startswith("!date^"):
            return label
        if target.startswith("!"):
            return f"@{target[1:]}"
        return label or target

    def shown(self, message: Message) -> str:
        """Render the whole of a message: its blocks where it has any, else its text; then what is attached.

        A table comes last, as Slack appends it to the message.
        """
        lines = list(self._blocks(_others(message.blocks))) if message.blocks else [self.plain(message.text)]
        for attachment in message.attachments:
            lines += self._blocks(_others(attachment.get("blocks", [])))
            lines += [self.plain(str(attachment[key])) for key in ("pretext", "title", "text") if attachment.get(key)]
        lines += self._blocks([block for block in message.all_blocks if block["type"] == "table"])
        lines += [f"[file {self._state.files[file].title or self._state.files[file].name}]" for file in message.files]
        return "\n".join(line for line in lines if line)

    def view_shown(self, content: Json) -> str:
        """Render a modal or Home tab as text: its title, then its blocks."""
        title = self._text(content.get("title"))
        return "\n".join(line for line in (title, *self._blocks(content["blocks"])) if line)

    def _text(self, value: object) -> str:
        if not isinstance(value, Mapping):
            return ""
        text = str(value.get("text", ""))
        return self.plain(text) if value.get("type") == "mrkdwn" else text

    def _blocks(self, blocks: list[Json]) -> Iterator[str]:
        for block in blocks:
            yield from self._block(block)

    def _block(self, block: Json) -> Iterator[str]:
        match block["type"]:
            case "section":
                yield self._text(block.get("text"))
                for field in block.get("fields") or ():
                    yield self._text(field)
                if block.get("accessory"):
                    yield self._element(block["accessory"])
            case "header":
                yield self._text(block["text"])
            case "context" | "actions":
                yield " ".join(self._element(element) for element in block["elements"])
            case "input":
                yield f"{self._text(block['label'])}: {self._element(block['element'])}"
            case _:
                yield from self._block_of_text(block)

    def _block_of_text(self, block: Json) -> Iterator[str]:
        match block["type"]:
            case "image":
                yield f"[image {block['alt_text']}]"
            case "markdown":
                yield block["text"]
            case "rich_text":
                yield self._rich(block)
            case "table":
                for row in block["rows"]:
                    yield " | ".join(self._cell(cell) for cell in row)
            case _:
                yield ""

    def _cell(self, cell: Json) -> str:
        return self._rich(cell) if cell["type"] == "rich_text" else str(cell.get("text", ""))

    def _rich(self, element: Json) -> str:
        match element["type"]:
            case "rich_text" | "rich_text_section" | "rich_text_preformatted" | "rich_text_quote":
                return "".join(self._rich(inner) for inner in element["elements"])
            case "rich_text_list":
                return "".join(f"• {self._rich(inner)}\n" for inner in element["elements"])
            case "user":
                return self._reference(f"@{element['user_id']}")
            case "channel":
                return self._reference(f"#{element['channel_id']}")
            case "usergroup":
                return self._reference(f"!subteam^{element['usergroup_id']}")
            case "broadcast":
                return f"@{element['range']}"
            case "emoji":
                return f":{element['name']}:"
            case "link":
                return str(element.get("text") or element["url"])
            case "date":
                return str(element.get("fallback", ""))
            case _:
                return str(element.get("text", ""))

    def _element(self, element: Json) -> str:
        match element["type"]:
            case "mrkdwn" | "plain_text":
                return self._text(element)
            case "button":
                return f"[{self._text(element['text'])}]"
            case "image":
                return f"[image {element['alt_text']}]"
            case "plain_text_input" | "number_input" | "email_text_input" | "url_text_input":
                return f"[{element.get('initial_value') or ''}]"
            case _:
                options = [option for group in element.get("option_groups") or () for option in group["options"]]
                labels = (self._text(option["text"]) for option in (*options, *(element.get("options") or ())))
                return f"[{self._text(element.get('placeholder')) or '⋯'}: {' | '.join(labels)}]"


def _others(blocks: list[Json]) -> list[Json]:
    """The blocks that are no tables."""
    return [block for block in blocks if block["type"] != "table"]
