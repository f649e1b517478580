"""Things that are data: a TOML file each, ours in the package, and a person's own in a folder of theirs, which win."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from sfumato.core.errors import RequestError
from sfumato.core.registry import unknown
from sfumato.core.wording import cause, first_wrong


class Named(BaseModel):
    """One thing of a shelf; its name is its file's. about: one line, for people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    about: str


Thing = TypeVar("Thing", bound=Named)


class Shelf(Generic[Thing]):
    """Things of one kind, by name. kind: what a person calls such a thing; own: a folder, which need not be there."""

    def __init__(self, kind: str, model: type[Thing], shipped: Path, own: Path | None = None):
        self._kind, self._model = kind, model
        self._folders = [shipped] if own is None else [shipped, own]

    @property
    def _paths(self) -> dict[str, Path]:
        return {path.stem: path for folder in self._folders for path in folder.glob("*.toml")}

    def names(self) -> list[str]:
        """Every name, sorted; reads none of the files."""
        return sorted(self._paths)

    def __getitem__(self, name: str) -> Thing:
        """The thing; UnknownName says the nearest name, RequestError what is wrong with its file."""
        paths = self._paths
        if name not in paths:
            raise unknown(self._kind, name, sorted(paths))
        path = paths[name]
        try:
            return self._model.model_validate({"name": name, **tomllib.loads(path.read_text(encoding="utf-8"))})
        except OSError as error:
            raise RequestError(f"{self._kind} {path} cannot be read: {cause(error)}; check its rights") from error
        except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as error:
            raise RequestError(f"{self._kind} {path} is not right: {first_wrong(error)}; mend the file") from error

    def __iter__(self) -> Iterator[Thing]:
        return (self[name] for name in self.names())
