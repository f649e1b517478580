"""Backups: everything that cannot be had again, in one tar file, taken while all goes on.

    manifest.json                        when it was made, and by which version of the jobs' tables
    jobs.jsonl                           the rows of the jobs' database, the same from SQLite and PostgreSQL
    library.db                           a copy through SQLite's backup API
    pictures/ thumbnails/ inputs/ ...    the folders of SFUMATO_HOME; weights are not among them, they can be pulled

Jobs come first, then the library, then files: each names only what comes after it, so a picture that is painted
meanwhile is either whole or not there. Since rows are rows, a backup of SQLite can be restored into PostgreSQL.
"""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from sfumato.core.errors import CannotWrite, Conflict, RequestError, UnreadableFile
from sfumato.core.wording import LONG, cause, shown
from sfumato.exports.publish import publishing
from sfumato.jobs import tables
from sfumato.jobs.database import Database

BLOBS = {"pictures", "thumbnails", "inputs"}  # whose files are named by their sha256
FOLDERS = (*sorted(BLOBS), "files", "loras", "embeddings", "cards", "presets", "styles")
MANIFEST, JOBS, LIBRARY = "manifest.json", "jobs.jsonl", "library.db"
PART = 2**20  # bytes read at a time


def back_up(home: Path, database: Database, path: Path, *, force: bool = False) -> Path:
    """Write a backup. It holds hashes of keys and secrets of webhooks, so only its owner may read it."""
    with (
        publishing(path, force=force) as part,
        part.open("xb") as file,
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".sfumato-") as room,
    ):
        part.chmod(0o600)
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            _write_rows(tar, database, Path(room))
            _write_library(tar, home / LIBRARY, Path(room))
            for folder in FOLDERS:
                for found in sorted((home / folder).rglob("*")) if (home / folder).is_dir() else ():
                    _add(tar, found, found.relative_to(home).as_posix())
        file.flush()
        os.fsync(file.fileno())
    return path


def restore(home: Path, database: Database, path: Path, *, force: bool = False) -> int:
    """Put a backup's contents where they were, and return how many pictures there are.

    Conflict where there are pictures or jobs already; force: those are put aside, into a folder of home, and the rows
    of jobs are replaced. UnreadableFile, before anything is changed, where the file is no backup or is damaged.
    """
    if not force and (_count_pictures(home / LIBRARY) or _has_rows(database)):
        raise Conflict("there are pictures or jobs here already: restore into an empty SFUMATO_HOME, or add --force")
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home, prefix=".restoring-") as room:
        _unpack(path, Path(room))
        _move_in(Path(room), home)
        with (Path(room) / JOBS).open(encoding="utf-8") as lines:
            _read_rows(database, lines)
    return _count_pictures(home / LIBRARY)


def _write_rows(tar: tarfile.TarFile, database: Database, room: Path) -> None:
    about = {"jobs": tables.HEAD, "made": datetime.now(UTC).isoformat(timespec="seconds")}
    data = json.dumps(about).encode()
    member = tarfile.TarInfo(MANIFEST)
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))
    with (room / JOBS).open("w", encoding="utf-8") as out, database.snapshot() as connection:
        for table in tables.metadata.sorted_tables:
            for row in connection.execute(select(table).execution_options(yield_per=500)).mappings():
                out.write(json.dumps({"table": table.name, "row": dict(row)}) + "\n")
    _add(tar, room / JOBS, JOBS)


def _write_library(tar: tarfile.TarFile, library: Path, room: Path) -> None:
    if not library.is_file():
        return
    with closing(sqlite3.connect(library)) as now, closing(sqlite3.connect(room / LIBRARY)) as copy:
        now.backup(copy)
    _add(tar, room / LIBRARY, LIBRARY)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> None:
    if path.is_symlink() or not path.is_file() or path.name.endswith(".part"):
        return
    try:
        file = path.open("rb")
    except FileNotFoundError:  # somebody just deleted it
        return
    with file:
        member = tarfile.TarInfo(name)
        member.size, member.mtime = os.fstat(file.fileno()).st_size, int(path.stat().st_mtime)
        tar.addfile(member, file)


