"""Font files with nothing but a table of the letters that they claim to hold."""

import struct

from bot.render.fonts import Font


def font_file(path, spans, *, wide=False, collection=False):
    """A font whose cmap covers the spans, in format 12 where ``wide``, else in format 4."""
    start = 16 if collection else 0
    if wide:
        groups = b"".join(struct.pack(">III", first, last, 1) for first, last in spans)
        table = struct.pack(">HHIII", 12, 0, 16 + len(groups), 0, len(spans)) + groups
    else:
        ends = [last for _, last in spans] + [0xFFFF]
        starts = [first for first, _ in spans] + [0xFFFF]
        count = len(ends)
        table = struct.pack(">HHHHHHH", 4, 0, 0, 2 * count, 0, 0, 0)
        table += struct.pack(f">{count}H", *ends) + b"\0\0" + struct.pack(f">{count}H", *starts)
    cmap = struct.pack(">HHHHIHHI", 0, 2, 1, 0, 20, 3, 10 if wide else 1, 20) + table
    directory = struct.pack(">4sHHHH", b"\0\1\0\0", 2, 0, 0, 0)
    place = start + 12 + 32
    directory += struct.pack(">4sIII", b"name", 0, place, 0) + struct.pack(">4sIII", b"cmap", 0, place, len(cmap))
    head = struct.pack(">4sIII", b"ttcf", 0x10000, 1, 16) if collection else b""
    path.write_bytes(head + directory + cmap)
    return Font(str(path), path.stem)
