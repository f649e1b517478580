"""Inputs: pictures that recipes start from, kept by what their pixels are, so that a replay has them.

    home/inputs/ab/cd/abcd....png        pixels alone, named by the file's sha256

Nothing of the file they came from is kept: no camera, no place, no name.
"""

import hashlib
import io
import re
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path

from PIL import Image

from sfumato.core.errors import RequestError
from sfumato.core.recipe import DIGEST
from sfumato.core.wording import shown
from sfumato.exports import pixels
from sfumato.library.blobs import Blobs

AT_HAND = 4  # pictures that stay decoded; an order of many begins with the same one


class Inputs:
    """A folder of pictures; calling it with a sha256 gives the picture. It is made when the first is kept."""

    def __init__(self, folder: Path):
        self._blobs = Blobs(folder)
        self._read = lru_cache(maxsize=AT_HAND)(self._from_disk)

    def keep(self, image: Image.Image) -> str:
        """Keep a picture (RGBA), and return its sha256; CannotWrite."""
        return self._blobs.keep(_bare(image), "png")

    def unused(self, named: Collection[str], moment: float) -> Iterator[str]:
        """Those that are not among the names, and were last kept before a moment; seconds since 1970."""
        return (name for name, _ in self._blobs.older(moment) if name not in named)

    def delete(self, digest: str) -> int:
        """Delete a picture that nothing starts from, and return how many bytes that frees."""
        return self._blobs.delete(digest, "png")

    def name_of(self, image: Image.Image) -> str:
        """The sha256 under which a picture would be kept."""
        return hashlib.sha256(_bare(image)).hexdigest()

    def __call__(self, digest: str) -> Image.Image:
        """The picture of a sha256, RGBA, not to be changed; RequestError if it is not here as it was."""
        return self._read(digest)

    def file(self, digest: str) -> bytes:
        """The same as a PNG file; RequestError as above."""
        return self._bytes(digest)

    def _from_disk(self, digest: str) -> Image.Image:
        return pixels(self._bytes(digest))[0]

    def _bytes(self, digest: str) -> bytes:
        if not re.fullmatch(DIGEST, digest):
            raise RequestError(f"{shown(digest)} is no sha256: give 64 hexadecimal digits")
        path = self._blobs.path(digest, "png")
        try:
            data = path.read_bytes()
        except OSError as error:
            raise RequestError(
                f"the picture that this starts from ({digest[:16]}) is not kept here: begin with its file again"
            ) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise RequestError(f"the picture {str(path)!r} is damaged: delete it, and begin with its file again")
        return data


def _bare(image: Image.Image) -> bytes:
    """A PNG of the pixels alone."""
    out, clean = io.BytesIO(), image.convert("RGBA")
    clean.info = {}
    clean.save(out, "PNG", compress_level=1)
    return out.getvalue()