def _unpack(path: Path, room: Path) -> None:
    """Every file of a backup into a folder, checked: names, kinds, and the sha256 that a name states."""
    name = shown(path.name, LONG)
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                _unpack_one(member, tar.extractfile(member), room)
            if path.stat().st_size % tarfile.RECORDSIZE:  # between two files, a cut would look like the end
                raise tarfile.ReadError("it is cut off")
        about = json.loads((room / MANIFEST).read_text())
        newer = str(about["jobs"]) > tables.HEAD
    except FileNotFoundError as error:
        raise UnreadableFile(f"{name} is not there, or is no backup: name a file of sfumato backup") from error
    except (tarfile.TarError, KeyError, TypeError, ValueError, EOFError, FileExistsError, NotADirectoryError) as error:
        raise UnreadableFile(f"{name} is no backup, or is damaged ({shown(str(error), 80)}): use another") from error
    except OSError as error:
        raise CannotWrite(f"{name} cannot be unpacked ({cause(error)})") from error
    if newer:
        raise RequestError(f"{name} was made by a newer Sfumato: update Sfumato")


def _unpack_one(member: tarfile.TarInfo, data: IO[bytes] | None, room: Path) -> None:
    parts = PurePosixPath(member.name).parts
    plain = member.type in {tarfile.REGTYPE, tarfile.AREGTYPE} and member.sparse is None and data is not None
    known = member.name in {MANIFEST, JOBS, LIBRARY} or (len(parts) > 1 and parts[0] in FOLDERS)
    if not plain or not known or ".." in parts or "\0" in member.name:
        raise ValueError(f"{shown(member.name, 80)} does not belong into one")
    target, digest = room.joinpath(*parts), hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as out:
        while part := data.read(PART):  # type: ignore[union-attr] - plain says so
            digest.update(part)
            out.write(part)
        os.fsync(out.fileno())
    if member.name.split("/")[0] in BLOBS and target.stem != digest.hexdigest():
        raise ValueError(f"{shown(member.name, 80)} is not what its name says")


def _move_in(room: Path, home: Path) -> None:
    """What was there goes aside first; names change within one disk, so nothing is copied."""
    aside = home / f"before-restore-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    for name in (LIBRARY, f"{LIBRARY}-wal", f"{LIBRARY}-shm", *FOLDERS):
        if (home / name).exists():
            aside.mkdir(exist_ok=True)
            (home / name).rename(aside / name)
        if (room / name).exists():
            shutil.move(room / name, home / name)


def _read_rows(database: Database, lines: Iterator[str] | IO[str]) -> None:
    """All rows in one transaction, in place of those that are there."""
    known = {table.name: table for table in tables.metadata.sorted_tables}
    try:
        with database.writing(alone=True) as connection:
            for table in reversed(tables.metadata.sorted_tables):
                connection.execute(delete(table))
            for line in lines:
                said: dict[str, Any] = json.loads(line)
                connection.execute(insert(known[said["table"]]).values(**said["row"]))
            if not database.speaks_sqlite:  # numbers go on behind the highest
                last = select(func.coalesce(func.max(tables.events.c.seq), 0) + 1).scalar_subquery()
                name = func.pg_get_serial_sequence(tables.events.name, "seq")
                connection.execute(select(func.setval(name, last, text("false"))))
    except (KeyError, TypeError, ValueError, SQLAlchemyError) as error:
        raise UnreadableFile(f"the backup's rows of jobs are damaged ({shown(str(error), 80)}): use another") from error


def _count_pictures(library: Path) -> int:
    if not library.is_file():
        return 0
    with closing(sqlite3.connect(library)) as found:
        known = found.execute("SELECT 1 FROM sqlite_master WHERE name = 'pictures'").fetchone()
        return found.execute("SELECT count(*) FROM pictures").fetchone()[0] if known else 0


def _has_rows(database: Database) -> bool:
    with database.reading() as connection:
        counted = (tables.jobs, tables.keys, tables.files)
        return any(connection.execute(select(func.count()).select_from(one)).scalar_one() for one in counted)
