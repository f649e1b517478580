"""What steers FLUX.1 beside its text: ControlNets, Redux, and what Fill, Canny, Depth and Kontext are told.

Black Forest Labs 2024 and 2025, https://github.com/black-forest-labs/flux. Fill and the control models have more
channels to each token of the picture: of what is around the mask and the mask itself, or of the control picture.
Kontext has the tokens of another picture behind those of its own. Redux puts a picture behind the prompt, as words.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.controlnets.controlnet_flux import FluxControlNetModel
from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder
from PIL import Image
from torch import Tensor
from transformers import SiglipVisionModel

from sfumato.core.card import Card
from sfumato.engine.families import Text
from sfumato.engine.families._diffusers.autoencoder import Autoencoder
from sfumato.engine.families._diffusers.beside import NETWORKS, laid_on_white, opened
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._flux_torch import pack, places
from sfumato.engine.steering import Control, Reference, Steering

PATCH = 2  # latent places a side of one token


@dataclass(frozen=True, eq=False)
class Followed:
    """A control picture and its network. seen: the picture's latent as tokens, or its pixels for some networks."""

    control: Control
    network: Any
    seen: Tensor


@dataclass(frozen=True, eq=False)
class FluxBeside:
    """channels: (1, tokens, n), more of each token. tokens, ids: of another picture, behind one's own."""

    followed: tuple[Followed, ...]
    channels: Tensor | None
    tokens: Tensor | None
    ids: Tensor | None


