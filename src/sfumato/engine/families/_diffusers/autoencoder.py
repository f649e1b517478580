"""Pixels to latents and back, by an autoencoder of diffusers; shift and scale are what its own config says."""

from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor

from sfumato.engine.families._diffusers.folder import Folder
from sfumato.engine.families._diffusers.place import Place


class Autoencoder:
    """latent = (encoded - shift) * scale, float32 (channels, height / reduction, width / reduction)."""

    def __init__(self, folder: Folder, place: Place):
        network: Any = folder.network("vae", AutoencoderKL, place)
        if network.config["force_upcast"] and place.dtype == torch.float16:  # its values grow beyond what fp16 holds
            place = Place(place.device, torch.float32)
            network = network.to(place.dtype)
        if place.device.type == "cuda":  # convolutions of 16-bit numbers are quickest with the channels last
            network = network.to(memory_format=torch.channels_last)
        self._network, self._place = network, place
        self.channels: int = network.config["latent_channels"]
        self.reduction = 2 ** (len(network.config["block_out_channels"]) - 1)
        self._scale: float = network.config["scaling_factor"]
        self._shift: float = network.config["shift_factor"] or 0.0

    def shape(self, width: int, height: int) -> tuple[int, int, int]:
        """Of a latent, for a picture of width x height pixels."""
        return self.channels, height // self.reduction, width // self.reduction

    @torch.inference_mode()
    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """pixels: uint8 (height, width, 4), straight alpha, sRGB, laid on white, for these models know no alpha."""
        return self.encoded(on_white(pixels))

    @torch.inference_mode()
    def encoded(self, pixels: Tensor) -> np.ndarray:
        """The same of float (1, 3, height, width), -1 to 1."""
        mode = self._network.encode(self._here(pixels), return_dict=False)[0].mode()
        return ((mode.float() - self._shift) * self._scale)[0].cpu().numpy()

    @torch.inference_mode()
    def decode(self, latent: np.ndarray) -> np.ndarray:
        """uint8 (height, width, 4), straight alpha, opaque, sRGB."""
        x = self._here(torch.from_numpy(latent)[None] / self._scale + self._shift)
        return opaque(self._network.decode(x, return_dict=False)[0])

    def _here(self, x: Tensor) -> Tensor:
        return x.to(self._place.device, self._place.dtype)


def on_white(pixels: np.ndarray) -> Tensor:
    """uint8 (height, width, 4), straight alpha, to float32 (1, 3, height, width), -1 to 1, laid on white."""
    straight = pixels.astype(np.float32) / 255
    alpha = straight[..., 3:]
    unit = straight[..., :3] * alpha + (1 - alpha)
    return torch.from_numpy(unit.transpose(2, 0, 1)[None] * 2 - 1)


def opaque(made: Tensor) -> np.ndarray:
    """(1, 3, height, width), -1 to 1, to uint8 (height, width, 4); rounded where it was made, to bring back less.

    FloatingPointError where it is no numbers.
    """
    if not made.isfinite().all():
        raise FloatingPointError
    unit = (made[0].float() / 2 + 0.5).clamp(0, 1)
    rgb = (unit * 255).round().to(torch.uint8).permute(1, 2, 0)
    return torch.cat([rgb, torch.full_like(rgb[..., :1], 255)], -1).cpu().numpy()
