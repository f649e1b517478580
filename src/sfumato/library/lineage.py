"""Lineage: what a picture was made from, and what came of it.

An edit's recipe names what it starts from by a hash of pixels (inputs.py); a picture whose own hash is that one is what
it was made from. Variations and finished pictures name nothing, but share all of their recipe up to what was added.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from sfumato.library.rows import Rows

if TYPE_CHECKING:
    from sfumato.library import Entry

MOST = 200  # pictures each way

NOTE = "INSERT INTO begun (picture, pixels) VALUES (:id, :pixels) ON CONFLICT DO NOTHING"
NOTED = "SELECT 1 FROM begun WHERE picture = :id"
FROM_PIXELS = """
SELECT * FROM pictures WHERE id IN (SELECT picture FROM begun WHERE pixels = :pixels) AND id <> :id
ORDER BY id DESC LIMIT :limit
"""
STARTED = """
SELECT * FROM pictures WHERE start IN (SELECT pixels FROM begun WHERE picture = :id) AND id <> :id
ORDER BY id DESC LIMIT :limit
"""
ALIKE = "SELECT * FROM pictures WHERE seed = :seed AND model = :model AND id <> :id ORDER BY id DESC LIMIT :limit"


class Lineage:
    """entry_of: a row as an entry. owner: whose pictures are told; None where all may be seen."""

    def __init__(self, rows: Rows, entry_of: "Callable[[Mapping[str, Any]], Entry]"):
        self._rows, self._entry_of = rows, entry_of

    def note(self, id: int, pixels: str) -> None:
        """A hash under which an edit may name this picture as what it starts from; one more where there are some."""
        with self._rows.connected() as connection:
            connection.execute(text(NOTE), {"id": id, "pixels": pixels})

    def is_noted(self, id: int) -> bool:
        """Whether any was noted."""
        with self._rows.connected() as connection:
            return connection.execute(text(NOTED), {"id": id}).first() is not None

    def made_from(self, entry: "Entry", owner: str | None = None) -> "list[Entry]":
        """Those that the picture was made from, the newest first; those in the trash too."""
        begun = self._find(FROM_PIXELS, entry, owner, pixels=entry.recipe.start) if entry.recipe.start else []
        return begun + [other for other in self._alike(entry, owner) if follows(entry, other)]

    def became(self, entry: "Entry", owner: str | None = None) -> "list[Entry]":
        """Those that came of it, as far as its pixels are noted."""
        return self._find(STARTED, entry, owner) + [
            other for other in self._alike(entry, owner) if follows(other, entry)
        ]

    def _alike(self, entry: "Entry", owner: str | None) -> "list[Entry]":
        return self._find(ALIKE, entry, owner, seed=str(entry.recipe.seed), model=entry.recipe.model)

    def _find(self, statement: str, entry: "Entry", owner: str | None, **asked: Any) -> "list[Entry]":
        with self._rows.connected() as connection:
            rows = connection.execute(text(statement), {"id": entry.id, "limit": MOST, **asked}).mappings()
            found = [self._entry_of(dict(row)) for row in rows]
        return [other for other in found if owner is None or other.owner == owner]


def follows(later: "Entry", earlier: "Entry") -> bool:
    """Whether a picture is a variation of another, or the other after more finishing steps."""
    a, b = later.recipe, earlier.recipe
    added = a.toward == b.toward and a.finish != b.finish and a.finish[: len(b.finish)] == b.finish
    turned = a.toward is not None and b.toward is None and a.finish == b.finish
    if not added and not turned:
        return False
    same = {"toward": b.toward, "finish": b.finish, "width": b.width, "height": b.height}
    return a.model_copy(update=same) == b
