"""JPEG: small files for photographs, no transparency. https://www.w3.org/Graphics/JPEG/itu-t81.pdf, annex B."""

import io

from PIL import Image

from sfumato.core.errors import RequestError, UnreadableFile
from sfumato.exports import exif, xmp
from sfumato.exports.colour import srgb_profile
from sfumato.exports.marks import Marks
from sfumato.exports.tags import MOST_PARTS, Tags, part
from sfumato.exports.writers import Writer

XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
MOST_IN_SEGMENT = 65_533  # its length is told in 16 bits, which count themselves

START_OF_FRAME = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
WITHOUT_BODY = {0x01, *range(0xD0, 0xD9)}
START_OF_SCAN, END_OF_IMAGE, APP1, FILL = 0xDA, 0xD9, 0xE1, 0xFF


def encode(image: Image.Image, quality: int | None, marks: Marks) -> bytes:
    """On white; from quality 90 on, colours at full resolution, so that red letters stay sharp."""
    quality = 90 if quality is None else quality
    white = Image.new("RGBA", image.size, "white")
    extra = {}
    if marks.ai_made:
        extra["xmp"] = xmp.packet(marks.recipe)
    if marks.parameters is not None:
        extra["exif"] = exif.with_comment(marks.parameters)
    if len(extra.get("xmp", b"")) + len(XMP_PREFIX) > MOST_IN_SEGMENT or len(extra.get("exif", b"")) > MOST_IN_SEGMENT:
        raise RequestError("the prompt is too long for a jpg's metadata (64 kB): use png or webp, or less metadata")
    out = io.BytesIO()
    Image.alpha_composite(white, image).convert("RGB").save(
        out,
        "JPEG",
        quality=quality,
        subsampling="4:4:4" if quality >= 90 else "4:2:0",
        optimize=True,
        icc_profile=srgb_profile(),
        **extra,
    )
    return out.getvalue()


def tags(data: bytes) -> Tags:
    """What stands before the pixels."""
    found, at = Tags(), 2
    for _ in range(MOST_PARTS):
        start, marker = part(data, at, 2)
        if start != FILL:
            raise UnreadableFile("a segment in it is damaged; get a whole copy")
        if marker in (START_OF_SCAN, END_OF_IMAGE):
            return found
        if marker == FILL or marker in WITHOUT_BODY:
            at += 1 if marker == FILL else 2
            continue
        length = int.from_bytes(part(data, at + 2, 2))
        body = part(data, at + 4, max(length - 2, 0))
        if marker in START_OF_FRAME:
            found.size(int.from_bytes(body[3:5]), int.from_bytes(body[1:3]))
        elif marker == APP1 and body.startswith(exif.PREFIX):
            exif.add_exif(found, body)
        elif marker == APP1 and body.startswith(XMP_PREFIX):
            found.add("XMP", body.removeprefix(XMP_PREFIX))
        at += 2 + max(length, 2)
    raise UnreadableFile(f"it has more than {MOST_PARTS} segments")


PART = Writer(
    "jpg",
    endings=("jpg", "jpeg"),
    media_type="image/jpeg",
    alpha=False,
    quality=90,
    lossless=frozenset(),
    longest_side=65_500,  # libjpeg's own limit
    recognises=lambda head: head.startswith(b"\xff\xd8\xff"),
    encode=encode,
    tags=tags,
)
