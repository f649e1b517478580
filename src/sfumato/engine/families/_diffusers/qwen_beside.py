"""What steers Qwen-Image beside its text: ControlNets, as those of InstantX, https://github.com/instantX-research.

A network sees the control picture's latent as tokens beside those of the noisy one; what it says is added behind the
model's blocks. As in its makers' pipeline it is asked with the wanted prompt alone, once a look, and the unwanted
prompt is given the same answer.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from diffusers.models.controlnets.controlnet_qwenimage import QwenImageControlNetModel
from PIL import Image
from torch import Tensor

from sfumato.engine.families import Text
from sfumato.engine.families._diffusers.beside import NETWORKS, opened
from sfumato.engine.families._diffusers.flux_beside import Followed
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._flux_torch import pack
from sfumato.engine.steering import Steering


@dataclass(frozen=True, eq=False)
class QwenBeside:
    """The control pictures of a painting."""

    followed: tuple[Followed, ...]


class QwenHelpers:
    """The networks beside Qwen-Image, loaded when first asked for. encode: pixels to a latent, as a Model's."""

    def __init__(self, encode: Callable[[np.ndarray], np.ndarray], place: Place):
        self._encode, self._place = encode, place
        self._network = lru_cache(maxsize=NETWORKS)(lambda path: opened(path, QwenImageControlNetModel, place))
        self._beside = lru_cache(maxsize=8)(self._read)

    def steered(self, text: Text, steering: Steering, wanted: bool) -> Text:
        return replace(text, beside=self._beside(steering))

    def _read(self, steering: Steering) -> QwenBeside:
        return QwenBeside(
            tuple(Followed(one, self._network(one.network), self._latent(one.image)) for one in steering.controls)
        )

    def _latent(self, image: Image.Image) -> Tensor:
        """As tokens, (1, n, size)."""
        latent = self._encode(np.asarray(image.convert("RGBA")))
        return pack(torch.from_numpy(latent)[None]).to(self._place.device, self._place.dtype)

    @torch.inference_mode()
    def said(self, beside: QwenBeside | None, sigma: float, given: dict[str, Any]) -> list[Any] | None:
        """What the networks say, added up; None where none counts. given: the transformer's arguments."""
        answers = [
            one.network(**given, controlnet_cond=one.seen, conditioning_scale=one.control.weight)
            for one in (() if beside is None else beside.followed)
            if one.control.counts(sigma)
        ]
        return [sum(parts) for parts in zip(*answers, strict=True)] if answers else None
