"""The database of jobs: SQLite in a file, or PostgreSQL; transactions, time, and its errors as ours.

Whoever writes says so when the transaction begins. SQLite then lets in one writer at a time (BEGIN IMMEDIATE), so that
what was read is still true when it is written. PostgreSQL locks the rows; where all of them count, `alone` has the
whole transaction to itself.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from sfumato.core.errors import JobFailed, MissingPackage, RequestError
from sfumato.core.wording import shown
from sfumato.jobs.tables import HEAD

PATIENCE = 30  # seconds to wait for another process that writes
ALONE = 5_276_042  # the number of our advisory lock
TRIES = 40  # to reach a database that just restarts, a quarter of a second apart

Clock = Callable[[], float]
"""Seconds since 1970."""


class DatabaseAway(JobFailed):
    """The database cannot be reached, or cannot write."""


class Database:
    """A database by its URL, brought up to date when first opened.

    url: `sqlite:///...` or `postgresql://...`. clock: for tests; without one, this machine's
    for SQLite, and PostgreSQL's own.
    """

    def __init__(self, url: str | URL, clock: Clock | None = None):
        self._clock = clock
        try:
            self._engine = _engine(make_url(url))
        except (ArgumentError, NoSuchModuleError) as error:
            raise RequestError(
                "the database's URL is not one: write it as postgresql://user@host/name, or leave it out for SQLite"
            ) from error
        except ModuleNotFoundError as error:
            raise MissingPackage("PostgreSQL needs psycopg: pip install 'sfumato[postgres]'") from error
        self.speaks_sqlite = self._engine.dialect.name == "sqlite"
        self._migrate()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that sees one state of things."""
        with _told_to_people(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """One transaction that sees everything as it is at its first statement, however long it reads."""
        level = {} if self.speaks_sqlite else {"isolation_level": "REPEATABLE READ"}
        with _told_to_people(), self._engine.connect().execution_options(**level) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, *, alone: bool = False) -> Iterator[Connection]:
        """One transaction; alone: no other such is under way."""
        with _told_to_people(), self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            if alone and not self.speaks_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ALONE})
            yield connection

    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """An insert that may say what to do where there is such a row already: ON CONFLICT is each dialect's own."""
        return sqlite.insert(table) if self.speaks_sqlite else postgresql.insert(table)

    def now(self, connection: Connection) -> float:
        """Seconds since 1970, by the clock that all users of this database share."""
        if self._clock is not None:
            return self._clock()
        if self.speaks_sqlite:
            return time.time()
        return float(connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _migrate(self) -> None:
        if self._version() == HEAD:
            return
        from alembic import command  # late: a database that is up to date needs none of it
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        with self.writing(alone=True) as connection:
            config.attributes["connection"] = connection
            made_by = _version(connection)
            if made_by is not None and made_by > HEAD:
                raise JobFailed("the database of jobs was made by a newer Sfumato: update Sfumato")
            command.upgrade(config, HEAD)

    def _version(self) -> str | None:
        with self.reading() as connection:
            return _version(connection)


def _version(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    if url.get_backend_name() != "sqlite" or not url.database:
        raise ArgumentError("neither")
    engine = create_engine(url)
    event.listen(engine, "connect", _set_up)
    event.listen(engine, "begin", _begin)
    return engine


def _set_up(connection: Any, _record: Any) -> None:
    """Each new SQLite connection; transactions begin as `_begin` says, not as Python's module would."""
    import sqlite3

    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")  # what was accepted outlives a power cut
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:  # turning to WAL does not wait for others by itself
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.02)


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _told_to_people() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        why = (str(error.orig).splitlines() or [type(error.orig).__name__])[0]
        if getattr(error.orig, "sqlite_errorname", "").startswith("SQLITE_FULL") or "No space" in why:
            raise DatabaseAway("the disk of the jobs' database is full: free some space") from error
        raise DatabaseAway(
            f"the database of jobs does not answer ({shown(why, 100)}): see whether it runs and its disk is well"
        ) from error
