"""A model's folder as diffusers lays it out: model_index.json, and a folder for each part.

A part's weights may also lie beside its folder in one file, `transformer.safetensors` or `transformer.gguf`, and those
of all parts in `checkpoint.safetensors`, by the names that the model's makers gave them; the folders then hold configs.

Weights are opened as safetensors only, after their headers were checked; no code of a folder is run, and nothing is
fetched.
"""

import json
import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import torch
from diffusers.configuration_utils import FrozenDict
from diffusers.loaders.single_file_utils import create_diffusers_clip_model_from_ldm, load_single_file_checkpoint
from pydantic import ValidationError
from torch.nn import Module

from sfumato.core.card import Card, Noise
from sfumato.core.errors import DamagedWeights, UnreadableFile
from sfumato.core.packages import require
from sfumato.core.wording import cause, shown
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.quick import settled
from sfumato.engine.memory import ran_out
from sfumato.engine.weights.gguf import check_gguf
from sfumato.engine.weights.tensors import mapped
from sfumato.weights.models import INDEX

Part = TypeVar("Part")

CHECKPOINT = "checkpoint.safetensors"
FLOW_LEVELS = {
    "shift": "shift",
    "base_shift": "base_shift",
    "max_shift": "max_shift",
    "max_image_seq_len": "max_tokens",
    "shift_terminal": "terminal",
}
"""What diffusers' scheduler of flow models calls the fields of a card's noise."""


