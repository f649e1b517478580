"""Blobs: bytes in files named by their sha256, two levels of folders deep; written whole, never overwritten.

A file's time is when its bytes were last kept, so that what nobody needs can be told from what somebody just brought.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from sfumato.core.errors import CannotWrite, OutputExists
from sfumato.core.wording import cause
from sfumato.exports.publish import publish, sync_folder


class Blobs:
    """A folder of blobs; 65,536 folders below it keep each one short."""

    def __init__(self, folder: Path):
        self.folder = folder

    def keep(self, data: bytes, ending: str) -> str:
        """Store the bytes, if they are not there yet, and return their name."""
        name = hashlib.sha256(data).hexdigest()
        path = self.path(name, ending)
        self._make_folder(path.parent)
        try:
            publish(data, path)
        except OutputExists:  # the same name is the same bytes
            with contextlib.suppress(FileNotFoundError):
                path.touch()
        return name

    def delete(self, name: str, ending: str) -> int:
        """Delete a blob, and return how many bytes that frees: 0 where it is gone already."""
        path = self.path(name, ending)
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise CannotWrite(
                f"the library's {str(path)!r} cannot be deleted ({cause(error)}): see to its rights"
            ) from error
        return size

    def older(self, moment: float) -> Iterator[tuple[str, str]]:
        """Name and ending of each that was last kept before a moment; seconds since 1970."""
        for path in self.folder.glob("??/??/*.*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < moment:
                    yield path.stem, path.suffix[1:]

    def path(self, name: str, ending: str) -> Path:
        """Where the bytes of this name are."""
        return self.folder / name[:2] / name[2:4] / f"{name}.{ending}"

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotWrite(
                f"the library's folder {str(folder)!r} cannot be made ({cause(error)}): see to that"
            ) from error
        for parent in (folder.parent, folder.parent.parent, folder.parent.parent.parent):
            sync_folder(parent)  # or a power cut could take the new folder from under a row
