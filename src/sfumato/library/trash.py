"""Trash: pictures that were thrown away, until they are deleted for good.

A file is deleted in the transaction that deletes its row, and only if no other row names it. Who adds the same picture
meanwhile has put the file down before, and looks again after the row is written (Library.add); so no row of a picture
that is kept is ever without its file.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, text

from sfumato.library.blobs import Blobs
from sfumato.library.rows import Rows

THROWN = """
SELECT id, content, ending, thumbnail FROM pictures
WHERE trashed IS NOT NULL AND (:owner IS NULL OR owner = :owner) AND (:before IS NULL OR trashed < :before)
"""
GONE = (
    "DELETE FROM board_pictures WHERE picture IN (SELECT value FROM json_each(:ids))",
    "DELETE FROM begun WHERE picture IN (SELECT value FROM json_each(:ids))",
    "DELETE FROM pictures WHERE id IN (SELECT value FROM json_each(:ids))",
)
# Fixed texts, one for each kind of blob.
NAMED = {
    "content": "SELECT DISTINCT content FROM pictures WHERE content IN (SELECT value FROM json_each(:names))",
    "thumbnail": "SELECT DISTINCT thumbnail FROM pictures WHERE thumbnail IN (SELECT value FROM json_each(:names))",
}


@dataclass(frozen=True)
class Emptied:
    """How many pictures are gone, and how many bytes of files."""

    pictures: int
    bytes: int


class Trash:
    """owner: whose; None where all may be seen. before: only what was thrown away earlier, as rows write a moment."""

    def __init__(self, rows: Rows, pictures: Blobs, thumbnails: Blobs):
        self._rows, self._pictures, self._thumbnails = rows, pictures, thumbnails

    def count(self, owner: str | None = None, before: str | None = None) -> int:
        """How many pictures `empty` would delete."""
        with self._rows.connected() as connection:
            return len(connection.execute(text(THROWN), {"owner": owner, "before": before}).all())

    def empty(self, owner: str | None = None, before: str | None = None) -> Emptied:
        """Delete them for good; CannotWrite or JobFailed where that is not possible."""
        with self._rows.connected() as connection:
            connection.execute(text("DELETE FROM pictures WHERE 0"))  # nobody else writes from here on
            thrown = connection.execute(text(THROWN), {"owner": owner, "before": before}).all()
            for statement in GONE:
                connection.execute(text(statement), {"ids": json.dumps([row.id for row in thrown])})
            files = {(row.content, row.ending) for row in thrown}
            size = _delete(self._pictures, files, _still(connection, "content", (name for name, _ in files)))
            files = {(row.thumbnail, "webp") for row in thrown}
            size += _delete(self._thumbnails, files, _still(connection, "thumbnail", (name for name, _ in files)))
        return Emptied(len(thrown), size)


def _still(connection: Connection, kind: str, names: Iterable[str]) -> set[str]:
    """Those names that a row has."""
    return set(connection.execute(text(NAMED[kind]), {"names": json.dumps(list(names))}).scalars())


def _delete(blobs: Blobs, files: Iterable[tuple[str, str]], needed: set[str]) -> int:
    return sum(blobs.delete(name, ending) for name, ending in files if name not in needed)
