"""LoRA in networks of diffusers: read by diffusers' own converters, added in place, and taken back exactly.

All views of a model share its networks and one Wardrobe, which knows what they wear. Before a view looks or reads, it
has the networks wear what it was asked with; what stays the same is not touched. Of each matrix that is changed, the
numbers before are kept on the processor, so that giving back is a copy and not a subtraction, which would round.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from diffusers.utils.state_dict_utils import (
    StateDictType,
    convert_state_dict_to_peft,
    convert_unet_state_dict_to_peft,
)
from torch import Tensor, nn

from sfumato.core.card import Card
from sfumato.core.errors import UnreadableFile
from sfumato.engine.families import Text
from sfumato.engine.families._diffusers.folder import Folder
from sfumato.engine.weights.lora import DoesNotFit, Lora

VIEWS = 4  # of a model with LoRA, that are kept; each is light
READ = 64  # prompts that a view remembers
FILES = 4  # that are kept converted

Worn = tuple[tuple[Lora, float], ...]
"""LoRA at their weights, in order."""

Shapes = Mapping[str, Mapping[str, tuple[int, ...]]]
"""Of every weight that a LoRA may add to, by its module's name, for each part of a model."""

UNHEARD = ("t5xxl", "lora_te3_", "position_embedding")
BFL = re.compile(r"^diffusion_model\.(double|single)_blocks\.")

Address = tuple[str, str]
"""A part of a model, and a module in it, by diffusers' names."""

JOINED = {"to_q": ("to_qkv", 0), "to_k": ("to_qkv", 1), "to_v": ("to_qkv", 2), "add_q_proj": ("to_added_qkv", 0),
          "add_k_proj": ("to_added_qkv", 1), "add_v_proj": ("to_added_qkv", 2)}  # fmt: skip
"""Where the weights of these are once diffusers has fused them (_diffusers/quick.py)."""

PLAIN = frozenset({torch.float64, torch.float32, torch.bfloat16, torch.float16})
"""Numbers that can be added to in place; weights that are packed smaller have what is added computed beside them."""


@dataclass(frozen=True)
class Thin:
    """What is added to one weight, up @ down. down: (rank, columns ...), with alpha / rank in it; up: (rows, rank)."""

    down: Tensor
    up: Tensor

    def product(self, weight: Tensor) -> Tensor:
        """fp32, of the weight's shape and on its device; convolutions as matrices."""
        up, down = (part.to(weight.device, torch.float32).flatten(1) for part in (self.up, self.down))
        return (up @ down).reshape(weight.shape)


class Adaptable(ABC):
    """A family that takes LoRA.

    learned: the parts that a LoRA may change, and their classes. loader: diffusers' mixin that reads such files.
    A family's `look` and `_read` begin with `self._dress()`.
    """

    learned: ClassVar[Mapping[str, Any]]
    loader: ClassVar[Any]

    _worn: Worn = ()
    _wardrobe: "Wardrobe"

    @classmethod
    def fits(cls, lora: Lora, card: Card, folder: Path) -> None:
        """DoesNotFit says why a LoRA is not for a model, of which only configs are read."""
        inside = Folder(card, folder)
        shapes = {part: inside.shapes(part, kind) for part, kind in cls.learned.items()}
        check(added(lora, cls.loader, _config(inside), shapes), shapes)

    def adapted(self, loras: Sequence[tuple[Lora, float]]) -> Self:
        """This model with LoRA; the same ones give the same object, while it is kept."""
        worn = tuple((lora, weight) for lora, weight in loras if weight)
        return self._wardrobe.view(self, worn) if worn else self

    @abstractmethod
    def _read(self, prompt: str) -> Text:
        """The prompt as the model takes it, with what is worn."""

    def _viewed(self, worn: Worn) -> Self:
        """All but what is worn, and the prompts read with it, is shared."""
        view: Any = copy(self)
        view._worn = worn
        view.read = lru_cache(maxsize=READ)(view._read)
        return view

    def _dress(self) -> None:
        self._wardrobe.wear(self._worn)


