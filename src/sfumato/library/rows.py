"""Rows: what the library can be searched by, in SQLite.

The SQL below is fixed text; everything that varies is bound by name, so nothing typed by a person is ever SQL.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, TextClause, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from sfumato.core.errors import CannotWrite, JobFailed, RequestError

VERSION = 4
PATIENCE = 30  # seconds to wait for another process that writes

# seed is text: SQLite's integers end at 2**63 - 1. folded: the prompt to search in; LIKE would know only A to Z.
TABLE = """
CREATE TABLE IF NOT EXISTS pictures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    content TEXT NOT NULL,
    ending TEXT NOT NULL,
    thumbnail TEXT NOT NULL,
    created TEXT NOT NULL,
    model TEXT NOT NULL,
    prompt TEXT NOT NULL,
    negative TEXT,
    folded TEXT NOT NULL,
    seed TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    recipe TEXT NOT NULL,
    seconds REAL NOT NULL,
    owner TEXT NOT NULL DEFAULT '',
    origin TEXT,
    tags TEXT NOT NULL DEFAULT '[]',
    rating INTEGER NOT NULL DEFAULT 0,
    trashed TEXT
)
"""

# What each version adds to the one before it. The index holds all that is searched by, so that neither a jump to the
# hundred-thousandth picture nor counting reads the rows themselves: 5 ms instead of 60 with 100,000 rows.
ADDED: dict[int, tuple[str, ...]] = {
    2: (
        "ALTER TABLE pictures ADD COLUMN owner TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE pictures ADD COLUMN origin TEXT",
        "ALTER TABLE pictures ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
        "ALTER TABLE pictures ADD COLUMN rating INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE pictures ADD COLUMN trashed TEXT",
    ),
    3: (
        "CREATE UNIQUE INDEX IF NOT EXISTS pictures_by_origin ON pictures (origin)",
        "CREATE INDEX IF NOT EXISTS pictures_in_order "
        "ON pictures (id, trashed, rating, model, owner, created, tags, folded)",
        """
        CREATE TABLE IF NOT EXISTS boards (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            owner TEXT NOT NULL,
            name TEXT NOT NULL,
            created TEXT NOT NULL,
            UNIQUE (owner, name)
        )
        """,
        """
        CREATE TABLE IF NOT EXISTS board_pictures (
            board INTEGER NOT NULL REFERENCES boards (id),
            picture INTEGER NOT NULL REFERENCES pictures (id),
            PRIMARY KEY (board, picture)
        ) WITHOUT ROWID
        """,
    ),
    4: (  # start: the hash of what an edit's recipe starts from; begun: the pictures that have such pixels
        "ALTER TABLE pictures ADD COLUMN start TEXT",
        "UPDATE pictures SET start = recipe ->> '$.start'",
        "CREATE INDEX IF NOT EXISTS pictures_by_start ON pictures (start) WHERE start IS NOT NULL",
        "CREATE INDEX IF NOT EXISTS pictures_by_seed ON pictures (seed, model)",
        """
        CREATE TABLE IF NOT EXISTS begun (
            picture INTEGER NOT NULL REFERENCES pictures (id),
            pixels TEXT NOT NULL,
            PRIMARY KEY (pixels, picture)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX IF NOT EXISTS begun_by_picture ON begun (picture)",
    ),
}
LATEST_TABLE = 2  # the version that TABLE is of

ADD = """
INSERT INTO pictures (content, ending, thumbnail, created, model, prompt, negative, folded, seed, width, height, recipe,
                      seconds, owner, origin, start)
VALUES (:content, :ending, :thumbnail, :created, :model, :prompt, :negative, :folded, :seed, :width, :height, :recipe,
        :seconds, :owner, :origin, :start)
ON CONFLICT (origin) DO NOTHING
"""

# Fixed text for each thing that may be asked; only those that are asked go into a statement.
# words: a JSON list; instr has no wildcards, so % and _ are themselves.
ASKED = {
    "model": "model = :model",
    "since": "created >= :since",
    "until": "created < :until",
    "owner": "owner = :owner",
    "tag": "EXISTS (SELECT 1 FROM json_each(tags) WHERE value = :tag)",
    "board": "id IN (SELECT picture FROM board_pictures WHERE board = :board)",
    "words": "NOT EXISTS (SELECT 1 FROM json_each(:words) WHERE instr(folded, value) = 0)",
}
SHOWN = "pictures INDEXED BY pictures_in_order WHERE (trashed IS NOT NULL) = :trashed AND rating >= :rating"

# id falls, not created: clocks are set back.
FIND = """
SELECT * FROM pictures WHERE id IN (SELECT id FROM {shown} ORDER BY id DESC LIMIT :limit OFFSET :offset)
ORDER BY id DESC
"""
COUNT_FOUND = "SELECT count(*) FROM {shown}"
TAGS = """
SELECT value AS tag, count(*) AS number FROM (SELECT tags FROM {shown}) AS found, json_each(found.tags)
GROUP BY value ORDER BY number DESC, tag LIMIT :limit
"""

FETCH = "SELECT * FROM pictures WHERE id = :id"
FROM_ORIGIN = "SELECT id FROM pictures WHERE origin = :origin"
MARK = "UPDATE pictures SET tags = :tags, rating = :rating, trashed = :trashed WHERE id = :id"
COUNT = "SELECT count(*) FROM pictures"

