"""PNG: every pixel kept; texts in iTXt chunks, which hold any Unicode. https://www.w3.org/TR/png-3/"""

import io
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sfumato.core.errors import UnreadableFile
from sfumato.exports import xmp
from sfumato.exports.exif import add_exif
from sfumato.exports.marks import Marks
from sfumato.exports.tags import MOST_PARTS, MOST_TEXT, Tags, part, unpacked
from sfumato.exports.writers import Writer

SIGNATURE = b"\x89PNG\r\n\x1a\n"
XMP = "XML:com.adobe.xmp"


def encode(image: Image.Image, quality: int | None, marks: Marks) -> bytes:
    """Without an alpha channel where nothing is transparent."""
    chunks = PngInfo()
    chunks.add(b"sRGB", b"\0")  # 0: perceptual
    if marks.recipe is not None:
        chunks.add_itxt("sfumato", marks.recipe)
    if marks.parameters is not None:
        chunks.add_itxt("parameters", marks.parameters)
    if marks.ai_made:
        chunks.add_itxt(XMP, xmp.packet(None).decode())
    opaque = image.getchannel("A").getextrema() == (255, 255)
    out = io.BytesIO()
    (image.convert("RGB") if opaque else image).save(out, "PNG", pnginfo=chunks)
    return out.getvalue()


def tags(data: bytes) -> Tags:
    """Texts from all of the file: some tools put them behind the pixels."""
    found, at = Tags(), len(SIGNATURE)
    for _ in range(MOST_PARTS):
        length, kind = int.from_bytes(part(data, at, 4)), part(data, at + 4, 4)
        body, check = part(data, at + 8, length), part(data, at + 8 + length, 4)
        if kind == b"IHDR":
            found.size(int.from_bytes(body[:4]), int.from_bytes(body[4:8]))
        elif kind in TEXTS:
            if zlib.crc32(kind + body) != int.from_bytes(check):
                raise UnreadableFile("a text in it is damaged; get a whole copy")
            TEXTS[kind](found, body)
        elif kind == b"IEND":
            return found
        at += 12 + length
    raise UnreadableFile(f"it has more than {MOST_PARTS} chunks")


def _plain(found: Tags, body: bytes) -> None:
    name, _, value = body.partition(b"\0")
    found.add(_keyword(name), value, "latin-1")


def _packed(found: Tags, body: bytes) -> None:
    name, _, rest = body.partition(b"\0")
    found.add(_keyword(name), unpacked(rest[1:]), "latin-1")  # rest[0]: the method, always zlib


def _international(found: Tags, body: bytes) -> None:
    name, _, rest = body.partition(b"\0")
    _language, _, titled = rest[2:].partition(b"\0")
    _title, _, value = titled.partition(b"\0")
    found.add(_keyword(name), unpacked(value) if rest[:1] == b"\1" else value)


def _keyword(name: bytes) -> str:
    keyword = name.decode("latin-1")
    return "XMP" if keyword == XMP else keyword


def _exif(found: Tags, body: bytes) -> None:
    if len(body) <= MOST_TEXT:
        add_exif(found, body)
    else:
        found.add("EXIF", body)  # refused there, with the limit


TEXTS = {b"tEXt": _plain, b"zTXt": _packed, b"iTXt": _international, b"eXIf": _exif}

PART = Writer(
    "png",
    endings=("png",),
    media_type="image/png",
    alpha=True,
    quality=None,
    lossless=frozenset({None}),
    longest_side=65_535,  # more is allowed, but few programs open it
    recognises=lambda head: head.startswith(SIGNATURE),
    encode=encode,
    tags=tags,
)
