"""A plain address: `url = "https://..."`."""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field

from sfumato.weights.download import download
from sfumato.weights.sources import Source, Told, WeightFile


class Url(Source):
    """url: over https, or http on this machine."""

    url: str = Field(pattern=r"^(https://|http://(localhost|127\.0\.0\.1)[:/])")

    def __str__(self) -> str:
        return urlsplit(self.url).netloc

    def fetch(self, files: Sequence[WeightFile], staging: Path, told: Told) -> None:
        for file in files:
            download(self.url.replace("{name}", file.name), file, staging, told)


PART = Url
