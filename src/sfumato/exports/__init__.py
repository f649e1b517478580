"""Exports: a finished picture becomes a file, and a file's metadata becomes a recipe again.

A picture is encoded once, from the master. `writers/` has one file a format, `readers/` one a program whose metadata we
read, `marks.py` says what our own metadata holds, `publish.py` puts bytes on the disk, whole or not at all.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PIL import Image

from sfumato.core.errors import NoPicture, RequestError, UnreadableFile
from sfumato.core.picture import Edit, Picture
from sfumato.core.recipe import Recipe
from sfumato.core.registry import unknown
from sfumato.core.wording import LONG, cause, shown
from sfumato.exports import publish
from sfumato.exports.decoding import check_size, decoded
from sfumato.exports.marks import LEVELS, marks_of
from sfumato.exports.readers import Found, readers
from sfumato.exports.tags import Tags
from sfumato.exports.writers import Writer, writers

__all__ = ["Found", "Writer", "check", "encode", "pixels", "read", "readers", "save", "writer_for", "writers"]

MOST_BYTES = 128 * 2**20  # of a file that we read metadata from


def save(
    picture: Picture | Edit,
    path: str | Path,
    *,
    format: str | None = None,
    quality: int | None = None,
    metadata: str = "full",
    force: bool = False,
) -> Path:
    """Write the picture into a file, whole or not at all, and return its path; arguments as Picture.save's.

    Raises OutputExists, CannotWrite or RequestError.
    """
    writer = check(path, format=format, quality=quality, metadata=metadata, force=force)
    data = encode(picture.image, picture.recipe, writer.name, quality, metadata, ai_made=picture.ai_made)
    return publish.publish(data, Path(path), force=force)


def check(
    path: str | Path,
    *,
    format: str | None = None,
    quality: int | None = None,
    metadata: str = "full",
    force: bool = False,
) -> Writer:
    """The writer that `save` would use; raises what it would raise, as far as that shows before the picture is painted.

    `Writer.alpha` says whether transparency would be kept; if not, it is laid on white.
    """
    writer = writer_for(path, format)
    writer.quality_of(quality)
    _known_level(metadata)
    publish.check(Path(path), force=force)
    return writer


def encode(
    image: Image.Image,
    recipe: Recipe | None,
    format: str,
    quality: int | None = None,
    metadata: str = "full",
    *,
    ai_made: bool = True,
) -> bytes:
    """The file's bytes; the same image and recipe give the same bytes.

    image: RGBA, straight alpha, sRGB. format, quality, metadata: as Picture.save's. recipe, ai_made: as Edit's.
    """
    writer = _named(format)
    quality = writer.quality_of(quality)
    _known_level(metadata)
    if max(image.size) > writer.longest_side:
        raise RequestError(
            f"a {writer.name} has at most {writer.longest_side} pixels a side, this picture has {max(image.size)}: "
            f"save it as png, or paint it smaller"
        )
    if image.mode != "RGBA" or image.info:  # Pillow would write comments found there, whatever the level
        image = image.convert("RGBA")
        image.info = {}
    return writer.encode(image, quality, marks_of(recipe, metadata, ai_made=ai_made))


def writer_for(path: str | Path, format: str | None = None) -> Writer:
    """The writer for this path; the format decides if given, else the path's ending."""
    ending = Path(path).suffix[1:].lower()
    if format is None:
        if not ending:
            raise RequestError(f"{shown(Path(path).name, LONG)} does not say a format: end it with {_endings()}")
        return _named(ending)
    writer = _named(format)
    if ending in _by_ending() and ending not in writer.endings:
        raise RequestError(f"the path ends with .{ending} but the format is {writer.name}: make the two agree")
    return writer


def read(source: str | Path | bytes) -> Found:
    """What a picture file says about how it was made. Only its headers are looked at, no pixel is decoded.

    source: a path, or a file's bytes. Whatever it says is data from a stranger. Raises UnreadableFile.
    """
    with _bytes_of(source) as data:
        return _found(_header(data))


def pixels(source: str | Path | bytes) -> tuple[Image.Image, bool]:
    """A picture's pixels, right in every way (see decoding.py), and whether its format keeps them exactly.

    source: a path, or a file's bytes. Headers are checked first, so that no bomb is unpacked. Raises UnreadableFile.
    """
    with _bytes_of(source) as data:
        check_size(_header(data))
        image, format = decoded(data)
        return image, format == "PNG"


def _named(word: str) -> Writer:
    known = _by_ending()
    try:
        return known[word.lower().removeprefix(".")]
    except KeyError:
        raise unknown("format", word, sorted(known)) from None


def _by_ending() -> dict[str, Writer]:
    return {ending: writer for writer in writers for ending in writer.endings}


def _endings() -> str:
    *most, last = ("." + ending for ending in _by_ending())
    return f"{', '.join(most)} or {last}"


def _known_level(metadata: str) -> None:
    if metadata not in LEVELS:
        raise unknown("metadata level", metadata, sorted(LEVELS))


@contextmanager
def _naming(name: str) -> Iterator[None]:
    """Errors from inside say which file they are about."""
    try:
        yield
    except UnreadableFile as error:
        raise type(error)(f"{name} cannot be read: {error}") from error.__cause__


@contextmanager
def _bytes_of(source: str | Path | bytes) -> Iterator[bytes]:
    """A file's bytes; what is wrong with them is told with the file's name."""
    with _naming("this file" if isinstance(source, bytes) else shown(str(source), LONG)):
        yield source if isinstance(source, bytes) else _file_bytes(Path(source))


def _file_bytes(path: Path) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))  # a named pipe would wait for ever
        with os.fdopen(handle, "rb") as file:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                raise UnreadableFile("it is not a plain file; name a picture")
            return file.read(MOST_BYTES + 1)
    except ValueError as error:  # NUL, or letters that no path can have
        raise UnreadableFile("no file has such a name; check the path") from error
    except OSError as error:
        raise UnreadableFile(f"{cause(error)}; check the path and its rights") from error


def _header(data: bytes) -> Tags:
    if len(data) > MOST_BYTES:
        raise UnreadableFile(f"it is larger than {MOST_BYTES // 2**20} MB, the most we read")
    writer = next((w for w in writers if w.recognises(data[:16])), None)
    if writer is None:
        raise NoPicture(f"its content is not {' or '.join(w.name for w in writers)}; name such a picture")
    tags = writer.tags(data)
    if not tags.sized:
        raise UnreadableFile("there is no picture in it")
    return tags


def _found(tags: Tags) -> Found:
    texts = tags.texts
    problems: list[Found] = []
    for reader in sorted(readers, key=lambda reader: reader.rank):
        found = reader.read(texts)
        if found is None:
            continue
        found = replace(found, unread=_names(*found.unread, *(name for name in texts if name not in reader.tags)))
        if found.problem is None:
            return replace(found, problem=problems[0].problem) if problems else found
        problems.append(found)
    return problems[0] if problems else Found(unread=_names(*texts))


def _names(*names: str) -> tuple[str, ...]:
    """Fit to show: one line, no longer than a line, no more than a hundred."""
    fit = list(dict.fromkeys("".join(c if c.isprintable() else "\ufffd" for c in name[:80]) for name in names))
    return (*fit[:100], f"and {len(fit) - 100} more") if len(fit) > 100 else tuple(fit)