class Wardrobe:
    """networks: those of a model that LoRA may change, by part. loader: as above. folder: for its configs."""

    def __init__(self, networks: Mapping[str, nn.Module], loader: Any, folder: Folder):
        self._networks = networks
        names = {part: {name for name, _ in network.named_modules()} for part, network in networks.items()}
        self._worn: Worn | None = ()
        self._kept: dict[Address, Tensor] = {}
        self._beside: list[Any] = []
        self._added = lru_cache(maxsize=FILES)(lambda lora: added(lora, loader, _config(folder), names))
        self.view = lru_cache(maxsize=VIEWS)(lambda model, worn: model._viewed(worn))

    @torch.no_grad()
    def wear(self, worn: Worn) -> None:
        """Have the networks wear exactly this."""
        if worn == self._worn:
            return
        self._worn = None  # where it fails halfway, all is done anew the next time
        for hook in self._beside:
            hook.remove()
        self._beside.clear()
        wanted: dict[Address, list[tuple[Thin, float]]] = {}
        for lora, weight in worn:
            for part, modules in self._added(lora).items():
                for name, thin in modules.items():
                    wanted.setdefault((part, name), []).append((thin, weight))
        for place in self._kept.keys() - wanted.keys():
            self._weight(place).copy_(self._kept[place])
            del self._kept[place]
        for place, thins in wanted.items():
            self._put_on(place, thins)
        self._worn = worn

    def _put_on(self, place: Address, thins: Sequence[tuple[Thin, float]]) -> None:
        weight = self._weight(place)
        if weight is None:
            module, third = self._found(place)
            self._beside.append(module.register_forward_hook(_beside(thins, third)))
            return
        before = self._kept.setdefault(place, weight.detach().to("cpu", copy=True))
        total = before.to(weight.device, torch.float32)
        for thin, share in thins:
            total = total + share * thin.product(weight)
        weight.copy_(total)

    def _weight(self, place: Address) -> Any:
        """What can be added to in place; None where the weight lies packed in memory."""
        module, third = self._found(place)
        whole: Any = module.weight
        if whole is None or type(whole.data) is not Tensor or whole.dtype not in PLAIN:
            return None
        return whole if third is None else whole.chunk(3)[third]

    def _found(self, place: Address) -> tuple[nn.Module, int | None]:
        """A module, or the one that asks for query, key and value in one product, and which third of it is meant."""
        network, name = self._networks[place[0]], place[1]
        attention, _, last = name.rpartition(".")
        joined, third = JOINED.get(last, (None, 0))
        if joined is not None and getattr(network.get_submodule(attention), last, None) is None:
            return network.get_submodule(f"{attention}.{joined}"), third
        return network.get_submodule(name), None


def _beside(thins: Sequence[tuple[Thin, float]], third: int | None) -> Any:
    """A hook that adds to what a linear layer answers, or to a third of it."""

    def hook(module: nn.Module, given: tuple[Tensor, ...], answer: Tensor) -> Tensor:
        parts = [answer] if third is None else list(answer.chunk(3, -1))
        at = third or 0
        for thin, share in thins:
            up, down = (part.to(answer.device, answer.dtype) for part in (thin.up, thin.down))
            parts[at] = parts[at] + share * (given[0] @ down.T @ up.T)
        return torch.cat(parts, -1)

    return hook


def added(lora: Lora, loader: Any, config: Any, names: Mapping[str, Collection[str]]) -> dict[str, dict[str, Thin]]:
    """What a file adds, by part and module in diffusers' names; DoesNotFit where diffusers cannot tell.

    config: of the UNet, by which kohya's names for Stable Diffusion XL are understood. names: of each part's modules.
    """
    try:
        made = loader.lora_state_dict(_tensors(lora), **({} if config is None else {"unet_config": config}))
        state = made[0] if isinstance(made, tuple) else made
        parts = dict.fromkeys(name.partition(".")[0] for name in state)
        return {part: _pairs(_of_part(state, part), names.get(part, ())) for part in parts}
    except DoesNotFit:
        raise
    except UnreadableFile as error:
        raise DoesNotFit(str(error)) from error
    except Exception as error:  # names that are no model's; the converters raise whatever they stumble over
        raise DoesNotFit(f"diffusers cannot read its names ({' '.join(str(error).split())[:120]})") from error


