"""The manifest: small models beside the ones that paint, as data in `manifest.toml`.

To add one, add a table there: what it is, its files, and the sources that have them, the first that answers serves.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SerializeAsAny, ValidationError, field_validator

from sfumato.core.errors import JobFailed
from sfumato.core.wording import cause, first_wrong
from sfumato.weights.sources import Source, WeightFile, read_source

HERE = Path(__file__).with_name("manifest.toml")


class Entry(BaseModel):
    """Files that belong together. about: what they are for. origin: who made them, in words.

    licence: of the weights, as SPDX writes it. licence_note: what of it is only commonly stated. commercial: whether
    they may be used for money.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    about: str
    licence: str
    commercial: bool
    origin: str
    licence_note: str = ""
    files: tuple[WeightFile, ...]
    sources: tuple[SerializeAsAny[Source], ...]

    @field_validator("sources", mode="before")
    @classmethod
    def _of_its_kind(cls, tables: Any) -> Any:
        return [table if isinstance(table, Source) else read_source(table) for table in tables]

    @property
    def bytes(self) -> int:
        """Of all of its files."""
        return sum(file.bytes for file in self.files)


@cache
def shipped() -> dict[str, Entry]:
    """Every entry of our own manifest, by name."""
    return read_manifest(HERE)


def read_manifest(path: Path) -> dict[str, Entry]:
    """The entries in a TOML file; JobFailed names the file and the first wrong field."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: Entry.model_validate({"name": name, **table}) for name, table in tables.items()}
    except OSError as error:
        raise JobFailed(f"manifest {path.name} cannot be read ({cause(error)}); reinstall") from error
    except (tomllib.TOMLDecodeError, ValidationError, UnicodeDecodeError) as error:
        raise JobFailed(
            f"manifest {path.name} is not right: {first_wrong(error)}; mend the file or reinstall"
        ) from error
