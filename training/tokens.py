"""Between pixels, latents and the transformer's tokens, in torch; and painting with a model that is still learning.

z = (latent - shift) * scale; x_t = (1 - t) z + t noise; the model answers noise - z at timestep t in 0..1 (rectified
flow, Liu et al. 2022, https://arxiv.org/abs/2209.03003).
"""

from itertools import pairwise

import numpy as np
import torch
from diffusers import AutoencoderKL, FluxTransformer2DModel
from torch import Tensor

Text = tuple[Tensor, Tensor]
"""Token states (n, tokens, 384) and pooled vector (n, 384)."""


def pack(z: Tensor) -> Tensor:
    """(n, 16, h, w) to tokens (n, h/2 * w/2, 64), each 2 x 2 block in the order (channel, row, column)."""
    n, c, h, w = z.shape
    return z.view(n, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(n, h // 2 * w // 2, c * 4)


def unpack(x: Tensor, h: int, w: int) -> Tensor:
    n, _, c = x.shape
    return x.view(n, h // 2, w // 2, c // 4, 2, 2).permute(0, 3, 1, 4, 2, 5).reshape(n, c // 4, h, w)


def places(h: int, w: int) -> Tensor:
    """Row and column of each token, in places 1 and 2 of FLUX's ids."""
    ids = torch.zeros(h // 2, w // 2, 3)
    ids[..., 1], ids[..., 2] = torch.arange(h // 2)[:, None], torch.arange(w // 2)[None]
    return ids.view(-1, 3)


def look(
    model: FluxTransformer2DModel, x: Tensor, t: Tensor, text: Text, ids: Tensor, guidance: Tensor | None = None
) -> Tensor:
    """The model's velocity; x: (n, tokens, 64); t: (n,) in 0..1; guidance: (n,), for a model that takes it."""
    states, pooled = text
    with torch.autocast(x.device.type, torch.bfloat16, enabled=x.device.type == "cuda"):
        answer = model(
            hidden_states=x,
            timestep=t,
            encoder_hidden_states=states,
            pooled_projections=pooled,
            txt_ids=torch.zeros(states.shape[1], 3, device=x.device),
            img_ids=ids,
            guidance=guidance,
            return_dict=False,
        )[0]
    return answer.float()


@torch.no_grad()
def paint(model, x: Tensor, text: Text, ids: Tensor, guidance: float, steps: int, empty: Text | None = None) -> Tensor:
    """Tokens of pictures by Euler's equal steps from noise x.

    guidance goes into the model as a number; or, with `empty`, the text of nothing, it is made of two looks.
    """
    strength = None if empty else torch.full((len(x),), guidance, device=x.device)
    for now, later in pairwise(torch.linspace(1, 0, steps + 1).tolist()):
        t = torch.full((len(x),), now, device=x.device)
        velocity = look(model, x, t, text, ids, strength)
        if empty:
            without = look(model, x, t, empty, ids)
            velocity = without + guidance * (velocity - without)
        x = x + (later - now) * velocity
    return x


@torch.no_grad()
def to_pixels(x: Tensor, h: int, vae: AutoencoderKL) -> np.ndarray:
    """Tokens of squares, h latent places a side, as uint8 premultiplied pictures (n, side, side, 4)."""
    z = unpack(x, h, h).float() / vae.config.scaling_factor + vae.config.shift_factor
    pixels = torch.cat([vae.decode(part.to(vae.device)).sample.cpu() for part in z.split(10)])
    return ((pixels.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
