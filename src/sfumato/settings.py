"""What can be set, one described field each; from the environment as SFUMATO_HOME and so on."""

import json
import os
import re
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from sfumato.core.errors import RequestError
from sfumato.core.precision import NAMES, PLACEMENTS
from sfumato.core.registry import unknown
from sfumato.core.wording import shown

MOST_TRASH_DAYS = 36_500  # a century; calendars end


def _home() -> Path:
    data = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local" / "share")
    return Path(data) / "sfumato"


class Settings(BaseSettings):
    """Read once when a Studio is made."""

    model_config = SettingsConfigDict(env_prefix="SFUMATO_", env_ignore_empty=True, frozen=True)

    home: Path = Field(default_factory=_home, description="Where the library, LoRA and weights are kept.")
    models: dict[str, Path] = Field(
        default={}, description='Models that lie elsewhere, by name, as {"flux-dev": "/data/flux-dev"}.'
    )
    model_memory: float | None = Field(
        default=None, gt=0, description="GB that loaded models may take; what was not used longest makes room."
    )
    precision: str | None = Field(
        default=None, description=f"Numbers of real models' weights: {', '.join(NAMES)}; unset: what fits best."
    )
    placement: str | None = Field(
        default=None, description=f"What of a model is on a GPU: {', '.join(PLACEMENTS)}; unset: what fits best."
    )
    aliases: dict[str, str] = Field(
        default={}, description='Which model paints for a hosted one, as {"gpt-image-1": "flux-dev"}.'
    )
    database: str = Field(default="", description="URL of the jobs' database; empty: SQLite, jobs.db in home.")
    most_jobs: int = Field(default=10_000, ge=1, description="Jobs that may wait or run, in all.")
    most_jobs_of_one: int = Field(default=1000, ge=1, description="Jobs of one user that may wait or run.")
    trash_days: int | None = Field(
        default=None,
        ge=0,
        le=MOST_TRASH_DAYS,
        description="Days after which a server deletes what is in the trash; empty: it never does.",
    )
    key: str = Field(default="", repr=False, description="A key that opens everything; more: sfumato key add.")
    allow_hosts: tuple[str, ...] = Field(default=(), description="Names the server goes by, as a JSON list.")
    allow_origins: tuple[str, ...] = Field(default=(), description="Sites whose pages may use it, as a JSON list.")

    cog: str = Field(default="black-forest-labs/flux-dev", description="Whose input /predictions takes, as Cog's do.")
    fetch: bool = Field(default=True, description="Whether URLs that a request names are fetched at all.")
    fetch_allow: tuple[str, ...] = Field(default=(), description="Private places to fetch from, each as host:port.")

    def __init__(self, **said: Any):
        """Read them; RequestError names the first that is not right, and what it is for."""
        try:
            super().__init__(**said)
        except ValidationError as error:
            first = error.errors()[0]
            raise self._not_right(
                str(first["loc"][0]), f"{first['msg'].lower()}, not {shown(first['input'])}"
            ) from error
        except SettingsError as error:  # a list or a table that is no JSON
            name = re.search(r'field "(\w+)"', str(error))
            raise self._not_right(name[1] if name else "", "it is not JSON") from error

    @classmethod
    def _not_right(cls, name: str, why: str) -> RequestError:
        field = cls.model_fields.get(name)
        what = f" ({field.description})" if field is not None else ""
        return RequestError(f"SFUMATO_{name.upper()}: {why}: set it right or unset it{what}")

    @field_validator("precision")
    @classmethod
    def _is_a_precision(cls, name: str | None) -> str | None:
        return _known("SFUMATO_PRECISION", name, NAMES)

    @field_validator("placement")
    @classmethod
    def _is_a_placement(cls, name: str | None) -> str | None:
        return _known("SFUMATO_PLACEMENT", name, PLACEMENTS)

    def environment(self) -> dict[str, str]:
        """What makes another process read the same settings; without the key, which only the server needs."""
        said = self.model_dump(mode="json", exclude={"key"}, exclude_none=True)
        values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in said.items()}
        return {f"SFUMATO_{name.upper()}": value for name, value in values.items()} | {"SFUMATO_KEY": ""}


def _known(setting: str, name: str | None, names: tuple[str, ...]) -> str | None:
    """The name; UnknownName says the nearest one. `auto` is the same as nothing."""
    if name is None or name.lower() == "auto":
        return None
    if name.lower() not in names:
        raise unknown(setting, name, [*names, "auto"])
    return name.lower()
