"""What steers Stable Diffusion's UNet from beside it: ControlNets, and reference pictures through IP-Adapters.

Zhang et al. 2023, https://arxiv.org/abs/2302.05543, and Ye et al. 2023, https://arxiv.org/abs/2308.06721. A ControlNet
looks at the same noisy latent, and what it says is added inside the UNet; one for many kinds of pictures is told which
it sees (https://github.com/xinsir6/ControlNetPlus). An IP-Adapter lets the UNet's attention look
at a picture's tokens too; its layers are put into the UNet for the looks that want them, and taken out again. Like all
networks beside a model they get what it left of the device, and else wait.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.models.controlnets.controlnet_union import ControlNetUnionModel
from diffusers.models.embeddings import MultiIPAdapterImageProjection
from PIL import Image
from torch import Tensor, nn
from transformers import CLIPVisionModelWithProjection

from sfumato.core.errors import DamagedWeights, UnreadableFile
from sfumato.core.wording import shown
from sfumato.engine.families import Text
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.quick import wait_anew, waiting, waits
from sfumato.engine.memory import ran_out
from sfumato.engine.painting import Latent, Row
from sfumato.engine.steering import Control, Reference, Steering
from sfumato.engine.weights.tensors import mapped

NETWORKS = 4  # that are kept loaded
EYE = "image_encoder"
UNION = {"pose": 0, "depth": 1, "softedge": 2, "canny": 3, "lineart": 3}
"""What a network for many kinds calls ours."""
MEAN, SPREAD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of the pictures that CLIP learned from, red, green, blue."""


@dataclass(frozen=True, eq=False)
class Followed:
    """A control picture and its network. image: (1, 3, height, width), 0 to 1."""

    control: Control
    network: Any
    image: Tensor

    def said(self, x: Tensor, *given: Any, **more: Any) -> Any:
        """What the network says of noisy x: (what to add on the way down, and in the middle)."""
        image, kind = torch.cat([self.image] * len(x)), {}
        if isinstance(self.network, ControlNetUnionModel):
            number = UNION[self.control.kind]
            told = torch.zeros(len(x), self.network.config["num_control_type"], device=x.device, dtype=x.dtype)
            told[:, number] = 1
            image, kind = [image], {"control_type": told, "control_type_idx": [number]}
        weight = float(self.control.weight)
        return self.network(
            x, *given, controlnet_cond=image, conditioning_scale=weight, return_dict=False, **kind, **more
        )


@dataclass(frozen=True, eq=False)
class Beside:
    """embeds: of each reference, what its encoder says of it. One object is the same for all rows that it is beside."""

    followed: tuple[Followed, ...]
    references: tuple[Reference, ...]
    embeds: tuple[Tensor, ...]


