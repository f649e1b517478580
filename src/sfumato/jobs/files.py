"""Files: what users uploaded to begin with, by an id, as APIs with a file store have it.

    home/files/ID        the bytes as they came

A file that has expired is as good as gone, and deleted when the next one comes.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, or_, select

from sfumato.core.errors import CannotWrite, JobFailed, NotFound, TooMany
from sfumato.core.wording import cause, shown
from sfumato.exports.publish import publish
from sfumato.jobs.database import Database
from sfumato.jobs.tables import files

MOST = 1000  # files of one user


@dataclass(frozen=True)
class File:
    """created, expires: seconds since 1970; expires None: never. size: bytes."""

    id: str
    owner: str
    name: str
    content_type: str
    size: int
    sha256: str
    metadata: dict[str, Any]
    created: float
    expires: float | None


class Files:
    """The files of a database, their bytes in a folder. owner: whose; None where all may be seen."""

    def __init__(self, database: Database, folder: Path):
        self._database, self._folder = database, folder

    def add(
        self,
        data: bytes,
        name: str,
        content_type: str,
        *,
        owner: str = "",
        metadata: Mapping[str, Any] | None = None,
        seconds: float | None = None,
    ) -> File:
        """Keep bytes under a new id, for so many seconds; TooMany where the user has a thousand already."""
        self.sweep()
        id, sha256 = secrets.token_hex(16), hashlib.sha256(data).hexdigest()
        with self._database.reading() as connection:
            count = connection.execute(select(func.count()).where(files.c.owner == owner)).scalar_one()
        if count >= MOST:
            raise TooMany(f"you have {count} files, {MOST} are allowed: delete some", 60)
        self._write(id, data)
        with self._database.writing() as connection:
            now = self._database.now(connection)
            expires = None if seconds is None else now + seconds
            file = File(id, owner, name, content_type, len(data), sha256, dict(metadata or {}), now, expires)
            connection.execute(insert(files).values(**{**vars(file), "metadata": json.dumps(file.metadata)}))
        return file

    def get(self, id: str, owner: str | None = None) -> File:
        """One file; NotFound if there is none, it has expired, or it is another user's."""
        with self._database.reading() as connection:
            row = connection.execute(select(files).where(files.c.id == id.replace("\0", ""))).mappings().one_or_none()
            if row is None or (owner is not None and row["owner"] != owner) or self._is_over(connection, row):
                raise no_such(id)
            return _file(row)

    def read(self, id: str, owner: str | None = None) -> bytes:
        """A file's bytes; as `get`, and JobFailed if they are not what they were."""
        file = self.get(id, owner)
        path = self._folder / file.id
        try:
            data = path.read_bytes()
        except OSError as error:
            raise JobFailed(f"file {id} is gone from {str(path)!r}: upload it again") from error
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise JobFailed(f"file {id} is damaged in {str(path)!r}: upload it again")
        return data

    def find(self, owner: str | None = None) -> list[File]:
        """Files, newest first."""
        with self._database.reading() as connection:
            now = self._database.now(connection)
            wanted = select(files).where(or_(files.c.expires.is_(None), files.c.expires >= now))
            if owner is not None:
                wanted = wanted.where(files.c.owner == owner)
            rows = connection.execute(wanted.order_by(files.c.created.desc(), files.c.id)).mappings().all()
            return [_file(row) for row in rows]

    def remove(self, id: str, owner: str | None = None) -> None:
        """Delete a file; NotFound as `get`."""
        self._delete(self.get(id, owner).id)

    def _is_over(self, connection: Connection, row: RowMapping) -> bool:
        return row["expires"] is not None and row["expires"] < self._database.now(connection)

    def sweep(self) -> int:
        """Delete what has expired; how many those are."""
        with self._database.reading() as connection:
            over = files.c.expires < self._database.now(connection)
            gone = connection.execute(select(files.c.id).where(over)).scalars().all()
        for id in gone:
            self._delete(id)
        return len(gone)

    def _delete(self, id: str) -> None:
        """The row first: bytes without a row are nobody's, a row without bytes would be somebody's loss."""
        with self._database.writing() as connection:
            connection.execute(delete(files).where(files.c.id == id))
        (self._folder / id).unlink(missing_ok=True)

    def _write(self, id: str, data: bytes) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotWrite(
                f"the folder {str(self._folder)!r} cannot be made ({cause(error)}): see to that"
            ) from error
        publish(data, self._folder / id)


def no_such(id: str) -> NotFound:
    return NotFound(f"no file {shown(id)} here, or not any more: upload it again")


def _file(row: RowMapping) -> File:
    return File(**{**row, "metadata": json.loads(row["metadata"])})
