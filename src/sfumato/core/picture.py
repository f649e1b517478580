"""A finished picture: its pixels, and the recipe that makes them again, where there is one."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from PIL import Image

from sfumato.core.recipe import Recipe


class Save(Protocol):
    """Writes a picture into a file; given to each picture by the wiring (see exports/)."""

    def __call__(
        self,
        picture: "Picture | Edit",
        path: Path,
        *,
        format: str | None,
        quality: int | None,
        metadata: str,
        force: bool,
    ) -> Path: ...


class _Savable:
    """What a finished picture can do."""

    image: Image.Image
    _save: Save

    def save(
        self,
        path: str | Path,
        *,
        format: str | None = None,
        quality: int | None = None,
        metadata: str = "full",
        force: bool = False,
    ) -> Path:
        """Write a file and return its path.

        format: png, jpg or webp, else by the path's ending. quality: 0 to 100, for jpg and webp.
        metadata: full (recipe and all), minimal (that it is AI-made), none. force: overwrite what stands there.
        Raises OutputExists, CannotWrite or RequestError.
        """
        assert isinstance(self, Picture | Edit)
        return self._save(self, Path(path), format=format, quality=quality, metadata=metadata, force=force)

    def _repr_png_(self) -> bytes:
        """For notebooks."""
        out = io.BytesIO()
        self.image.save(out, "PNG")
        return out.getvalue()


@dataclass(frozen=True)
class Outside:
    """What became of the part of a picture that was not to change.

    changed_pixels: of it. sha256: of its RGBA bytes, row by row; the picture before has the same where nothing changed.
    seam: how much larger the steps of colour are at the edge of what is new than beside it; 1 is as elsewhere.
    measured_on: `master`, before any finishing step, or `file` where the saved file was read again.
    """

    changed_pixels: int
    sha256: str
    seam: float | None
    measured_on: str


@dataclass(frozen=True)
class Picture(_Savable):
    """image: the master, RGBA, 8 bits a channel, sRGB, straight alpha. seconds: how long painting it took.

    outside: where the operation was to keep a part of a picture.
    """

    image: Image.Image
    recipe: Recipe
    seconds: float
    _save: Save = field(repr=False)
    outside: Outside | None = None

    @property
    def ai_made(self) -> bool:
        return True


@dataclass(frozen=True)
class Edit(_Savable):
    """A picture that was there before, after finishing steps. image, seconds: as Picture's.

    recipe: of the whole, None where the picture came without one. ai_made: whether the picture says it was painted by a
    model; it says so afterwards too. warnings: one line each, of what was not taken over.
    """

    image: Image.Image
    recipe: Recipe | None
    seconds: float
    _save: Save = field(repr=False)
    ai_made: bool = False
    warnings: tuple[str, ...] = ()
