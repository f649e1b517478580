"""LoRA: what a small file adds to a model's matrices, W + weight * alpha / rank * B A.

Hu et al. 2021, https://arxiv.org/abs/2106.09685. Names as diffusers and peft write them
(`transformer.MODULE.lora_A.weight`, `.lora_B.weight`, and `.alpha` where it is not the rank), or kohya's for the same
modules (`lora_unet_MODULE.lora_down.weight`, dots as underscores).
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sfumato.core.errors import RequestError
from sfumato.engine.weights.int8 import stored_like, whole
from sfumato.engine.weights.tensors import Tensors

ROLES = {
    ".lora_A.weight": "down",
    ".lora_B.weight": "up",
    ".lora_A.default.weight": "down",
    ".lora_B.default.weight": "up",
    ".lora_down.weight": "down",
    ".lora_up.weight": "up",
    ".down.weight": "down",
    ".up.weight": "up",
    ".alpha": "alpha",
}
DIFFUSERS, KOHYA = "transformer.", "lora_unet_"
PARTS = ("transformer.", "unet.", "text_encoder.", "text_encoder_2.")
OTHER_TRICKS = ("use_rslora", "use_dora", "alpha_pattern")
SAYS_ITS_BASE = ("base_model", "modelspec.architecture", "ss_base_model_version")


class DoesNotFit(RequestError):
    """A LoRA is of another model, or of a kind that we do not take."""


@dataclass(frozen=True)
class Part:
    """What is added to one matrix: names of the tensors in the file. alpha: None where it is the rank."""

    down: str
    up: str
    alpha: float | None


@dataclass(frozen=True)
class Lora:
    """A LoRA file. digest: 16 hexadecimal digits of its sha256; two of the same digest are the same.

    parts: by the name that the file has for a module.
    """

    digest: str
    tensors: Tensors = field(compare=False, repr=False)
    parts: Mapping[str, Part] = field(compare=False, repr=False)

    @property
    def base(self) -> str | None:
        """The model that it says it is for, if it says one."""
        says = next((self.tensors.metadata[name] for name in SAYS_ITS_BASE if name in self.tensors.metadata), None)
        return says and "".join(c if c.isprintable() else " " for c in says[:60])

    @property
    def rank(self) -> int:
        """How many rows the largest of its parts has."""
        return max((self.tensors.shape(part.down) or (0,))[0] for part in self.parts.values())


def read_lora(data: bytes) -> Lora:
    """A LoRA from a file's bytes; UnreadableFile or DoesNotFit, in words that follow on the file's name."""
    tensors = Tensors(data)
    return Lora(hashlib.sha256(data).hexdigest()[:16], tensors, dict(_parts(tensors)))


def modules(stored: Tensors) -> dict[str, tuple[int, int]]:
    """(rows, columns) of every matrix of a model that a LoRA may add to, by its module's name."""
    shapes = {name.removesuffix(".weight"): stored.shape(name) for name in stored if name.endswith(".weight")}
    return {name: (shape[0], shape[1]) for name, shape in shapes.items() if len(shape) == 2}


def fitted(lora: Lora, bases: Mapping[str, tuple[int, int]]) -> dict[str, Part]:
    """The LoRA's parts by the base's own module names; DoesNotFit names the first that the base does not have."""
    flat = {KOHYA + name.replace(".", "_"): name for name in bases}
    found = {}
    for theirs, part in lora.parts.items():
        name = flat.get(theirs, theirs.removeprefix(DIFFUSERS))
        (rank, columns), (rows, ranks) = _sides(lora.tensors, part.down), _sides(lora.tensors, part.up)
        if name not in bases:
            raise DoesNotFit(f"it changes {theirs[:80]!r}, which is not there")
        if (rows, columns) != bases[name] or rank != ranks or rank == 0:
            raise DoesNotFit(f"its {name} is {rows} x {columns}, not {bases[name][0]} x {bases[name][1]}")
        found[name] = part
    return found


def changed(stored: Tensors, added: Sequence[tuple[Lora, float]]) -> dict[str, np.ndarray]:
    """The tensors of `stored` that are others once the LoRAs are added at their weights, in the form stored."""
    bases = modules(stored)
    sums: dict[str, np.ndarray] = {}
    for lora, weight in added:
        for name, part in fitted(lora, bases).items():
            values = sums.setdefault(f"{name}.weight", whole(stored, f"{name}.weight"))
            values += weight * product(lora, part)
    return {name: array for key, values in sums.items() for name, array in stored_like(stored, key, values).items()}


def product(lora: Lora, part: Part) -> np.ndarray:
    """alpha / rank * B A of one module, fp32; RequestError if it is not all numbers."""
    down, up = (lora.tensors[name].astype(np.float32) for name in (part.down, part.up))
    alpha = len(down) if part.alpha is None else part.alpha
    # Not `@`: for products this thin, BLAS's spinning threads cost fifty times as much on busy cores.
    added = np.einsum("or,ri->oi", up, down) * np.float32(alpha / len(down))
    if not np.isfinite(added).all():
        raise RequestError(f"its {part.down[:80]!r} or {part.up[:80]!r} is not all numbers: train or fetch it again")
    return added


def _parts(tensors: Tensors) -> Iterator[tuple[str, Part]]:
    by_module: dict[str, dict[str, str]] = {}
    for name in tensors:
        suffix = next((end for end in ROLES if name.endswith(end)), None)
        if suffix is None:
            raise DoesNotFit(f"it holds {name[:80]!r}: plain LoRA is taken (lora_A, lora_B), not LoHa, LoKr or DoRA")
        by_module.setdefault(name.removesuffix(suffix), {})[ROLES[suffix]] = name
    usual = _usual_alphas(tensors.metadata)
    for module, roles in by_module.items():
        if not {"down", "up"} <= roles.keys():
            raise DoesNotFit(f"it has only half of {module[:80]!r}: fetch or export it again")
        alpha = _number(tensors, roles["alpha"]) if "alpha" in roles else usual.get(module.partition(".")[0] + ".")
        yield module, Part(roles["down"], roles["up"], alpha)
    if not by_module:
        raise DoesNotFit("it holds nothing")


def _usual_alphas(metadata: Mapping[str, str]) -> dict[str, float]:
    """alpha as diffusers writes it for all modules of a part together, in `lora_adapter_metadata`."""
    try:
        says = json.loads(metadata.get("lora_adapter_metadata", "{}"))
        trick = next((name for part in PARTS for name in OTHER_TRICKS if says.get(part + name)), None)
        named = {part: says.get(f"{part}lora_alpha") for part in PARTS}
        alphas = {part: float(alpha) for part, alpha in named.items() if alpha is not None}
    except (ValueError, TypeError, RecursionError, AttributeError) as error:
        raise DoesNotFit("its lora_adapter_metadata is not what diffusers writes") from error
    if trick is not None:
        raise DoesNotFit(f"it needs {trick}, and plain LoRA is taken: train it without")
    return alphas


def _number(tensors: Tensors, name: str) -> float:
    if tensors[name].size != 1:
        raise DoesNotFit(f"its {name[:80]!r} is not one number")
    return float(tensors[name].reshape(()))


def _sides(tensors: Tensors, name: str) -> tuple[int, int]:
    shape = tensors.shape(name)
    return (shape[0], shape[1]) if len(shape) == 2 else (0, 0)
