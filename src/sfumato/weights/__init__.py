"""Weights of small models for the work around a picture, kept in a folder as NAME/FILE; pulled only when asked for.

    weights = Weights(home / "weights")
    weights.pull("upscale-drawing")
    weights.find("upscale-drawing")["realesr-animevideov3-x4.bin"]   # a Path, its sha256 checked

`manifest.toml` says what there is. (The models that paint have cards instead: see catalog/.)
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from sfumato.core.errors import CannotWrite, DamagedWeights, MissingWeights
from sfumato.core.registry import unknown
from sfumato.core.wording import cause

if TYPE_CHECKING:
    from sfumato.weights.manifest import Entry
    from sfumato.weights.sources import Told

State = Literal["here", "missing", "damaged"]


@dataclass(frozen=True)
class Kept:
    """What there is to pull, and its state; damaged is only found by `verify`."""

    entry: "Entry"
    folder: Path
    state: State


class Weights:
    """A folder of weights, which need not be there.

    entries: what there is to pull, by name; None: what `manifest.toml` says.
    """

    def __init__(self, folder: Path, entries: "Mapping[str, Entry] | None" = None):
        self._folder = folder
        self._given = entries

    def find(self, name: str) -> dict[str, Path]:
        """An entry's files by name, each with the right sha256; MissingWeights says how to pull them."""
        from sfumato.weights.fetch import is_right

        self.require(name)
        entry = self._entry(name)
        paths = {file.name: self._place(name) / file.name for file in entry.files}
        for file in entry.files:
            if not is_right(paths[file.name], file):
                raise DamagedWeights(f"{name}: {file.name} is damaged (its sha256 is another): sfumato pull {name}")
        return paths

    def has(self, name: str) -> bool:
        """Whether an entry is here, by its files' sizes alone; one that the manifest does not name is not."""
        return name in self._entries and self._has_all(self._entries[name])

    def require(self, name: str) -> None:
        """MissingWeights if an entry is not here, likewise."""
        if not self._has_all(self._entry(name)):
            raise MissingWeights(f"the weights {name} are not here yet: sfumato pull {name}")

    def all(self) -> list[Kept]:
        """Everything that there is to pull."""
        return [
            Kept(entry, self._place(name), "here" if self._has_all(entry) else "missing")
            for name, entry in self._entries.items()
        ]

    def pull(self, name: str, told: "Told" = lambda what, done, of: None) -> Path:
        """Fetch an entry's files that are not here, and return its folder; told: see weights/sources. JobFailed."""
        from sfumato.weights.fetch import fetch

        entry = self._entry(name)
        fetch(entry, self._place(name), told)
        return self._place(name)

    def verify(self, name: str) -> Kept:
        """Read an entry's files, and say whether they are what they should be."""
        from sfumato.weights.fetch import is_right

        entry, folder = self._entry(name), self._place(name)
        if not any((folder / file.name).is_file() for file in entry.files):
            return Kept(entry, folder, "missing")
        right = all(is_right(folder / file.name, file) for file in entry.files)
        return Kept(entry, folder, "here" if right else "damaged")

    def remove(self, name: str) -> Path:
        """Delete an entry's files, and what was begun of them; returns the folder that is gone."""
        from sfumato.weights.fetch import staging_of

        folder = self._place(self._entry(name).name)
        if not folder.is_dir():
            raise MissingWeights(f"the weights {name} are not here, so there is nothing to remove")
        try:
            for place in (staging_of(folder), folder):
                if place.is_dir():
                    shutil.rmtree(place)
        except OSError as error:
            raise CannotWrite(f"{name} cannot be removed: {cause(error)}") from error
        return folder

    @property
    def _entries(self) -> "Mapping[str, Entry]":
        if self._given is None:
            from sfumato.weights.manifest import shipped

            return shipped()
        return self._given

    def _entry(self, name: str) -> "Entry":
        if name not in self._entries:
            raise unknown("weights", name, sorted(self._entries))
        return self._entries[name]

    def _place(self, name: str) -> Path:
        return self._folder / name

    def _has_all(self, entry: "Entry") -> bool:
        def size(path: Path) -> int | None:
            return path.stat().st_size if path.is_file() else None

        return all(size(self._place(entry.name) / file.name) == file.bytes for file in entry.files)


NONE_KEPT = Weights(Path(os.devnull))  # where nothing is, nor can be
