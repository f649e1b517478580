"""An entry's files are fetched: from the first source that serves, checked, and put in their place one by one.

What is not finished stays in a folder beside, where a later try goes on. A file gets its place only when its sha256 is
right, so nobody ever meets half of one.
"""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from sfumato.core.errors import CannotWrite, JobFailed
from sfumato.core.wording import LONG, cause, shown
from sfumato.weights.digests import sha256_of
from sfumato.weights.manifest import Entry
from sfumato.weights.sources import Source, SourceFailed, Told, WeightFile

SPARE = 16 * 2**20  # bytes left over on the disk


def fetch(entry: Entry, folder: Path, told: Told) -> None:
    """Have all of an entry's files in `folder`; those that are there and right stay. JobFailed tells every reason."""
    staging = staging_of(folder)
    with _told_to_people(folder):
        folder.mkdir(parents=True, exist_ok=True)
        staging.mkdir(exist_ok=True)
        with alone(staging / "lock", entry.name):
            wanted = [file for file in entry.files if not is_right(folder / file.name, file)]
            if wanted:
                _fetch_from_any(entry, wanted, staging, told)
            for file in wanted:
                place(staging / file.name, folder / file.name)
        shutil.rmtree(staging)


def staging_of(folder: Path) -> Path:
    """Where the files of an entry's folder lie while they come."""
    return folder.with_name("." + folder.name)


def is_right(path: Path, file: WeightFile) -> bool:
    """Whether a file is there, with the bytes that it should have."""
    try:
        return path.stat().st_size == file.bytes and sha256_of(path) == file.sha256
    except OSError:
        return False


def place(here: Path, there: Path) -> None:
    """Give a file its name, once all of it is on the disk."""
    with here.open("rb+") as file:
        os.fsync(file.fileno())
    here.replace(there)


@contextlib.contextmanager
def alone(path: Path, name: str) -> Iterator[None]:
    """Only one process at a time; ended with it, whatever happens."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # not on this system: two at a time then spoil each other's part, and its sha256 says so
        yield
        return
    with path.open("wb") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise JobFailed(f"{name} is being fetched by another sfumato pull: wait for it to end") from error
        yield


def _fetch_from_any(entry: Entry, wanted: Sequence[WeightFile], staging: Path, told: Told) -> None:
    reasons = []
    for source in entry.sources:
        try:
            _check_room(source, wanted, staging)
            source.fetch(wanted, staging, told)
            for file in wanted:
                if not is_right(staging / file.name, file):
                    raise SourceFailed(f"the sha256 of {file.name} is not the stated one")
            return
        except SourceFailed as error:
            reasons.append(f"{source}: {error}")
    raise JobFailed(
        f"{entry.name} could not be fetched ({'; '.join(reasons)}): check the network, then sfumato pull {entry.name}"
    )


def _check_room(source: Source, wanted: Sequence[WeightFile], staging: Path) -> None:
    needed, free = source.room(wanted) + SPARE, shutil.disk_usage(staging).free
    if free < needed:
        raise SourceFailed(f"it takes {needed / 1e6:,.0f} MB for a while, and {free / 1e6:,.0f} MB are free")


@contextlib.contextmanager
def _told_to_people(folder: Path) -> Iterator[None]:
    """The disk's errors as ours, one line each."""
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        why = "no room" if full else cause(error)
        mend = "free some space" if full else "change its rights"
        raise CannotWrite(
            f"{shown(str(folder), LONG)} cannot be written ({why}): {mend}, or set SFUMATO_HOME to another place"
        ) from error
