"""One file out of an archive: found by its exact path in there, and written where we say, never where it says."""

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from sfumato.weights.sources import SourceFailed

CHUNK = 2**20


def take(archive: Path, inside: str, to: Path, size: int, begin: int | None = None) -> None:
    """Write the file `inside` to the path `to`; SourceFailed if it is not there, no plain file, or not `size` bytes.

    begin: where in it the bytes that are wanted begin, of a file in which several lie one after another.
    """
    try:
        with _opened(archive, inside) as stream, to.open("wb") as out:
            _skip(stream, begin or 0)
            left, more = size, 1 if begin is None else 0  # one byte more tells a file that is too long
            while left + more > 0 and (chunk := stream.read(min(CHUNK, left + more))):
                out.write(chunk)
                left -= len(chunk)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError) as error:
        raise SourceFailed(f"its archive cannot be opened ({error})") from error
    if left:
        raise SourceFailed(f"{inside} in it is {'longer' if left < 0 else 'shorter'} than the {size:,} bytes stated")


def _skip(stream: IO[bytes], count: int) -> None:
    while count > 0 and (chunk := stream.read(min(CHUNK, count))):
        count -= len(chunk)


@contextmanager
def _opened(archive: Path, inside: str) -> Iterator[IO[bytes]]:
    """A member's bytes; only a plain file is opened, so that no link leads elsewhere."""
    missing = SourceFailed(f"there is no file {inside} in its archive")
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as box:
            try:
                with box.open(inside) as stream:
                    yield stream
            except KeyError:
                raise missing from None
        return
    with tarfile.open(archive) as box:
        member = next((one for one in box if one.name == inside and one.isreg()), None)
        stream = None if member is None else box.extractfile(member)
        if stream is None:
            raise missing
        with stream:
            yield stream
