"""Weights of the models that paint: a folder each, as diffusers lays it out, or wherever the settings say.

Files may be gigabytes, so what is known of them is written down in `NAME.json` beside: each file's sha256, its size and
its time. One whose size and time are the same is taken to be the same; any other is read again.
"""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from sfumato.core.card import About, Card, File
from sfumato.core.errors import CannotWrite, DamagedWeights, MissingWeights, RequestError
from sfumato.core.wording import LONG, cause, shown
from sfumato.weights.digests import sha256_of

ENDINGS = frozenset({".safetensors", ".gguf", ".json", ".txt", ".model"})
"""Of the files that a model consists of; what else lies there is not looked at."""

INDEX = "model_index.json"  # names the parts of a folder of diffusers

WEIGHTS = frozenset({".safetensors", ".gguf"})

PICKLES = (".ckpt", ".pt", ".pth", ".bin")
"""Of files that can run code when they are opened, and never are."""


class Known(BaseModel):
    """A file as it was when it was read. name: in the model's folder. changed: nanoseconds, as the disk says it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    bytes: int
    changed: int
    sha256: str


class Record(BaseModel):
    """What is written down of a model. repository, revision: where it was pulled from; None: put there by hand.

    elsewhere: the commits of other repositories that parts of it were pulled from, by their names. accepted: that its
    licence was shown and accepted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repository: str | None = None
    revision: str | None = None
    elsewhere: dict[str, str] = {}
    accepted: bool = False
    files: tuple[Known, ...] = ()


class Models:
    """A folder of models, which need not be there. places: models that lie elsewhere, by name."""

    def __init__(self, folder: Path, places: Mapping[str, Path] | None = None):
        self._folder = folder
        self._places = dict(places or {})

    def place(self, name: str) -> Path:
        """Where a model's files are, or would be pulled to."""
        return self._places.get(name, self._folder / name)

    def is_here(self, model: About) -> bool:
        """Whether there are any weights of the model; nothing is read."""
        return model.repository is None or any(path.suffix in WEIGHTS for path in files_of(self.place(model.name)))

    def size(self, name: str) -> int:
        """Bytes that a model's files take on the disk; nothing is read."""
        return sum(path.stat().st_size for path in files_of(self.place(name)))

    def installed(self, card: Card) -> Card:
        """The card with the files that are here; MissingWeights says how to get them. Reads what is not known yet."""
        if card.repository is None:
            return card
        if not self.is_here(card):
            raise MissingWeights(
                f"the weights of {card.name} are not here yet: sfumato pull {card.name}, or if they are on this "
                f"machine, sfumato import PATH --name {card.name}"
            )
        known = self.known(card.name).files
        return card.model_copy(update={"files": [File(name=one.name, sha256=one.sha256) for one in known]})

    def known(self, name: str, *, again: bool = False) -> Record:
        """Every file of a model with its sha256; again: read all of them, whatever was known.

        DamagedWeights names the first file that is not as it was pulled.
        """
        place, before = self.place(name), self.recorded(name)
        by_name = {one.name: one for one in before.files}
        now = []
        for path in files_of(place):
            about, inside = path.stat(), _inside(path, place)
            old = by_name.get(inside)
            if old and not again and (about.st_size, about.st_mtime_ns) == (old.bytes, old.changed):
                now.append(old)
                continue
            digest = sha256_of(path)
            if before.repository and old and digest != old.sha256:
                raise DamagedWeights(f"{name}: {inside} is damaged (its sha256 is another): sfumato pull {name}")
            now.append(Known(name=inside, bytes=about.st_size, changed=about.st_mtime_ns, sha256=digest))
        if before.repository and (gone := by_name.keys() - {one.name for one in now}):
            raise DamagedWeights(f"{name}: {min(gone)} is missing: sfumato pull {name}")
        record = before.model_copy(update={"files": tuple(now)})
        if record != before:
            self.record(name, record)
        return record

    def remove(self, name: str) -> Path:
        """Delete a model's folder, and return its path; not one that lies elsewhere."""
        place = self.place(name)
        if name in self._places:
            raise RequestError(f"{name} lies in {shown(str(place), LONG)}, which is not ours: remove it by hand")
        if not place.is_dir() and not place.is_symlink():
            raise MissingWeights(f"the weights of {name} are not here, so there is nothing to remove")
        try:
            if place.is_symlink():  # to a folder that somebody took in, and which is not ours
                place.unlink()
            else:
                shutil.rmtree(place)
            (self._folder / f"{name}.json").unlink(missing_ok=True)
        except OSError as error:
            raise CannotWrite(f"{name} cannot be removed: {cause(error)}") from error
        return place

    def record(self, name: str, record: Record) -> None:
        """Write down what is known of a model."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            part = self._folder / f".{name}.json"
            part.write_text(record.model_dump_json(indent=1), encoding="utf-8")
            part.replace(self._folder / f"{name}.json")
        except OSError as error:
            raise CannotWrite(
                f"{shown(str(self._folder), LONG)} cannot be written ({cause(error)}): "
                f"change its rights, or set SFUMATO_HOME to another place"
            ) from error

    def recorded(self, name: str) -> Record:
        """What was written down of a model; nothing is looked at."""
        try:
            return Record.model_validate_json((self._folder / f"{name}.json").read_bytes())
        except (OSError, ValidationError):  # not there, or spoilt: everything is read again
            return Record()


def files_of(place: Path) -> list[Path]:
    """A model's files, sorted; place: its folder, or its one file."""
    if place.is_file():
        return [place]
    return sorted(path for path in _visible(place) if path.suffix in ENDINGS and path.is_file())


def _visible(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if not any(p.startswith(".") for p in path.relative_to(folder).parts))


def _inside(path: Path, place: Path) -> str:
    return path.name if place.is_file() else path.relative_to(place).as_posix()
