"""Tags: the texts that a file carries beside its pixels, gathered within limits.

Files come from strangers: a few bytes can claim gigapixels or unpack to gigabytes. Each writer's `tags` walks its
format's parts and puts what it meets here; whatever goes beyond a limit raises UnreadableFile, named by its caller.
"""

import zlib
from dataclasses import dataclass, field

from sfumato.core.errors import UnreadableFile

MOST_PIXELS = 16_384**2  # the most that we write
MOST_TEXT = 2**20  # bytes of one text, unpacked
MOST_TEXTS = 4 * 2**20  # bytes of all texts together
MOST_PARTS = 200_000  # chunks or segments in a file


@dataclass
class Tags:
    """texts: by the name that their readers know: PNG keywords, and XMP, UserComment, Make, Model.

    pixels, longest: how many, and on the longest side, by the headers; the most that any of them says.
    """

    texts: dict[str, str] = field(default_factory=dict)
    sized: bool = False
    pixels: int = 0
    longest: int = 0
    _bytes: int = 0

    def size(self, width: int, height: int) -> None:
        """What the header says; beyond the limit is an error. A file that never says has no picture in it."""
        self.sized = True
        self.pixels, self.longest = max(self.pixels, width * height), max(self.longest, width, height)
        if not 0 < width * height <= MOST_PIXELS:
            raise UnreadableFile(f"it says {width}x{height} pixels; from 1 to {MOST_PIXELS // 10**6} million are read")

    def add(self, name: str, value: bytes, encoding: str = "utf-8") -> None:
        """Keep a text; a second one of the same name is kept beside the first. Bytes that are no text are left out."""
        self._bytes += len(value) + len(name)
        if len(value) > MOST_TEXT or self._bytes > MOST_TEXTS:
            limits = f"{MOST_TEXT // 2**20} MB a text, {MOST_TEXTS // 2**20} MB in all"
            raise UnreadableFile(f"its metadata is too long; {limits} are read")
        name = name if name not in self.texts else f"{name} (again)"
        try:
            self.texts.setdefault(name, value.decode(encoding))
        except UnicodeDecodeError:
            self.texts.setdefault(f"{name} (not text)", "")


def unpacked(packed: bytes) -> bytes:
    """zlib, undone up to just beyond the limit, where `add` then refuses it."""
    try:
        return zlib.decompressobj().decompress(packed, MOST_TEXT + 1)
    except zlib.error as error:
        raise UnreadableFile("a compressed text in it is damaged") from error


def part(data: bytes, start: int, length: int) -> bytes:
    """Exactly these bytes; an error if the file ends before."""
    if start + length > len(data):
        raise UnreadableFile("it is cut short; get a whole copy")
    return data[start : start + length]
