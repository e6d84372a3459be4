"""Characters that stand for others in what people type: quotes, dashes, spaces, and what nobody sees."""

from bot.core.text.escape import INVISIBLE

DOUBLE = '"“”„‟«»＂'
SINGLE = "'‘’‚‛‹›＇"
QUOTES = DOUBLE + SINGLE
CORNERS = {"「": "」", "『": "』", "《": "》", "〈": "〉"}  # Chinese quotes; a name may begin with one all the same
STRAIGHT = {
    **dict.fromkeys(DOUBLE, '"'),
    **dict.fromkeys(SINGLE, "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00a0\u2007\u202f", " "),
    **dict.fromkeys(INVISIBLE, ""),
}
PUNCTUATION = ".,;:!?)]}、。，；：！？）】"  # of a sentence, behind a word
