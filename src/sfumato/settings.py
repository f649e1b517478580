"""What can be set, one described field each; from the environment as SFUMATO_HOME and so on."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


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
    database: str = Field(default="", description="URL of the jobs' database; empty: SQLite, jobs.db in home.")
    most_jobs: int = Field(default=10_000, ge=1, description="Jobs that may wait or run, in all.")
    most_jobs_of_one: int = Field(default=1000, ge=1, description="Jobs of one user that may wait or run.")
