"""A repository of a model hub, at one revision: `hub = "owner/repo"`. HF_ENDPOINT names another hub or a mirror."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from pydantic import Field

from sfumato.weights.download import download
from sfumato.weights.sources import Source, Told, WeightFile

HUB = "https://huggingface.co"


def endpoint() -> str:
    """The address of the hub that is asked."""
    return (os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")


class Hub(Source):
    """revision: a commit, so that it is the same file tomorrow. path: of a file in the repository."""

    hub: str = Field(pattern=r"^[\w.-]+/[\w.-]+$")
    revision: str = Field(pattern="^[0-9a-f]{40}$")
    path: str = "{name}"

    def __str__(self) -> str:
        return f"hub {self.hub}"

    def fetch(self, files: Sequence[WeightFile], staging: Path, told: Told) -> None:
        for file in files:
            path = quote(self.path.replace("{name}", file.name))
            download(f"{endpoint()}/{self.hub}/resolve/{self.revision}/{path}", file, staging, told)


PART = Hub