SET_UP = (
    f"PRAGMA busy_timeout = {PATIENCE * 1000}",
    "PRAGMA journal_mode = WAL",  # readers and a writer do not wait for each other
    "PRAGMA synchronous = FULL",  # a row that was promised outlives a power cut
)


class Rows:
    """The table of pictures in one database file, which is made if it is not there."""

    def __init__(self, path: Path):
        self.path = path
        self._engine = create_engine(URL.create("sqlite", database=str(path)))
        event.listen(self._engine, "connect", _set_up)
        with self.connected() as connection:
            connection.execute(text("BEGIN IMMEDIATE"))  # of many who open it at once, one brings it up to date
            made_by = connection.execute(text("PRAGMA user_version")).scalar_one()
            if made_by > VERSION:
                raise JobFailed(f"{str(path)!r} was made by a newer Sfumato: update Sfumato, or choose another folder")
            if made_by == 0:
                connection.execute(text(TABLE))
            for version in range((made_by or LATEST_TABLE) + 1, VERSION + 1):
                for statement in ADDED[version]:
                    connection.execute(text(statement))
            connection.execute(text(f"PRAGMA user_version = {VERSION}"))  # a number of ours; PRAGMA binds nothing

    def add(self, row: Mapping[str, Any]) -> int:
        """One transaction; the row's id: a new one, or that of the row with the same origin."""
        with self.connected() as connection:
            added = connection.execute(text(ADD), dict(row))
            if added.rowcount:
                return added.lastrowid
            return connection.execute(text(FROM_ORIGIN), {"origin": row["origin"]}).scalar_one()

    def mark(self, id: int, tags: str, rating: int, trashed: str | None) -> None:
        """What a person says of a picture; tags: a JSON list."""
        with self.connected() as connection:
            connection.execute(text(MARK), {"id": id, "tags": tags, "rating": rating, "trashed": trashed})

    def find(self, asked: Mapping[str, Any], limit: int, offset: int) -> list[dict[str, Any]]:
        """asked: what of ASKED is asked, `trashed`, and `rating`. since, until: as `created` is written."""
        with self.connected() as connection:
            found = connection.execute(_text(FIND, asked), {**asked, "limit": limit, "offset": offset})
            return [dict(row) for row in found.mappings()]

    def count_found(self, asked: Mapping[str, Any]) -> int:
        """How many rows `find` would find in all."""
        with self.connected() as connection:
            return connection.execute(_text(COUNT_FOUND, asked), dict(asked)).scalar_one()

    def tags(self, asked: Mapping[str, Any], limit: int) -> dict[str, int]:
        """The tags of the rows that `find` would find, each with how many have it, the most first."""
        with self.connected() as connection:
            found = connection.execute(_text(TAGS, asked), {**asked, "limit": limit})
            return {row.tag: row.number for row in found}

    def fetch(self, id: int) -> dict[str, Any] | None:
        """One row."""
        with self.connected() as connection:
            row = connection.execute(text(FETCH), {"id": id}).mappings().one_or_none()
            return dict(row) if row is not None else None

    def recipes(self) -> Iterator[str]:
        """Every recipe, as JSON."""
        with self.connected() as connection:
            yield from connection.execute(text("SELECT recipe FROM pictures")).scalars()

    def count(self) -> int:
        """All rows."""
        with self.connected() as connection:
            return connection.execute(text(COUNT)).scalar_one()

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A connection in a transaction; SQLite's errors as ours."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except DBAPIError as error:
            name = getattr(error.orig, "sqlite_errorname", "")
            raise _told_to_people(str(self.path), name, str(error.orig).splitlines()[0]) from error
        except UnicodeEncodeError as error:
            raise RequestError("half a character (a lone surrogate) cannot be kept or found: write it whole") from error


def _text(statement: str, asked: Mapping[str, Any]) -> TextClause:
    """A statement over the rows that are asked for; put together from fixed texts alone."""
    return text(statement.format(shown=" AND ".join([SHOWN, *(ASKED[name] for name in ASKED if name in asked)])))


def _told_to_people(path: str, name: str, why: str) -> CannotWrite | JobFailed:
    for kind, advice in ADVICE.items():
        if name.startswith(kind):
            return CannotWrite(f"the library's {path!r} {advice}")
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return JobFailed(f"the library's {path!r} is damaged: put it back from a copy, or move it away to begin anew")
    return JobFailed(f"the library's {path!r} did not answer ({why}): see whether its disk is well")


ADVICE = {
    "SQLITE_FULL": "has no room left on its disk: free some space",
    "SQLITE_READONLY": "can only be read: change its rights, or choose another folder",
    "SQLITE_CANTOPEN": "cannot be opened: change its folder's rights, or choose another folder",
    "SQLITE_PERM": "may not be opened: change its rights, or choose another folder",
    "SQLITE_BUSY": f"was held by another process for {PATIENCE} seconds: end that one, or try again",
    "SQLITE_LOCKED": f"was held by another process for {PATIENCE} seconds: end that one, or try again",
    "SQLITE_IOERR": "could not be read or written: see whether its disk is full or failing",
}


def _set_up(connection: Any, _record: Any) -> None:
    """Each new connection. Turning to WAL does not wait for others as other statements do, so it is tried again."""
    import sqlite3

    give_up = time.monotonic() + PATIENCE
    for statement in SET_UP:
        while True:
            try:
                connection.execute(statement).close()
                break
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                    raise
                time.sleep(0.02)
