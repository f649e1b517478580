"""FLUX's transformer in torch, from the weights that Pocket stores: to learn LoRA with, and to compare with.

Needs the torch extra, and is imported only when asked for.
"""

import json
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import torch
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
from torch import Tensor, nn
from torch.nn.functional import pad

from sfumato.engine.families import Text
from sfumato.engine.weights.int8 import SCALE, whole


def state(stored: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """A part's tensors in fp32, with the very numbers that its ONNX graph computes with."""
    return {name: torch.from_numpy(whole(stored, name)) for name in stored if not name.endswith(SCALE)}


class Student:
    """The network, asked as families/pocket.py asks its graph, but many at once. stored: its weights by name.

    metadata: of the weights' file; its `config` is diffusers' own.
    """

    rate = 2e-3  # for matrices of 256 to 1,280 a side; large models take a tenth of it

    def __init__(self, stored: Mapping[str, np.ndarray], metadata: Mapping[str, str]):
        network = FluxTransformer2DModel.from_config(json.loads(metadata["config"]))
        self.network = cast(FluxTransformer2DModel, network).eval()
        self.network.load_state_dict(state(stored))
        self.targets = [
            name
            for name, module in self.network.named_modules()
            if isinstance(module, nn.Linear) and "_blocks." in name
        ]

    def velocity(self, x: Tensor, sigma: Tensor, texts: Sequence[Text]) -> Tensor:
        """Texts of a batch are padded with zeros to the longest."""
        n, channels, high, wide = x.shape
        states, pooled = gathered(texts)
        guidance = torch.ones(n) if self.network.config["guidance_embeds"] else None
        answer = self.network(
            hidden_states=pack(x),
            timestep=sigma,
            guidance=guidance,
            encoder_hidden_states=states,
            pooled_projections=pooled,
            txt_ids=torch.zeros(states.shape[1], 3),
            img_ids=places(high // 2, wide // 2),
            return_dict=False,
        )[0]
        return unpack(answer, channels, high, wide)


def gathered(texts: Sequence[Text]) -> tuple[Tensor, Tensor]:
    """Texts as a batch: (n, tokens, size) states, and (n, size) pooled."""
    states, pooled = zip(*(map(torch.from_numpy, text.states) for text in texts), strict=True)
    most = max(part.shape[1] for part in states)
    return torch.cat([pad(part, (0, 0, 0, most - part.shape[1])) for part in states]), torch.cat(pooled)


def pack(x: Tensor) -> Tensor:
    """(n, c, h, w) to tokens (n, h/2 * w/2, 4 c), as families/pocket.py does one."""
    n, c, h, w = x.shape
    return x.view(n, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(n, h // 2 * w // 2, c * 4)


def unpack(tokens: Tensor, c: int, h: int, w: int) -> Tensor:
    return tokens.view(-1, h // 2, w // 2, c, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(-1, c, h, w)


def places(rows: int, columns: int) -> Tensor:
    """FLUX's ids of a picture: (0, row, column) for each token."""
    ids = torch.zeros(rows, columns, 3)
    ids[..., 1], ids[..., 2] = torch.arange(rows)[:, None], torch.arange(columns)[None]
    return ids.view(-1, 3)
