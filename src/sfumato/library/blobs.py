"""Blobs: bytes in files named by their sha256, two levels of folders deep; written whole, never overwritten."""

import contextlib
import hashlib
from pathlib import Path

from sfumato.core.errors import CannotWrite, OutputExists
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
        with contextlib.suppress(OutputExists):  # the same name is the same bytes
            publish(data, path)
        return name

    def path(self, name: str, ending: str) -> Path:
        """Where the bytes of this name are."""
        return self.folder / name[:2] / name[2:4] / f"{name}.{ending}"

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise CannotWrite(f"the library's folder {str(folder)!r} cannot be made ({why}): see to that") from error
        for parent in (folder.parent, folder.parent.parent, folder.parent.parent.parent):
            sync_folder(parent)  # or a power cut could take the new folder from under a row
