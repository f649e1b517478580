"""Writers: a picture becomes a file's bytes, one format a file; and the texts beside the pixels are found again.

    def encode(image: Image.Image, quality: int | None, marks: Marks) -> bytes
    def tags(data: bytes) -> Tags

`image` is RGBA, straight alpha, sRGB, and carries nothing else; the bytes must say that they are sRGB, and be the same
each time. `tags` reads a stranger's file: it walks the headers, decodes no pixel, and lets Tags hold the limits. To add
a format, add a file with both and `PART = Writer(...)`; its endings then work in `--out`, and the contract tests run
over it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image

from sfumato.core.errors import RequestError
from sfumato.core.registry import Registry
from sfumato.exports.marks import Marks
from sfumato.exports.tags import Tags


@dataclass(frozen=True)
class Writer:
    """A format. endings: without the dot, the usual one first. alpha: keeps transparency; else it is laid on white.

    quality: 0 to 100 where none is given; None: the format has no quality. lossless: the qualities that keep every
    pixel. recognises: by a file's first 16 bytes. longest_side: pixels. media_type: as in HTTP.
    """

    name: str
    endings: tuple[str, ...]
    media_type: str
    alpha: bool
    quality: int | None
    lossless: frozenset[int | None]
    longest_side: int
    recognises: Callable[[bytes], bool]
    encode: Callable[[Image.Image, int | None, Marks], bytes]
    tags: Callable[[bytes], Tags]

    def quality_of(self, asked: int | None) -> int | None:
        """The quality to encode with; RequestError if the one asked for cannot be."""
        if asked is None:
            return self.quality
        if self.quality is None:
            raise RequestError(f"{self.name} has no quality: leave it out, or use jpg or webp")
        if not 0 <= asked <= 100:
            raise RequestError(f"quality {asked} is not between 0 and 100; {self.quality} is usual for {self.name}")
        return asked


writers: Registry[Writer] = Registry(__name__, "format")