def check(parts: Mapping[str, Mapping[str, Thin]], shapes: Shapes) -> None:
    """DoesNotFit names the first module that the model does not have, or not of this size."""
    for part, modules in parts.items():
        for name, thin in modules.items():
            wanted = shapes.get(part, {}).get(name)
            if wanted is None:
                raise DoesNotFit(f"it changes '{part}.{name[:80]}', which is not there")
            there = (thin.up.shape[0], *thin.down.shape[1:])
            ranks = thin.down.shape[0], thin.up.flatten(1).shape[1]
            if ranks[0] != ranks[1]:
                raise DoesNotFit(f"its {part}.{name[:80]} is of rank {ranks[0]} and of rank {ranks[1]}")
            if not _alike(there, wanted):
                raise DoesNotFit(f"its {part}.{name[:80]} is {_sides(there)}, not {_sides(wanted)}")


def _alike(there: Collection[int], wanted: Collection[int]) -> bool:
    """A convolution of 1 x 1 is the same as a matrix."""
    return [side for side in there if side != 1] == [side for side in wanted if side != 1]


def _sides(shape: Collection[int]) -> str:
    return " x ".join(map(str, shape))


LARGEST = 1e9  # of what may be added to a weight; weights are near 1


def _tensors(lora: Lora) -> dict[str, Tensor]:
    """The file's tensors in fp32 with alpha / rank in them; an alpha that stands in the file becomes the rank."""
    state: dict[str, Tensor] = {}
    for module, part in lora.parts.items():
        down, up = (torch.tensor(lora.tensors[name]).float() for name in (part.down, part.up))
        if down.ndim < 2 or up.ndim < 2 or not down.numel() * up.numel():
            raise DoesNotFit(f"its {module[:80]!r} is no two matrices: train or fetch it again")
        rank = len(down)
        down = down * (1 if part.alpha is None else part.alpha / rank)
        if not rank * down.abs().max() * up.abs().max() < LARGEST:  # nor where there is a NaN
            raise DoesNotFit(f"its {module[:80]!r} is not all numbers, or far too large: train or fetch it again")
        state[part.down], state[part.up] = down, up
        if f"{module}.alpha" in lora.tensors:
            state[f"{module}.alpha"] = torch.tensor(float(rank))
    lost = next((name for name in state if any(word in name for word in UNHEARD)), None)
    if lost is not None:  # diffusers would leave it out without a word
        raise DoesNotFit(f"it changes {lost[:80]!r}, which cannot be changed here: train it without")
    return {_as_kohya(name): tensor for name, tensor in state.items()}


def _as_kohya(name: str) -> str:
    """Black Forest Labs' own module names are read by diffusers with kohya's names of the two matrices only."""
    if not BFL.search(name):
        return name
    return name.replace(".lora_A.", ".lora_down.").replace(".lora_B.", ".lora_up.")


def _of_part(state: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    inside = {name.removeprefix(f"{part}."): t for name, t in state.items() if name.startswith(f"{part}.")}
    if part.startswith("text_encoder"):  # these names were others in every version
        return convert_state_dict_to_peft(inside, StateDictType.DIFFUSERS_OLD)
    return inside if "lora_A" in next(iter(inside)) else convert_unet_state_dict_to_peft(inside)


def _pairs(state: Mapping[str, Tensor], modules: Collection[str]) -> dict[str, Thin]:
    end = ".lora_A.weight"
    names = [name.removesuffix(end) for name in state if name.endswith(end)]
    if len(state) != 2 * len(names):
        raise DoesNotFit("it holds more than pairs of matrices")
    return {_inside(name, modules): Thin(state[name + end], state[f"{name}.lora_B.weight"]) for name in names}


def _inside(name: str, names: Collection[str]) -> str:
    """Of CLIP's modules, some versions have `text_model.` before their names, and some have not."""
    bare = name.removeprefix("text_model.")
    return next((one for one in (name, bare, f"text_model.{bare}") if one in names), name)


def _config(folder: Folder) -> Any:
    return folder.config("unet") if folder.has("unet") else None
