"""Pictures that come in: as bytes, as base64, by a URL, or by a name that we gave them. Every door reads them here.

What comes out is pixels alone, RGBA in sRGB, upright: nothing of the file is kept but what it shows. A URL of our own
server is read without asking the network, with the rights of whoever names it; any other goes through outside.py.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from fastapi import Request
from PIL import Image

from sfumato import exports
from sfumato.core.errors import RequestError, UnreadableFile
from sfumato.core.wording import shown
from sfumato.exports.decoding import LONGEST_SIDE
from sfumato.http.desk import Desk, caller_of
from sfumato.http.links import root_of
from sfumato.outside import NotFetched

LEAST_SIDE = 8  # pixels
OURS = re.compile(
    r"/replicate/v1/files/(?P<file>[0-9a-f]{32})(/download)?|/v1/files/(file-)?(?P<openai>[0-9a-f]{32})/content"
    r"|/api/v1/pictures/(?P<picture>[1-9][0-9]{0,17})/file|/api/v1/inputs/(?P<input>[0-9a-f]{64})/file"
    r"|/files/(?P<link>[0-9]{1,18}\.[a-z]{3,4})"
)


def opened(data: bytes, name: str = "the picture") -> Image.Image:
    """A file's pixels; name: the field it came in. UnreadableFile says what is wrong with it."""
    if not data:
        raise UnreadableFile(f"{name} is empty: send a PNG, JPEG or WebP")
    try:
        image, _ = exports.pixels(data)
    except UnreadableFile as error:
        raise type(error)(str(error).replace("this file", name, 1)) from error
    if min(image.size) < LEAST_SIDE:
        raise UnreadableFile(
            f"{name} is {image.width}x{image.height} pixels: each side has at least {LEAST_SIDE}, at most "
            f"{LONGEST_SIDE:,}"
        )
    return image


def of_base64(text: str, name: str = "the picture") -> bytes:
    """The bytes of base64, in either alphabet, with or without line breaks, padding and a data URL's head."""
    head, comma, tail = text.partition(",")
    if comma and not head.startswith("data:"):
        raise UnreadableFile(f"{name} is not base64: send a PNG, JPEG or WebP in it")
    if comma and ";base64" not in head:
        raise UnreadableFile(f"{name}: a data URL has to be base64")
    plain = "".join((tail if comma else text).split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableFile(f"{name} is not base64: send a PNG, JPEG or WebP in it") from error


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass(frozen=True)
class Reader:
    """Reads for one request, with the rights of whoever sent it."""

    desk: Desk
    request: Request

    def named(self, text: str | bytes, name: str) -> Image.Image:
        """The picture that a field names by a URL of ours or of elsewhere, as a data URL, or as base64; or its file."""
        if isinstance(text, bytes):
            return opened(text, name)
        if re.match(r"https?:", text, re.IGNORECASE):
            try:
                return opened(self._behind(text), name)
            except NotFetched as error:
                raise NotFetched(f"{name}: {error}") from error
        if "://" in text[:20]:
            raise RequestError(
                f"{name}: {shown(text, 60)} is not fetched: give an http:// or https:// URL, or the data"
            )
        return opened(of_base64(text, name), name)

    def file(self, id: str, name: str = "the picture") -> Image.Image:
        """A picture of the file store, by its id."""
        return opened(self.desk.studio.files.read(id, self._sees), name)

    def kept(self, which: str | int) -> Image.Image:
        """A picture of the library, by its number; or one that was uploaded, by its sha256."""
        if isinstance(which, str):
            return self.desk.studio.held(which)
        entry = self.desk.studio.library.entry(which, self._sees)
        return exports.pixels(self.desk.studio.library.fetch(entry.id))[0]

    @property
    def _sees(self) -> str | None:
        return caller_of(self.request).sees

    def _behind(self, url: str) -> bytes:
        ours = self._ours(url)
        return self.desk.outside.get(url).data if ours is None else ours

    def _ours(self, url: str) -> bytes | None:
        """The bytes behind a URL of this server; None: it is another's."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        if f"{parts.scheme}://{parts.netloc}".lower() != root_of(self.request).lower():
            return None
        found = OURS.fullmatch(parts.path)
        if found is None:
            raise RequestError(f"{shown(parts.path, 80)} is no picture here: name an upload, or a picture's file")
        studio, part = self.desk.studio, found.groupdict()
        if id := part["file"] or part["openai"]:
            return studio.files.read(id, self._sees)
        if part["input"]:
            return studio.held_file(part["input"])
        if part["picture"]:
            return studio.library.fetch(studio.library.entry(int(part["picture"]), self._sees).id)
        query = parse_qs(parts.query)
        self.desk.links.check_query(part["link"], query)
        return studio.library.fetch(int(part["link"].partition(".")[0]))
