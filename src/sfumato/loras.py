"""LoRA files, kept in a folder as NAME.safetensors; others may be put there by hand.

What is in such a file may come from a stranger. Only safetensors are opened, and nothing in them is run.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

from sfumato import catalog
from sfumato.core.card import Card
from sfumato.core.errors import CannotWrite, RequestError, UnknownName, UnreadableFile
from sfumato.core.recipe import NAME_OF_LORA, LoraUse
from sfumato.core.registry import unknown
from sfumato.core.wording import LONG, cause, shown
from sfumato.engine.families import Adaptable, families
from sfumato.engine.weights.lora import DoesNotFit, Lora, read_lora
from sfumato.weights.models import PICKLES

ENDING = ".safetensors"
MOST_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Kept:
    """One file of the folder, for people. Blank: the file does not say. problem: why it cannot be used, if so."""

    name: str
    base: str = ""
    trigger: str = ""
    rank: str = ""
    pictures: str = ""
    created: str = ""
    problem: str = ""


class Loras:
    """A folder of LoRA files, which need not be there. folder_of: where a model's weight files are."""

    def __init__(self, folder: Path, folder_of: Callable[[str], Path] = catalog.folder):
        self.folder = folder
        self._folder_of = folder_of

    def names(self) -> list[str]:
        """Every file's name, sorted, without its ending."""
        stems = (path.stem for path in self.folder.glob("*" + ENDING) if path.is_file())
        return sorted(stem for stem in stems if re.fullmatch(NAME_OF_LORA, stem))

    def all(self) -> list[Kept]:
        """What each file says of itself."""
        return [self._kept(name) for name in self.names()]

    def path(self, name: str) -> Path:
        """Where the file of this name is, or would be; RequestError if no file may be called so."""
        name = name.removesuffix(ENDING)
        if not re.fullmatch(NAME_OF_LORA, name):
            raise RequestError(
                f"{shown(name)} is no name for a LoRA: letters, digits, hyphens, dots and underscores, at most 64; "
                f"a file of yours goes into {self.folder}, and its name is given without the ending"
            )
        return self.folder / (name + ENDING)

    def find(self, name: str, card: Card) -> Lora:
        """A LoRA that fits the card's model; UnknownName with the nearest, or RequestError with the reason."""
        if not card.loras:
            raise RequestError(f"{card.name} takes no LoRA: leave --lora out, or choose another --model")
        lora = self._open(name)
        says = lora.tensors.metadata.get("base_model")
        if says is not None and says not in {card.name, *card.bases}:
            raise RequestError(
                f"LoRA {name!r} is for {lora.base}, not for {card.name}: choose another --model or --lora"
            )
        try:
            cast(Adaptable, families[card.family]).fits(lora, card, self._folder_of(card.name))
        except DoesNotFit as error:
            origin = f" (it says it is for {lora.base})" if lora.base else ""
            raise RequestError(
                f"LoRA {name!r} does not fit {card.name}: {error}{origin}; use it with the model it was made for"
            ) from error
        return lora

    def load(self, use: LoraUse) -> Lora:
        """The very LoRA that a recipe names; RequestError if another file has its name now."""
        lora = self._open(use.name)
        if lora.digest != use.digest:
            raise RequestError(
                f"LoRA {use.name!r} is now another file ({lora.digest}) than the recipe's ({use.digest}): the picture "
                f"would be another one; put the old file back, or paint anew with sfumato generate --lora {use.name}"
            )
        return lora

    def remove(self, name: str) -> Path:
        """Delete a file of the folder, and return its path; CannotWrite."""
        path = self._existing(name)
        try:
            path.unlink()
        except OSError as error:
            raise CannotWrite(f"LoRA {name!r} cannot be removed ({cause(error)}): see to {self.folder}") from error
        return path

    def _existing(self, name: str) -> Path:
        path = self.path(name)
        pickle = next((end for end in PICKLES if name.endswith(end) or path.with_name(name + end).exists()), None)
        if path.is_file():
            return path
        if pickle is not None:
            raise RequestError(
                f"LoRA {name!r} is a {pickle} file, which can run code when it is opened: "
                f"fetch it as safetensors, or convert it where that does no harm"
            )
        if not self.names():
            raise UnknownName(f"no LoRA named {name!r}, nor any other: learn one with sfumato train lora, or put a "
                              f"safetensors file into {self.folder}")  # fmt: skip
        raise unknown("LoRA", name, self.names())

    def _open(self, name: str) -> Lora:
        path = self._existing(name)
        about = path.stat()
        if about.st_size > MOST_BYTES:
            raise UnreadableFile(f"LoRA {name!r} is larger than {MOST_BYTES >> 30} GB, the most we read")
        try:
            return _read(path, about.st_size, about.st_mtime_ns)
        except (UnreadableFile, DoesNotFit) as error:
            raise UnreadableFile(f"LoRA {name!r} cannot be used: {error}") from error
        except OSError as error:
            raise UnreadableFile(f"LoRA {name!r} cannot be read: {cause(error)}") from error

    def _kept(self, name: str) -> Kept:
        try:
            lora = self._open(name)
        except UnreadableFile as error:
            return Kept(name, problem=str(error))
        says = lora.tensors.metadata
        return Kept(
            name, lora.base or "", says.get("trigger", "")[:LONG], str(lora.rank), says.get("pictures", "")[:20],
            says.get("created", "")[:10],
        )  # fmt: skip


@lru_cache(maxsize=3)
def _read(path: Path, size: int, changed: int) -> Lora:
    """A file as it is now; read again when its size or its time (nanoseconds) is another."""
    return read_lora(path.read_bytes())
