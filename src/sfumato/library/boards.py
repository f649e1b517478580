"""Boards: pictures laid together by hand, under a name; a picture may lie on many, and a board is its owner's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from sfumato.core.errors import Conflict, NotFound, RequestError
from sfumato.core.wording import shown
from sfumato.library.rows import Rows

LONGEST_NAME = 100  # characters
MOST_BOARDS = 1000  # of one owner
MOST_AT_ONCE = 1000  # pictures

# What lies in the trash is on its board still, and seen there again once it is taken out.
LIST = """
SELECT id, name, owner, created,
       (SELECT count(*) FROM board_pictures AS lies JOIN pictures ON pictures.id = lies.picture
        WHERE lies.board = boards.id AND trashed IS NULL) AS number,
       (SELECT max(lies.picture) FROM board_pictures AS lies JOIN pictures ON pictures.id = lies.picture
        WHERE lies.board = boards.id AND trashed IS NULL) AS cover
FROM boards WHERE (:owner IS NULL OR owner = :owner) AND (:id IS NULL OR id = :id) ORDER BY name COLLATE NOCASE, id
"""
LAY = """
INSERT INTO board_pictures (board, picture)
SELECT :board, id FROM pictures WHERE id = :picture AND (:owner IS NULL OR owner = :owner)
ON CONFLICT DO NOTHING
"""
TAKE = "DELETE FROM board_pictures WHERE board = :board AND picture = :picture"


@dataclass(frozen=True)
class Board:
    """number: of the pictures on it that are not in the trash. cover: the newest of them, by id. created: in UTC."""

    id: int
    name: str
    owner: str
    created: datetime
    number: int
    cover: int | None


class Boards:
    """owner: whose; None where all may be seen, as on one's own machine."""

    def __init__(self, rows: Rows):
        self._rows = rows

    def all(self, owner: str | None = None) -> list[Board]:
        """By name."""
        with self._rows.connected() as connection:
            return _read(connection, owner)

    def get(self, id: int, owner: str | None = None) -> Board:
        """One board; NotFound if there is none, or it is another owner's."""
        with self._rows.connected() as connection:
            return _one(connection, id, owner)

    def make(self, name: str, owner: str = "") -> Board:
        """A new board without pictures; Conflict if its owner has one of that name."""
        with self._rows.connected() as connection:
            if len(_read(connection, owner)) >= MOST_BOARDS:
                raise RequestError(f"you have {MOST_BOARDS} boards, the most there may be: delete some")
            row = {"name": checked_name(name), "owner": owner, "created": datetime.now(UTC).isoformat()}
            made = _written(
                connection, "INSERT INTO boards (owner, name, created) VALUES (:owner, :name, :created)", row
            )
            return _one(connection, made.lastrowid, None)

    def rename(self, id: int, name: str, owner: str | None = None) -> Board:
        """Give a board another name; as make."""
        with self._rows.connected() as connection:
            _one(connection, id, owner)
            _written(
                connection, "UPDATE boards SET name = :name WHERE id = :id", {"id": id, "name": checked_name(name)}
            )
            return _one(connection, id, None)

    def remove(self, id: int, owner: str | None = None) -> Board:
        """Delete a board; its pictures stay in the library."""
        with self._rows.connected() as connection:
            gone = _one(connection, id, owner)
            connection.execute(text("DELETE FROM board_pictures WHERE board = :id"), {"id": id})
            connection.execute(text("DELETE FROM boards WHERE id = :id"), {"id": id})
            return gone

    def change(self, id: int, lay: Iterable[int] = (), take: Iterable[int] = (), owner: str | None = None) -> Board:
        """Lay pictures on a board, and take others from it; what is on it, or not, already, stays so.

        NotFound names a picture that is not there, or another owner's; then nothing changes.
        """
        lay, take = list(dict.fromkeys(lay)), list(dict.fromkeys(take))
        if len(lay) + len(take) > MOST_AT_ONCE:
            raise RequestError(f"{len(lay) + len(take)} pictures at once are too many: {MOST_AT_ONCE} at most")
        with self._rows.connected() as connection:
            _one(connection, id, owner)
            for picture in lay:
                connection.execute(text(LAY), {"board": id, "picture": picture, "owner": owner})
                if not _lies(connection, id, picture):
                    raise NotFound(f"no picture {picture} in the library; `find` lists what is there")
            for picture in take:
                connection.execute(text(TAKE), {"board": id, "picture": picture})
            return _one(connection, id, None)


def checked_name(name: str) -> str:
    """The name without spaces around it; RequestError if it cannot be one."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise RequestError(f"a board's name is 1 to {LONGEST_NAME} characters on one line, not {shown(name)}")
    return name


def _read(connection: Connection, owner: str | None, id: int | None = None) -> list[Board]:
    rows = connection.execute(text(LIST), {"owner": owner, "id": id}).mappings()
    return [Board(**{**row, "created": datetime.fromisoformat(row["created"])}) for row in rows]


def _one(connection: Connection, id: int, owner: str | None) -> Board:
    found = _read(connection, owner, id) if 0 <= id < 2**63 else []
    if not found:
        raise NotFound(f"no board {str(id)[:20]}: see which there are")
    return found[0]


def _lies(connection: Connection, board: int, picture: int) -> bool:
    sought = "SELECT 1 FROM board_pictures WHERE board = :board AND picture = :picture"
    return connection.execute(text(sought), {"board": board, "picture": picture}).first() is not None


def _written(connection: Connection, statement: str, row: dict[str, Any]) -> Any:
    """Names are one owner's only once."""
    try:
        return connection.execute(text(statement), row)
    except IntegrityError as error:
        raise Conflict(f"there is a board {shown(row['name'])} already: choose another name") from error
