"""The library keeps every painted picture: its bytes by content hash, and a row to search it by.

    home/library.db                      one row a picture (rows.py), and boards (boards.py)
    home/pictures/ab/cd/abcd....png      bytes, named by their sha256 (blobs.py)
    home/thumbnails/ef/01/ef01....webp   the same, 256 pixels at most

Bytes come first and the row last, so that whatever is killed in between, no row is without its picture.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from PIL import Image
from pydantic import ValidationError

from sfumato.core.errors import CannotWrite, JobFailed, NotFound, RequestError, UnreadableFile
from sfumato.core.picture import Picture
from sfumato.core.ranges import checked_whole
from sfumato.core.recipe import Recipe
from sfumato.core.wording import cause
from sfumato.exports import encode, writers
from sfumato.exports.marks import marks_of
from sfumato.library.blobs import Blobs
from sfumato.library.wanted import Wanted, asked_of, in_rows

if TYPE_CHECKING:
    from sfumato.library.boards import Boards
    from sfumato.library.lineage import Lineage
    from sfumato.library.trash import Trash

THUMBNAIL_EDGE = 256  # pixels, the longer one
MOST_TAGS, LONGEST_TAG = 100, 100
MOST_AT_ONCE = 1000
HASH = re.compile(r"\b[0-9a-f]{64}\b")
MOST_IN_SQLITE = 2**63 - 1


@dataclass(frozen=True)
class Entry:
    """One picture kept. content: its bytes' sha256. created: in UTC. picture, thumbnail: files, not to be changed.

    origin: the job and number it was painted for. rating: 0 (none) to 5. trashed: since when, in UTC; None: it is not.
    """

    id: int
    content: str
    created: datetime
    recipe: Recipe
    width: int
    height: int
    seconds: float
    picture: Path
    thumbnail: Path
    owner: str = ""
    origin: str | None = None
    tags: tuple[str, ...] = ()
    rating: int = 0
    trashed: datetime | None = None


class Library:
    """A library in a folder, which is made if it is not there; many processes may use it at once.

    Raises CannotWrite or JobFailed where the folder or the database does not allow it.
    """

    def __init__(self, home: str | Path):
        from sfumato.library.rows import Rows  # brings SQLAlchemy: 0.2 s that not every command needs

        self.home = Path(home)
        try:
            self.home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotWrite(
                f"the library's folder {str(home)!r} cannot be made ({cause(error)}): choose another"
            ) from error
        self._rows = Rows(self.home / "library.db")
        self._pictures = Blobs(self.home / "pictures")
        self._thumbnails = Blobs(self.home / "thumbnails")

    def add(self, data: bytes, picture: Picture, *, owner: str = "", origin: str | None = None) -> Entry:
        """Keep a picture. data: the encoded master, whose hash names it; each call makes an entry of its own.

        origin: what it was painted for; a second picture of the same origin gives the entry of the first.
        """
        writer = next((writer for writer in writers if writer.recognises(data[:16])), None)
        if writer is None:
            raise UnreadableFile(f"a picture in the library is {' or '.join(w.name for w in writers)}: encode it first")
        recipe, marks = picture.recipe, marks_of(picture.recipe, "full")
        row: dict[str, Any] = {
            "content": self._pictures.keep(data, writer.endings[0]),
            "ending": writer.endings[0],
            "thumbnail": self._thumbnails.keep(_thumbnail(picture), "webp"),
            "created": in_rows(datetime.now(UTC)),
            "model": recipe.model,
            "prompt": recipe.prompt,
            "negative": recipe.negative,
            "folded": recipe.prompt.casefold(),
            "seed": str(recipe.seed),
            "width": picture.image.width,
            "height": picture.image.height,
            "recipe": marks.recipe,
            "seconds": picture.seconds,
            "owner": owner,
            "origin": origin,
            "start": recipe.start,
        }
        entry = self.entry(self._rows.add(row))
        if not entry.picture.exists():  # the trash was emptied meanwhile, and the same picture was in it
            self._pictures.keep(data, writer.endings[0])
        if not entry.thumbnail.exists():
            self._thumbnails.keep(_thumbnail(picture), "webp")
        return entry

    def find(
        self,
        text: str | None = None,
        model: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        offset: int = 0,
        *,
        owner: str | None = None,
        tag: str | None = None,
        rating: int = 0,
        trashed: bool = False,
        board: int | None = None,
    ) -> list[Entry]:
        """Entries, newest first. text: every word of it occurs in the prompt, in capitals or not.

        since: that moment or later; until: before it; without a time zone they are local time. rating: at least.
        trashed: those in the trash, else those that are not. board: those on it; the caller sees to whose it is.
        """
        if not 1 <= limit <= MOST_AT_ONCE or not 0 <= offset <= MOST_IN_SQLITE:
            raise RequestError(f"limit {limit}, offset {offset}: limit is 1 to {MOST_AT_ONCE}, offset 0 or more")
        asked = asked_of(text=text, model=model, since=since, until=until, owner=owner, tag=tag, rating=rating,
                       trashed=trashed, board=board)  # fmt: skip
        return [self._entry(row) for row in self._rows.find(asked, limit, offset)]

    def count_found(self, **wanted: Unpack[Wanted]) -> int:
        """How many entries fit, as `find` understands it."""
        return self._rows.count_found(asked_of(**wanted))

    def tags(self, limit: int = 100, **wanted: Unpack[Wanted]) -> dict[str, int]:
        """The tags of the entries that fit, each with how many have it, the most first."""
        return self._rows.tags(asked_of(**wanted), limit)

    @cached_property
    def boards(self) -> "Boards":
        """Pictures laid together by hand."""
        from sfumato.library.boards import Boards

        return Boards(self._rows)

    @cached_property
    def lineage(self) -> "Lineage":
        """What pictures were made from, and what came of them."""
        from sfumato.library.lineage import Lineage

        return Lineage(self._rows, self._entry)

    @cached_property
    def trash(self) -> "Trash":
        """What is to be deleted for good."""
        from sfumato.library.trash import Trash

        return Trash(self._rows, self._pictures, self._thumbnails)

    def hashes(self) -> set[str]:
        """Every sha256 that a recipe names: what pictures were begun with, and what steered them."""
        return {found for recipe in self._rows.recipes() for found in HASH.findall(recipe)}

    def fetch(self, id: int) -> bytes:
        """The picture's bytes, as they were added; NotFound if there is none, JobFailed if they are damaged."""
        row = self._row(id)
        path = self._pictures.path(row["content"], row["ending"])
        data = _read(id, path)
        if hashlib.sha256(data).hexdigest() != row["content"]:
            raise JobFailed(f"picture {id} is damaged in {str(path)!r}: put it back from a copy")
        return data

    def thumbnail(self, id: int, owner: str | None = None) -> bytes:
        """The picture as WebP, 256 pixels at most; NotFound as `entry` says, JobFailed if its file is gone."""
        return _read(id, self.entry(id, owner).thumbnail)

    def entry(self, id: int, owner: str | None = None) -> Entry:
        """One entry; NotFound if there is none, or it is another owner's."""
        entry = self._entry(self._row(id))
        if owner is not None and entry.owner != owner:
            raise _no_such(id)
        return entry

    def mark(
        self,
        id: int,
        *,
        tags: Iterable[str] | None = None,
        rating: int | None = None,
        trashed: bool | None = None,
        owner: str | None = None,
    ) -> Entry:
        """Tag, rate, put into the trash or take out of it; None leaves a thing as it is. No file is touched."""
        now = self.entry(id, owner)
        new_tags = sorted(set(now.tags if tags is None else tags))
        if len(new_tags) > MOST_TAGS or any(not 0 < len(tag) <= LONGEST_TAG for tag in new_tags):
            raise RequestError(f"tags are at most {MOST_TAGS}, of 1 to {LONGEST_TAG} characters each")
        rating = checked_whole("rating", now.rating if rating is None else rating, 0, 5)
        since = now.trashed
        if trashed is not None:
            since = (now.trashed or datetime.now(UTC)) if trashed else None
        self._rows.mark(id, json.dumps(new_tags, ensure_ascii=False), rating, since and in_rows(since))
        return self.entry(id)

    def count(self) -> int:
        """How many entries there are."""
        return self._rows.count()

    def close(self) -> None:
        """Give the database back."""
        self._rows.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _row(self, id: int) -> Mapping[str, Any]:
        row = self._rows.fetch(id) if 0 <= id <= MOST_IN_SQLITE else None
        if row is None:
            raise _no_such(id)
        return row

    def _entry(self, row: Mapping[str, Any]) -> Entry:
        try:
            recipe = Recipe.model_validate_json(row["recipe"])
        except ValidationError as error:
            why = "made by a newer Sfumato, or changed by hand"
            raise JobFailed(f"picture {row['id']}'s recipe in the library cannot be read: {why}") from error
        return Entry(
            id=row["id"],
            content=row["content"],
            created=datetime.fromisoformat(row["created"]),
            recipe=recipe,
            width=row["width"],
            height=row["height"],
            seconds=row["seconds"],
            picture=self._pictures.path(row["content"], row["ending"]),
            thumbnail=self._thumbnails.path(row["thumbnail"], "webp"),
            owner=row["owner"],
            origin=row["origin"],
            tags=tuple(json.loads(row["tags"])),
            rating=row["rating"],
            trashed=row["trashed"] and datetime.fromisoformat(row["trashed"]),
        )


def _read(id: int, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise JobFailed(f"picture {id} is gone from {str(path)!r}: put it back from a copy") from error


def _no_such(id: int) -> NotFound:
    return NotFound(f"no picture {str(id)[:20]} in the library; `find` lists what is there")


def _thumbnail(picture: Picture) -> bytes:
    """WebP without metadata; a smaller picture is left as it is."""
    small = picture.image.copy()
    small.thumbnail((THUMBNAIL_EDGE, THUMBNAIL_EDGE), Image.Resampling.LANCZOS)
    return encode(small, picture.recipe, "webp", 80, "none")
