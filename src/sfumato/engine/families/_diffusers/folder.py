"""A model's folder as diffusers lays it out: model_index.json, and a folder for each part.

Weights are opened as safetensors only, after their headers were checked; no code of a folder is run, and nothing is
fetched.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

from sfumato.core.card import Card
from sfumato.core.errors import DamagedWeights, UnreadableFile
from sfumato.core.wording import shown
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.weights.tensors import mapped

Part = TypeVar("Part")

INDEX = "model_index.json"


class Folder:
    """A model's folder, opened for one card. pipelines: the classes of diffusers that its family can stand in for."""

    def __init__(self, card: Card, path: Path, pipelines: Collection[str] = ()):
        self.card = card
        self.path = path
        self.index = self._index()
        self.pipeline = str(self.index.get("_class_name"))
        if pipelines and self.pipeline not in pipelines:
            raise self.wrong(f"it holds a {shown(self.pipeline)}, and the card is of {' or '.join(sorted(pipelines))}")

    def has(self, name: str) -> bool:
        """Whether the model has a part of this name; its index says null where it has none."""
        return bool((self.index.get(name) or [None])[0]) and (self.path / name).is_dir()

    def network(self, name: str, kind: type[Part], place: Place) -> Part:
        """A part with weights, a class of diffusers or transformers, ready to ask."""
        self.check_weights(name)
        try:
            made = kind.from_pretrained(  # type: ignore[attr-defined]
                self.path / name, dtype=place.dtype, use_safetensors=True, local_files_only=True
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise self.wrong(f"its {name} cannot be loaded ({_line(error)})") from error
        return made.to(place.device).eval().requires_grad_(False)

    def made(self, kind: type[Part], place: Place) -> Part:
        """The whole model, a pipeline of diffusers, ready to call."""
        try:
            made = kind.from_pretrained(  # type: ignore[attr-defined]
                self.path, dtype=place.dtype, use_safetensors=True, local_files_only=True
            )
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            raise self.wrong(f"it cannot be loaded ({_line(error)})") from error
        return made.to(place.device)

    def tokenizer(self, name: str, kind: type[Part]) -> Part:
        """A tokenizer, a class of transformers."""
        try:
            return kind.from_pretrained(self.path / name, local_files_only=True)  # type: ignore[attr-defined]
        except (OSError, ValueError, TypeError) as error:
            raise self.wrong(f"its {name} cannot be loaded ({_line(error)})") from error

    def wrong(self, what: str) -> DamagedWeights:
        """The error for a folder that is not what it should be."""
        return DamagedWeights(
            f"{self.card.name}: the folder {shown(str(self.path), 120)} is not right: {what}; "
            f"sfumato pull {self.card.name} fetches it again"
        )

    def _index(self) -> dict[str, Any]:
        try:
            index = json.loads((self.path / INDEX).read_text(encoding="utf-8"))
        except OSError as error:
            raise self.wrong(f"{INDEX} cannot be read ({(error.strerror or 'it failed').lower()})") from error
        except (ValueError, RecursionError) as error:
            raise self.wrong(f"{INDEX} is not JSON") from error
        if not isinstance(index, dict):
            raise self.wrong(f"{INDEX} names no parts")
        return index

    def check_weights(self, name: str) -> None:
        """Headers are read and checked before any library maps the file; DamagedWeights if one is not right."""
        files = sorted((self.path / name).glob("*.safetensors"))
        if not files:
            raise self.wrong(f"{name} holds no safetensors (other formats can run code, and are not opened)")
        for file in files:
            try:
                mapped(file)
            except UnreadableFile as error:
                raise self.wrong(f"{name}/{file.name}: {error}") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
