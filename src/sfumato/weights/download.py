"""A file over HTTP, going on where an earlier try stopped.

Bytes are gathered in `NAME.part`; a server that cannot go on in the middle (RFC 9110, section 14) begins anew. Nothing
is believed: not the length that is announced, nor that what was there before is of the same file.
"""

import http.client
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from sfumato.weights.digests import sha256_of
from sfumato.weights.sources import SourceFailed, Told, WeightFile

TRIES = 3  # in a row that bring nothing
PAUSE = 0.5  # seconds before the second try, twice as many before the third
TIMEOUT = 30  # seconds without a byte
SLOWEST, MEASURED = 1_000, 60  # bytes a second, over so many seconds; slower is as good as not there
CHUNK = 2**18


def download(url: str, file: WeightFile, staging: Path, told: Told) -> None:
    """Bring a file into the folder `staging`, under its name; SourceFailed if that cannot be."""
    part = staging / f"{file.sha256[:16]}.part"
    for from_before in (_size(part) > 0, False):
        _complete(url, file, part, told)
        if sha256_of(part) == file.sha256:
            part.replace(staging / file.name)
            return
        part.unlink()
        if not from_before:
            break
    raise SourceFailed(f"the sha256 of {file.name} is not the stated one")


def _complete(url: str, file: WeightFile, part: Path, told: Told) -> None:
    """Ask until all bytes are here, or no try comes further than those before it."""
    idle, furthest = 0, _size(part)
    while (have := _size(part)) < file.bytes:
        reason = "it ended too early"
        try:
            with part.open("ab") as out:
                for chunk in _rest(url, file, have):
                    out.write(chunk)
                    told(file.name, min(out.tell(), file.bytes), file.bytes)
        except _NotFrom:
            part.unlink()
        except (URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            reason = _said(error)
        idle = 0 if _size(part) > furthest else idle + 1
        furthest = max(furthest, _size(part))
        if idle == TRIES:
            raise SourceFailed(reason)
        time.sleep(PAUSE * idle)
    if _size(part) > file.bytes:
        part.unlink()
        raise SourceFailed(f"{file.name} is longer there than the {file.bytes:,} bytes stated")


class _NotFrom(Exception):
    """The server does not go on where we stopped."""


def _rest(url: str, file: WeightFile, start: int) -> Iterator[bytes]:
    """A file's bytes from `start` on, at most one more than there should be."""
    headers = {"User-Agent": "sfumato", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        answer = urlopen(Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == 416:  # not so many bytes there
            raise _NotFrom from error
        if error.code < 500 and error.code != 429:
            raise SourceFailed(f"it answers {error.code} {error.reason}"[:100]) from error
        raise
    with closing(answer):
        if start and not _goes_on(answer, start):
            raise _NotFrom
        length = answer.headers.get("Content-Length", "")
        if not start and length.isdecimal() and int(length) != file.bytes:
            raise SourceFailed(f"{file.name} has {int(length):,} bytes there, not {file.bytes:,}")
        left, measured, since = file.bytes - start + 1, file.bytes - start + 1, time.monotonic()
        while left and (chunk := _read(answer, min(CHUNK, left))):
            yield chunk
            left -= len(chunk)
            if (now := time.monotonic()) - since > MEASURED:
                if measured - left < SLOWEST * MEASURED:
                    raise SourceFailed(f"it sends less than {SLOWEST:,} bytes a second")
                since, measured = now, left


def _read(answer: http.client.HTTPResponse, most: int) -> bytes:
    try:
        return answer.read1(most)
    except OSError as error:  # not to be taken for one of our disk
        raise ConnectionError(_said(error)) from error


def _goes_on(answer: http.client.HTTPResponse, start: int) -> bool:
    return answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {start}-")


def _said(error: Exception) -> str:
    """Why, on one line: urllib wraps what the system says."""
    if isinstance(error, HTTPError):
        return f"it answers {error.code} {error.reason}"[:100]
    inner = error.reason if isinstance(error, URLError) else error
    words = getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
    return " ".join(str(words).split())[:100].lower()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