class Helpers:
    """The networks beside a UNet, loaded when first asked for. unet: diffusers' own."""

    def __init__(self, unet: Any, place: Place):
        self._unet, self._place = unet, place
        self._plain: Any = None  # the UNet's own attention, while an adapter is in
        self._adapters: tuple[Path, ...] = ()
        self._layers: nn.ModuleList | None = None  # of the adapters that are in; the ledger counts them
        self._network = lru_cache(maxsize=NETWORKS)(lambda path: opened(path, network_kind(path), place))
        self._encoder = lru_cache(maxsize=1)(lambda path: opened(_eye(path), CLIPVisionModelWithProjection, place))
        self._beside = lru_cache(maxsize=8)(self._read)

    def steered(self, text: Text, steering: Steering, wanted: bool) -> Text:
        """As a SteerableModel's. What should not be there looks at no reference."""
        return replace(text, beside=self._beside(steering, wanted or not steering.references))

    @torch.inference_mode()
    def _read(self, steering: Steering, wanted: bool) -> Beside:
        followed = [Followed(one, self._network(one.network), self._pixels(one.image)) for one in steering.controls]
        embeds = [self._embedded(one, wanted) for one in steering.references]
        return Beside(tuple(followed), steering.references, tuple(embeds))

    def _pixels(self, image: Image.Image) -> Tensor:
        unit = np.asarray(image.convert("RGB"), np.float32).transpose(2, 0, 1)[None] / 255
        return torch.from_numpy(unit).to(self._place.device, self._place.dtype)

    def _embedded(self, reference: Reference, wanted: bool) -> Tensor:
        """What CLIP says of the picture: (1, 1, size), its vector, or (1, 1, patches, size) for adapters that want all.

        Zeros, or what it says of a grey picture, where it is not wanted.
        """
        assert reference.network is not None
        encoder = self._encoder(reference.network)
        pixels = for_clip(reference.image, encoder.config.image_size).to(self._place.device, self._place.dtype)
        if "image_proj.proj.weight" in mapped(_layers(reference.network)):
            embeds = encoder(pixels).image_embeds
            return (embeds if wanted else torch.zeros_like(embeds))[None]
        seen = pixels if wanted else torch.zeros_like(pixels)
        return encoder(seen, output_hidden_states=True).hidden_states[-2][None]

    def answers(
        self,
        beside: Beside | None,
        sigma: float,
        x: Tensor,
        time: Tensor,
        states: Tensor,
        added: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """What the UNet is given of all that, as its arguments; x: scaled as it sees it."""
        self._dress(beside)
        given: dict[str, Any] = {"added_cond_kwargs": added}
        if beside is None:
            return given
        if beside.embeds:
            rows = [torch.cat([one] * len(x)) for one in beside.embeds]
            given["added_cond_kwargs"] = {**(added or {}), "image_embeds": rows}
        said = [
            one.said(x, time, encoder_hidden_states=states, added_cond_kwargs=added)
            for one in beside.followed
            if one.control.counts(sigma)
        ]
        if said:
            downs, mids = zip(*said, strict=True)
            given["down_block_additional_residuals"] = [sum(parts) for parts in zip(*downs, strict=True)]
            given["mid_block_additional_residual"] = sum(mids)
        return given

    def _dress(self, beside: Beside | None) -> None:
        """Have the UNet's attention look at the references, and at nothing else's."""
        references = beside.references if beside is not None else ()
        adapters = tuple(path for one in references if (path := one.network) is not None)
        if adapters != self._adapters:
            self._take_out()
            if adapters:
                self._put_in(adapters)
            wait_anew(self._unet)
        if adapters:
            for part in self._unet.attn_processors.values():
                if hasattr(part, "to_k_ip"):
                    part.scale = [one.weight for one in references]

    def _take_out(self) -> None:
        if self._plain is not None:
            self._unet.encoder_hid_proj = None  # first: it may have attention of its own, which would be counted
            self._unet.register_to_config(encoder_hid_dim_type=None)
            self._unet.set_attn_processor(self._plain)
            self._plain, self._adapters, self._layers = None, (), None

    def _put_in(self, adapters: tuple[Path, ...]) -> None:
        unet, states = self._unet, [adapter(path, self._place.dtype) for path in adapters]
        self._plain = dict(unet.attn_processors)
        attention = unet._convert_ip_adapter_attn_to_diffusers(states)
        seen = [unet._convert_ip_adapter_image_proj_to_diffusers(one["image_proj"]) for one in states]
        layers = [MultiIPAdapterImageProjection(seen), *(one for one in attention.values() if hasattr(one, "to_k_ip"))]
        self._layers = nn.ModuleList(layers).eval().requires_grad_(False)
        if not waits(unet):
            self._settle(self._layers, adapters[0].name)
        unet.set_attn_processor(attention)
        unet.encoder_hid_proj, self._adapters = layers[0], adapters
        unet.register_to_config(encoder_hid_dim_type="ip_image_proj")

    def _settle(self, layers: nn.ModuleList, name: str) -> None:
        """On the device, or waiting for it one by one; those of a UNet that waits itself come with its blocks."""
        if self._place.beside.has_room(layers, name, self._place.left):
            layers.to(self._place.device)
            return
        for one in layers:
            waiting(one, self._place, "leaf_level", ahead=False)


def network_kind(path: Path) -> Any:
    """The class of a ControlNet's folder, of the two that there are; what is neither fails when it is opened."""
    try:
        union = json.loads((path / "config.json").read_text(encoding="utf-8"))["_class_name"] == "ControlNetUnionModel"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        union = False
    return ControlNetUnionModel if union else ControlNetModel


def _eye(path: Path) -> Path:
    """Where the encoder of an adapter's pictures is."""
    return next((one for one in sorted(path.rglob(EYE)) if one.is_dir()), path / EYE)


def grouped(rows: Sequence[Row], look: Callable[[Sequence[Row]], list[Latent]]) -> list[Latent]:
    """Ask for rows together where their texts are as long and the same is beside all of them, else one by one.

    A row with a memory is always asked by itself.
    """
    first = rows[0].text
    if not any(row.memory for row in rows) and all(
        row.text.beside is first.beside and _length(row.text) == _length(first) for row in rows
    ):
        return look(rows)
    return [clean for row in rows for clean in look([row])]


def _length(text: Text) -> tuple[int, ...]:
    """The shape of a text's states; what else a family reads of it is of one length."""
    states = text.states
    first = states if isinstance(states, Tensor) else states[0]
    return tuple(first.shape)


def opened(path: Path, kind: Any, place: Place) -> Any:
    """A network of diffusers or transformers in a folder of its own; DamagedWeights."""
    try:
        files = sorted(path.glob("*.safetensors"))
        for file in files:
            mapped(file)
        if not files:
            raise UnreadableFile("it holds no safetensors")
        made = kind.from_pretrained(path, dtype=place.dtype, use_safetensors=True, local_files_only=True)
    except (OSError, ValueError, RuntimeError, TypeError, UnreadableFile) as error:
        if ran_out(error):
            raise
        raise DamagedWeights(
            f"the folder {shown(str(path), 120)} is no {kind.__name__} ({' '.join(str(error).split())[:160]}); "
            f"sfumato pull fetches it again"
        ) from error
    made = made.eval().requires_grad_(False)
    if not place.beside.has_room(made, path.name, place.left):
        return waiting(made, place, "leaf_level")
    return made.to(place.device)


def adapter(path: Path, dtype: torch.dtype) -> dict[str, dict[str, Tensor]]:
    """An IP-Adapter's file as diffusers wants it: what projects a picture, and the layers for attention."""
    file = _layers(path)
    tensors = mapped(file)
    state: dict[str, dict[str, Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for whole in tensors:
        part, _, name = whole.partition(".")
        if part not in state:
            raise DamagedWeights(f"{shown(str(file), 120)} is no IP-Adapter: it holds {shown(whole)}")
        state[part][name] = torch.tensor(tensors[whole]).to(dtype)
    return state


def _layers(path: Path) -> Path:
    """The file of an adapter's folder that its layers are in."""
    file = next((one for one in sorted(path.rglob("*.safetensors")) if one.parent.name != EYE), None)
    if file is None:
        raise DamagedWeights(f"the folder {shown(str(path), 120)} holds no IP-Adapter; sfumato pull fetches it again")
    return file


def laid_on_white(image: Image.Image) -> Image.Image:
    """RGB."""
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA")).convert("RGB")


def for_clip(image: Image.Image, side: int) -> Tensor:
    """A picture as CLIP sees it: its middle square, (1, 3, side, side)."""
    rgb = laid_on_white(image)
    scale = side / min(rgb.size)
    width, height = (max(side, int(length * scale)) for length in rgb.size)
    small = rgb.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - side) // 2, (height - side) // 2
    unit = np.asarray(small.crop((left, top, left + side, top + side)), np.float32) / 255
    return torch.from_numpy(
        ((unit - np.array(MEAN, np.float32)) / np.array(SPREAD, np.float32)).transpose(2, 0, 1)[None]
    )
