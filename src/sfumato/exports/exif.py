"""EXIF, as far as prompts live there: the user comment, and the two camera fields that ComfyUI borrows.

A TIFF directory of one entry that points at another; Exif 3.0, section 4.6.
"""

import struct

from sfumato.core.errors import UnreadableFile
from sfumato.exports.tags import Tags, part

PREFIX = b"Exif\0\0"
EXIF_DIRECTORY, USER_COMMENT = 0x8769, 0x9286
CAMERA = {0x010F: "Make", 0x0110: "Model"}
WANTED = {EXIF_DIRECTORY, USER_COMMENT, *CAMERA}
LONG, BYTES = 4, {1, 2, 7}  # types of entries; the three of one byte an item


def with_comment(text: str) -> bytes:
    """EXIF that holds only a user comment, UTF-16 and big-endian as AUTOMATIC1111 writes it."""
    comment = b"UNICODE\0" + text.encode("utf-16-be")
    first = struct.pack(">HHHLLL", 1, EXIF_DIRECTORY, LONG, 1, 26, 0)  # 26: the second directory's place
    second = struct.pack(">HHHLLL", 1, USER_COMMENT, 7, len(comment), 44, 0)  # 44: the comment's place
    return PREFIX + b"MM" + struct.pack(">HL", 42, 8) + first + second + comment


def add_exif(tags: Tags, data: bytes) -> None:
    """Put what EXIF data says into the tags; data that is damaged counts as a text nobody can read."""
    tiff = data.removeprefix(PREFIX)
    try:
        order = {b"II": "<", b"MM": ">"}[tiff[:2]]
        entries = _directory(tiff, order, *struct.unpack(order + "L", part(tiff, 4, 4)))
        if EXIF_DIRECTORY in entries:
            entries |= _directory(tiff, order, *struct.unpack(order + "L", part(entries[EXIF_DIRECTORY], 0, 4)))
    except (KeyError, UnreadableFile):
        tags.add("EXIF (damaged)", b"")
        return
    for tag, name in CAMERA.items():
        if tag in entries:
            tags.add(name, entries[tag].rstrip(b"\0"))
    if USER_COMMENT in entries:
        _add_comment(tags, entries[USER_COMMENT], order)


def _directory(tiff: bytes, order: str, start: int) -> dict[int, bytes]:
    """The entries that we want, others not copied; each value's raw bytes."""
    found: dict[int, bytes] = {}
    (count,) = struct.unpack(order + "H", part(tiff, start, 2))
    for at in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, length, place = struct.unpack(order + "HHLL", part(tiff, at, 12))
        if tag in WANTED and kind == LONG and length == 1:
            found[tag] = part(tiff, at + 8, 4)
        elif tag in WANTED and kind in BYTES:
            found[tag] = part(tiff, place if length > 4 else at + 8, length)
    return found


def _add_comment(tags: Tags, comment: bytes, order: str) -> None:
    coding, text = comment[:8], comment[8:]
    if coding != b"UNICODE\0":
        tags.add("UserComment", text.rstrip(b"\0"))
    elif order == ">" or text[0::2].count(0) >= text[1::2].count(0):
        tags.add("UserComment", text, "utf-16-be")
    else:  # a little-endian file may hold either; the zeros of its plain letters tell
        tags.add("UserComment", text, "utf-16-le")