class FluxHelpers:
    """The networks beside FLUX, loaded when first asked for. channels: how many each token has beyond its latent's."""

    def __init__(self, card: Card, autoencoder: Autoencoder, place: Place):
        self._card, self._autoencoder, self._place = card, autoencoder, place
        self._network = lru_cache(maxsize=NETWORKS)(lambda path: opened(path, FluxControlNetModel, place))
        self._redux = lru_cache(maxsize=1)(lambda path: Redux(path, place))
        self._beside = lru_cache(maxsize=8)(self._read)

    @property
    def channels(self) -> int:
        latent, mask = self._autoencoder.channels * PATCH**2, self._autoencoder.reduction**2 * PATCH**2
        if "fill" in self._card.operations:
            return latent + mask
        return latent if self._card.control_by == "channels" else 0

    def steered(self, text: Text, steering: Steering, wanted: bool) -> Text:
        """As a SteerableModel's. What should not be there sees no reference as words."""
        states, pooled = text.states
        if wanted and self._card.references == "network":
            more = [self._redux(one.network).words(one) for one in steering.references]
            states = torch.cat([states, *more], 1)
        return replace(text, states=(states, pooled), beside=self._beside(steering))

    @torch.inference_mode()
    def _read(self, steering: Steering) -> FluxBeside:
        channels, followed = None, ()
        if self._card.control_by == "channels":
            channels = self._latent(steering.controls[0].image)
        else:
            followed = tuple(self._followed(one) for one in steering.controls)
        if "fill" in self._card.operations:
            channels = self._around(steering)
        shown = self._shown(steering)
        if shown is None:
            return FluxBeside(followed, channels, None, None)
        tokens = self._latent(shown)
        side = self._autoencoder.reduction * PATCH
        ids = places(shown.height // side, shown.width // side)
        ids[:, 0] = 1  # another picture than the one that is painted
        return FluxBeside(followed, channels, tokens, ids.to(self._place.device))

    def _followed(self, control: Control) -> Followed:
        network = self._network(control.network)
        if network.input_hint_block is None:
            return Followed(control, network, self._latent(control.image))
        return Followed(control, network, self._pixels(control.image))

    def _shown(self, steering: Steering) -> Image.Image | None:
        """The picture that Kontext looks at: what it is to change, or a reference; at about the size that it paints."""
        if "instruct" in self._card.operations and steering.start is not None:
            return steering.start
        if self._card.references != "tokens" or not steering.references:
            return None
        image, side = steering.references[0].image, self._autoencoder.reduction * PATCH
        scale = self._card.sizes.best / (image.width * image.height) ** 0.5
        size = tuple(max(1, round(length * scale / side)) * side for length in image.size)
        return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)

    def _around(self, steering: Steering) -> Tensor:
        """Fill's: the latent of what the mask leaves, grey under it, and the mask, a number for each pixel."""
        assert steering.start is not None and steering.mask is not None
        free = torch.from_numpy((np.asarray(steering.mask) > 0).astype(np.float32))
        left = self._pixels(steering.start) * (1 - free).to(self._place.device, self._place.dtype)
        r = self._autoencoder.reduction
        high, wide = free.shape
        planes = free.view(high // r, r, wide // r, r).permute(1, 3, 0, 2).reshape(1, r * r, high // r, wide // r)
        parts = torch.from_numpy(self._autoencoder.encoded(left))[None], planes
        return torch.cat([self._here(pack(part)) for part in parts], -1)

    def _pixels(self, image: Image.Image) -> Tensor:
        """(1, 3, height, width), -1 to 1."""
        unit = np.asarray(laid_on_white(image), np.float32).transpose(2, 0, 1)[None] / 255
        return self._here(torch.from_numpy(unit * 2 - 1))

    def _latent(self, image: Image.Image) -> Tensor:
        """As tokens, (1, n, size)."""
        return self._here(pack(torch.from_numpy(self._autoencoder.encode(np.asarray(image.convert("RGBA"))))[None]))

    def _here(self, x: Tensor) -> Tensor:
        return x.to(self._place.device, self._place.dtype)

    def answers(self, beside: FluxBeside | None, sigma: float, given: dict[str, Any]) -> dict[str, Any]:
        """The transformer's arguments with all that in them."""
        if beside is None:
            return given
        rows = len(given["hidden_states"])
        given = {**given, **self._followed_by(beside, sigma, given)}
        if beside.channels is not None:
            given["hidden_states"] = torch.cat([given["hidden_states"], beside.channels.expand(rows, -1, -1)], 2)
        if beside.tokens is not None:
            given["hidden_states"] = torch.cat([given["hidden_states"], beside.tokens.expand(rows, -1, -1)], 1)
            given["img_ids"] = torch.cat([given["img_ids"], beside.ids])  # type: ignore[list-item]
        return given

    def _followed_by(self, beside: FluxBeside, sigma: float, given: dict[str, Any]) -> dict[str, Any]:
        """What the ControlNets say, added up."""
        rows, blocks, singles, repeat = len(given["hidden_states"]), [], [], False
        for one in beside.followed:
            if not one.control.counts(sigma):
                continue
            guided = one.network.config["guidance_embeds"]
            answer = one.network(
                **{**given, "guidance": given["guidance"] if guided else None},
                controlnet_cond=one.seen.expand(rows, *one.seen.shape[1:]), conditioning_scale=one.control.weight,
            )  # fmt: skip
            blocks.append(answer[0])
            singles.append(answer[1])
            repeat = repeat or one.network.input_hint_block is not None
        said: dict[str, Any] = {"controlnet_blocks_repeat": repeat} if blocks else {}
        for name, parts in (("controlnet_block_samples", blocks), ("controlnet_single_block_samples", singles)):
            if there := [part for part in parts if part]:
                said[name] = [sum(each) for each in zip(*there, strict=True)]
        return said


class Redux:
    """Reads a picture into words of FLUX: SigLIP sees it, and two layers say it as T5 would."""

    def __init__(self, path: Path, place: Place):
        self._place = place
        self._eye = opened(path / "image_encoder", SiglipVisionModel, place)
        self._tongue = opened(path / "image_embedder", ReduxImageEncoder, place)

    @torch.inference_mode()
    def words(self, reference: Reference) -> Tensor:
        """(1, patches, size of a word), times the weight."""
        side = self._eye.config.image_size
        seen = laid_on_white(reference.image).resize((side, side), Image.Resampling.LANCZOS)
        unit = np.asarray(seen, np.float32).transpose(2, 0, 1)[None] / 255
        x = torch.from_numpy(unit * 2 - 1).to(self._place.device, self._place.dtype)
        return self._tongue(self._eye(x).last_hidden_state).image_embeds * reference.weight
