"""Which fonts of this machine hold the letters of a picture. A letter without a font would be drawn as nothing."""

import os
import struct
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from unicodedata import category

from bot.core.values import dataclass

FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
)
FAMILIES = {  # by the file's name, the best first
    "wqy-microhei.ttc": "WenQuanYi Micro Hei",
    "NotoSansCJK-Regular.ttc": "Noto Sans CJK SC",
    "NotoSansCJKsc-Regular.otf": "Noto Sans CJK SC",
    "NotoSansSC-Regular.otf": "Noto Sans SC",
    "SourceHanSansSC-Regular.otf": "Source Han Sans SC",
    "wqy-zenhei.ttc": "WenQuanYi Zen Hei",
    "DroidSansFallbackFull.ttf": "Droid Sans Fallback",
    "Hiragino Sans GB.ttc": "Hiragino Sans GB",
    "Arial Unicode.ttf": "Arial Unicode MS",
    "DejaVuSans.ttf": "DejaVu Sans",
    "LiberationSans-Regular.ttf": "Liberation Sans",
    "NotoSans-Regular.ttf": "Noto Sans",
}
MOST_FILES = 20_000  # that are looked at
_LETTERS = {"L", "M", "N"}  # without these a text cannot be read; other signs are replaced
_UNICODE_TABLES = {(0, 3), (0, 4), (0, 6), (3, 1), (3, 10)}
SUBSTITUTE = "?"


@dataclass(frozen=True, slots=True)
class Font:
    """A font file and the name of its family."""

    path: str
    family: str


class NoFont(Exception):  # noqa: N818  a plain statement
    """No font here has these letters."""

    def __init__(self, letters: Iterable[str]) -> None:
        super().__init__("".join(sorted(letters))[:20])


def installed(folders: Sequence[str] = FOLDERS) -> Iterator[Font]:
    """The fonts of this machine that are known here, the best first."""
    found: dict[str, str] = {}
    files = (Path(path, name) for each in folders for path, _, names in os.walk(each) for name in names)
    for path, _ in zip(files, range(MOST_FILES), strict=False):
        if path.name in FAMILIES:
            found.setdefault(path.name, str(path))
    return (Font(found[name], family) for name, family in FAMILIES.items() if name in found)


def chosen(texts: Iterable[str], fonts: Iterable[Font]) -> tuple[list[Font], dict[int, str]]:
    """The fonts that together hold the texts, and what signs to replace. Raises NoFont."""
    missing = {letter for text in texts for letter in text if letter.isprintable() and not letter.isspace()}
    missing.add(SUBSTITUTE)
    needed: list[Font] = []
    for font in fonts:
        covered = coverage(font.path)
        held = {letter for letter in missing if ord(letter) in covered}
        if held:
            needed.append(font)
            missing -= held
        if not missing:
            break
    if unreadable := {letter for letter in missing if category(letter)[0] in _LETTERS} | (missing & {SUBSTITUTE}):
        raise NoFont(unreadable)
    return needed, dict.fromkeys(map(ord, missing), SUBSTITUTE)


class Coverage:
    """The code points that a font has a glyph for."""

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self._spans = spans

    def __contains__(self, code: int) -> bool:
        """Whether a code point is among them."""
        return any(first <= code <= last for first, last in self._spans)


def coverage(path: str) -> Coverage:
    """What a TrueType or OpenType file, or the first font of a collection, covers; nothing where it is broken.

    Source: OpenType specification, "cmap" (formats 4 and 12).
    """
    try:
        data = Path(path).read_bytes()
        return Coverage(list(_spans(data)))
    except (OSError, struct.error):
        return Coverage([])


def _spans(data: bytes) -> Iterator[tuple[int, int]]:
    start = struct.unpack_from(">I", data, 12)[0] if data[:4] == b"ttcf" else 0
    (count,) = struct.unpack_from(">H", data, start + 4)
    for number in range(count):
        tag, _, table, _ = struct.unpack_from(">4sIII", data, start + 12 + 16 * number)
        if tag == b"cmap":
            yield from _of_cmap(data, table)


def _of_cmap(data: bytes, table: int) -> Iterator[tuple[int, int]]:
    (count,) = struct.unpack_from(">H", data, table + 2)
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", data, table + 4 + 8 * number)
        if (platform, encoding) not in _UNICODE_TABLES:
            continue
        (kind,) = struct.unpack_from(">H", data, table + offset)
        if kind == 12:
            (groups,) = struct.unpack_from(">I", data, table + offset + 12)
            for group in range(groups):
                yield struct.unpack_from(">II", data, table + offset + 16 + 12 * group)
        elif kind == 4:
            yield from _format_4(data, table + offset)


def _format_4(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """The segments; one that leads to no glyph at all is left out."""
    (twice,) = struct.unpack_from(">H", data, at + 6)
    count = twice // 2
    ends = struct.unpack_from(f">{count}H", data, at + 14)
    starts = struct.unpack_from(f">{count}H", data, at + 16 + twice)
    for first, last in zip(starts, ends, strict=True):
        if first <= last and first < 0xFFFF:
            yield first, last
