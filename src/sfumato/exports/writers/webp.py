"""WebP: smaller than JPEG, with transparency; quality 100 keeps every pixel.

https://developers.google.com/speed/webp/docs/riff_container
"""

import io
from collections.abc import Iterator

from PIL import (
    Image,
    WebPImagePlugin,  # noqa: F401 - is there by that; to find it, Pillow would load all of its forty formats
)

from sfumato.core.errors import UnreadableFile
from sfumato.exports import exif, xmp
from sfumato.exports.colour import srgb_profile
from sfumato.exports.marks import Marks
from sfumato.exports.tags import MOST_PARTS, MOST_TEXT, Tags, part
from sfumato.exports.writers import Writer

LOSSLESS = 100


def encode(image: Image.Image, quality: int | None, marks: Marks) -> bytes:
    """At 100 lossless, as people mean it; libwebp's own lossy 100 is larger and worse."""
    quality = 90 if quality is None else quality
    out = io.BytesIO()
    image.save(
        out,
        "WEBP",
        lossless=quality == LOSSLESS,
        quality=75 if quality == LOSSLESS else quality,  # of lossless: the effort
        exact=quality == LOSSLESS,  # keep colours where nothing shows, too
        icc_profile=srgb_profile(),
        xmp=xmp.packet(marks.recipe) if marks.ai_made else b"",
        exif=exif.with_comment(marks.parameters) if marks.parameters is not None else b"",
    )
    return out.getvalue()


def tags(data: bytes) -> Tags:
    """What the file's chunks say."""
    found = Tags()
    for kind, body in _chunks(data):
        if kind in SIZES:
            found.size(*SIZES[kind](part(body, 0, 10 if kind != b"VP8L" else 5)))
        elif kind == b"EXIF" and len(body) <= MOST_TEXT:
            exif.add_exif(found, body)
        elif kind in (b"EXIF", b"XMP "):
            found.add(kind.decode().strip(), body)
    return found


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at, end = 12, min(8 + int.from_bytes(data[4:8], "little"), len(data))
    for _ in range(MOST_PARTS):
        if at >= end:
            return
        length = int.from_bytes(part(data, at + 4, 4), "little")
        yield part(data, at, 4), part(data, at + 8, length)
        at += 8 + length + length % 2
    raise UnreadableFile(f"it has more than {MOST_PARTS} chunks")


def _extended(body: bytes) -> tuple[int, int]:
    return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")


def _lossless(body: bytes) -> tuple[int, int]:
    bits = int.from_bytes(body[1:5], "little")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


def _lossy(body: bytes) -> tuple[int, int]:
    return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF


SIZES = {b"VP8X": _extended, b"VP8L": _lossless, b"VP8 ": _lossy}

PART = Writer(
    "webp",
    endings=("webp",),
    media_type="image/webp",
    alpha=True,
    quality=90,
    lossless=frozenset({LOSSLESS}),
    longest_side=16_383,
    recognises=lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP",
    encode=encode,
    tags=tags,
)