class Folder:
    """A model's folder, opened for one card. pipelines: the classes of diffusers that its family can stand in for."""

    def __init__(self, card: Card, path: Path, pipelines: Collection[str] = ()):
        self.card = card
        self.path = path
        self.index = self._json(INDEX)
        self.pipeline = str(self.index.get("_class_name"))
        if pipelines and self.pipeline not in pipelines:
            raise self.wrong(f"it holds a {shown(self.pipeline)}, and the card is of {' or '.join(sorted(pipelines))}")

    def has(self, name: str) -> bool:
        """Whether the model has a part of this name; its index says null where it has none."""
        return bool((self.index.get(name) or [None])[0]) and (self.path / name).is_dir()

    def trained(self) -> Card:
        """The card, with the levels that the folder's own scheduler states: fine-tunes were taught at others."""
        said = self._json("scheduler/scheduler_config.json") if self.has("scheduler") else {}
        if said.get("_class_name") != "FlowMatchEulerDiscreteScheduler":
            return self.card
        levels = {ours: said[theirs] or 0.0 for theirs, ours in FLOW_LEVELS.items() if theirs in said}
        try:
            noise = Noise.model_validate(self.card.noise.model_dump() | levels)
        except ValidationError as error:
            raise self.wrong(f"its scheduler states what cannot be ({_line(error)})") from error
        return self.card.model_copy(update={"noise": noise})

    def config(self, name: str) -> FrozenDict:
        """What the part's config says; of a class of diffusers."""
        return FrozenDict(self._json(f"{name}/config.json"))

    def shapes(self, name: str, kind: type) -> dict[str, tuple[int, ...]]:
        """The shape of every module's weight in a part, by the module's name; its weights are not looked at."""
        said = json.dumps(self._json(f"{name}/config.json"), sort_keys=True)
        try:
            return _shapes(kind, said)
        except (ValueError, TypeError, KeyError, RuntimeError) as error:
            raise self.wrong(f"its {name} has a config that cannot be ({_line(error)})") from error

    def network(self, name: str, kind: type[Part], place: Place) -> Part:
        """A part with weights, a class of diffusers or transformers, ready to ask."""
        return settled(name, self.loaded(name, kind, place), place)

    def loaded(self, name: str, kind: type[Part], place: Place) -> Part:
        """A part as its files have it, in the place's numbers and on the processor."""
        single = self._single(name)
        if single is None:
            self.check_weights(name)
        else:
            self._check_header(single)
        try:
            return self._whole(name, kind, place) if single is None else self._from_file(single, name, kind, place)
        except Exception as error:  # of a folder that is not as it should be, theirs raise whatever they stumble over
            if ran_out(error):
                raise
            if single is not None:
                raise self.another_models(single, name, error) from error
            raise self.wrong(f"its {name} cannot be loaded ({_line(error)})") from error

    def _whole(self, name: str, kind: type[Part], place: Place) -> Part:
        return kind.from_pretrained(  # type: ignore[attr-defined]
            self.path / name, dtype=place.dtype, use_safetensors=True, local_files_only=True
        )

    def _single(self, name: str) -> Path | None:
        """The one file that a part's weights are in, where its folder holds none."""
        if any((self.path / name).glob("*.safetensors")):
            return None
        names = f"{name}.safetensors", f"{name}.gguf", CHECKPOINT
        return next((self.path / one for one in names if (self.path / one).is_file()), None)

    def _from_file(self, file: Path, name: str, kind: type[Part], place: Place) -> Part:
        """A part out of a single file. GGUF stays quantized in memory, and is computed with in the place's numbers."""
        if kind.__module__.startswith("transformers."):
            checkpoint = load_single_file_checkpoint(str(file))
            return create_diffusers_clip_model_from_ldm(
                kind, checkpoint, subfolder=name, config=str(self.path), torch_dtype=place.dtype, local_files_only=True
            )
        packed = {}
        if file.suffix == ".gguf":
            from diffusers.quantizers.quantization_config import GGUFQuantizationConfig

            packed["quantization_config"] = GGUFQuantizationConfig(compute_dtype=place.dtype)
        return kind.from_single_file(  # type: ignore[attr-defined]
            str(file), config=str(self.path), subfolder=name, dtype=place.dtype, local_files_only=True, **packed
        )

    def made(self, kind: type[Part], place: Place) -> Part:
        """The whole model, a pipeline of diffusers, ready to call."""
        try:
            made = kind.from_pretrained(  # type: ignore[attr-defined]
                self.path, dtype=place.dtype, use_safetensors=True, local_files_only=True,
                **self._from_elsewhere(kind, place),
            )  # fmt: skip
        except (OSError, ValueError, RuntimeError, ImportError, AttributeError, NameError) as error:
            if ran_out(error):
                raise
            if isinstance(error, NameError) or any(_is_processor(entry) for entry in self.index.values()):
                require(self.card.name, "torchvision", "vision")  # without it theirs raise what they like
            raise self.wrong(f"it cannot be loaded ({_line(error)})") from error
        for name, part in made.components.items():
            if isinstance(part, Module):
                settled(name, part, place)
        return made

    def _from_elsewhere(self, kind: type, place: Place) -> dict[str, Any]:
        """The parts that came from other repositories, of the classes that the pipeline asks for: no index has them."""
        asked, made = get_type_hints(kind.__init__), {}
        for name in self.card.elsewhere:
            if not (self.path / name).is_dir():
                raise self.wrong(f"it has no {name}")
            numbers = {"dtype": place.dtype, "use_safetensors": True} if issubclass(asked[name], Module) else {}
            made[name] = asked[name].from_pretrained(self.path / name, local_files_only=True, **numbers)
        return made

    def tokenizer(self, name: str, kind: type[Part]) -> Part:
        """A tokenizer, a class of transformers."""
        try:
            return kind.from_pretrained(self.path / name, local_files_only=True)  # type: ignore[attr-defined]
        except Exception as error:
            raise self.wrong(f"its {name} cannot be loaded ({_line(error)})") from error

    def another_models(self, file: Path, part: str, error: Exception) -> DamagedWeights:
        """The error for a single file that a part is not in, as far as can be seen; a pull would leave it there."""
        return DamagedWeights(
            f"{self.card.name}: its {part} is not to be had from {file.name} ({_line(error)}): the file is another "
            f"model's, or of another kind; take it out of {shown(str(self.path), 120)}, and see sfumato import FILE"
        )

    def wrong(self, what: str) -> DamagedWeights:
        """The error for a folder that is not what it should be."""
        return DamagedWeights(
            f"{self.card.name}: the folder {shown(str(self.path), 120)} is not right: {what}; "
            f"sfumato pull {self.card.name} fetches it again"
        )

    def _json(self, name: str) -> dict[str, Any]:
        try:
            said = json.loads((self.path / name).read_text(encoding="utf-8"))
        except OSError as error:
            raise self.wrong(f"{name} cannot be read ({cause(error)})") from error
        except (ValueError, RecursionError) as error:
            raise self.wrong(f"{name} is not JSON") from error
        if not isinstance(said, dict):
            raise self.wrong(f"{name} names no parts")
        return said

    def check_weights(self, name: str) -> None:
        """Headers are read and checked before any library maps the file; DamagedWeights if one is not right."""
        files = sorted((self.path / name).glob("*.safetensors"))
        if not files:
            raise self.wrong(f"{name} holds no safetensors (other formats can run code, and are not opened)")
        for file in files:
            self._check_header(file)

    def _check_header(self, file: Path) -> None:
        try:
            if file.suffix == ".gguf":
                check_gguf(file)
            else:
                mapped(file)
        except UnreadableFile as error:
            raise self.wrong(f"{file.relative_to(self.path)}: {error}") from error


@lru_cache(maxsize=16)
def _shapes(kind: Any, config: str) -> dict[str, tuple[int, ...]]:
    said = json.loads(config)
    with torch.device("meta"):  # which holds no numbers
        ours = kind.__module__.startswith("transformers.")
        made = kind(kind.config_class.from_dict(said)) if ours else kind.from_config(said)
    return {
        name: tuple(module.weight.shape)
        for name, module in made.named_modules()
        if isinstance(getattr(module, "weight", None), torch.Tensor)
    }


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _is_processor(entry: object) -> bool:
    """Whether an entry of an index is of what reads words, pictures and films, for a model of all three."""
    return isinstance(entry, list) and re.fullmatch(r"(?!.*Image)\w+Processor", str(entry[-1])) is not None
