"""The law of the phone line: what a notification shows of a message is one short line without markup and mentions."""

import html
import re

LONGEST = 80
MARKUP = re.compile(r"[`*\n]|<|>|(?<!\w)_(?! )[^_]+(?<! )_(?!\w)")


def unfit(body):
    """What is wrong with the phone line of a message that Slack is sent."""
    line = body["text"]
    problems = [f"{found!r} in it" for found in MARKUP.findall(line)]
    read = html.unescape(line)
    if not read.strip():
        problems.append("empty")
    if len(read) > LONGEST:
        problems.append(f"{len(read)} characters")
    return [f"{line}: {problem}" for problem in problems]
