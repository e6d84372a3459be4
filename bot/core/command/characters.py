"""Characters that stand for others in what people type: quotes, dashes, spaces, and what nobody sees."""

DOUBLE = '"“”„‟«»＂'
SINGLE = "'‘’‚‛‹›＇"
QUOTES = DOUBLE + SINGLE
CORNERS = {"「": "」", "『": "』", "《": "》", "〈": "〉"}  # Chinese quotes; a name may begin with one all the same
# Bidirectional controls, zero-width spaces, soft hyphens, control characters: nobody sees them.
# Joiners (U+200C, U+200D) are left alone, since they change what people see.
INVISIBLE = "".join(
    map(chr, [*range(1, 9), *range(14, 28), *range(127, 133), *range(134, 160), 0xAD, 0x61C, 0x180E])
) + ("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufeff")
STRAIGHT = {
    **dict.fromkeys(DOUBLE, '"'),
    **dict.fromkeys(SINGLE, "'"),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("\u00a0\u2007\u202f", " "),
    **dict.fromkeys(INVISIBLE, ""),
}
PUNCTUATION = ".,;:!?)]}、。，；：！？）】"  # of a sentence, behind a word
