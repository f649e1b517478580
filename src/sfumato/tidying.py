"""Tidying: what nobody needs any more makes room.

- pictures that have been in the trash for so many days;
- uploads of a day ago or more that no recipe names, neither of a picture nor of a job;
- files that have expired.

Nothing else is deleted by itself, ever. Weights go by `sfumato rm`.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sfumato.core.card import Range
from sfumato.core.ranges import checked
from sfumato.jobs.files import Files
from sfumato.jobs.queue import Queue
from sfumato.library import HASH, Library, in_rows
from sfumato.library.inputs import Inputs
from sfumato.settings import MOST_TRASH_DAYS

DAYS = Range(low=0, high=MOST_TRASH_DAYS, default=30)
GRACE = 24 * 3600.0  # seconds that an upload waits to be used


@dataclass(frozen=True)
class Tidied:
    """How many of each were deleted, and the bytes of pictures and uploads."""

    pictures: int
    uploads: int
    files: int
    bytes: int


def tidy(
    library: Library, inputs: Inputs, queue: Queue, files: Files, *, trash_days: float | None, look: bool = False
) -> Tidied:
    """trash_days: None leaves the trash as it is; RequestError where no calendar goes back so far.

    look: nothing is deleted, and bytes and files are not counted.
    """
    before = None
    if trash_days is not None:
        before = in_rows(datetime.now(UTC) - timedelta(days=checked("trash days", trash_days, DAYS)))
    if look:
        thrown = library.trash.count(before=before) if before else 0
        return Tidied(thrown, sum(1 for _ in unused(library, inputs, queue)), 0, 0)
    emptied = library.trash.empty(before=before) if before else None
    freed = [inputs.delete(name) for name in unused(library, inputs, queue)]
    return Tidied(
        emptied.pictures if emptied else 0, len(freed), files.sweep(), sum(freed) + (emptied.bytes if emptied else 0)
    )


def unused(library: Library, inputs: Inputs, queue: Queue) -> Iterator[str]:
    """Uploads that no recipe names. Jobs are read first: what they paint meanwhile names no others."""
    named = {found for recipes in queue.recipes() for found in HASH.findall(recipes)} | library.hashes()
    return inputs.unused(named, time.time() - GRACE)
