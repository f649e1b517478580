"""Sources: the kinds of place that weight files are fetched from, one kind a file.

In the manifest a source is a table whose one telling key names its kind, as `pypi = "NAME"`; the file `pypi.py` here
then says what else it holds, and how its files are brought. To add a kind, add a file with a subclass of Source and
`PART = ...`. A source is not trusted: whoever asks it checks the sha256 of what it brought.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sfumato.core.errors import JobFailed
from sfumato.core.registry import Registry

Told = Callable[[str, int, int], None]
"""Told while bytes come in: what they are, how many are here, and of how many."""


class SourceFailed(JobFailed):
    """One source could not serve; the text says why and follows on the source's name."""


class WeightFile(BaseModel):
    """One file: its name in its entry's folder, its size, and the sha256 of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")
    bytes: int = Field(ge=1)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Source(BaseModel, ABC):
    """A place that has an entry's files. `{name}` in its texts stands for a file's name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def __str__(self) -> str:
        """The place in a few words, for people."""

    @abstractmethod
    def fetch(self, files: Sequence[WeightFile], staging: Path, told: Told) -> None:
        """Put every file into the folder `staging` under its name; SourceFailed if that cannot be."""

    def room(self, files: Sequence[WeightFile]) -> int:
        """Bytes that fetching takes on the disk at most."""
        return sum(file.bytes for file in files)


sources: Registry[type[Source]] = Registry(__name__, "kind of source")


def read_source(table: Mapping[str, Any]) -> Source:
    """The source that a table of the manifest describes; ValueError says what is wrong with it."""
    kinds = [key for key in table if key in sources.names()]
    if len(kinds) != 1:
        raise ValueError(f"a source has one of {', '.join(sources.names())}, not {' and '.join(kinds) or 'none'}")
    return sources[kinds[0]].model_validate(table)
