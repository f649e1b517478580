"""Qwen-Image over diffusers' own parts: Qwen2.5-VL reads the prompt, a transformer looks, an autoencoder decodes.

Alibaba Qwen 2025, https://arxiv.org/abs/2508.02324. The reader is asked to describe the picture, and its last states
after that request are the text. The autoencoder is one of videos, and a picture is a video of one frame. Latents stay
on the processor in fp32, as in families/flux.py.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from diffusers.loaders.lora_pipeline import QwenImageLoraLoaderMixin
from diffusers.models.autoencoders.autoencoder_kl_qwenimage import AutoencoderKLQwenImage
from diffusers.models.transformers.transformer_qwenimage import QwenImageTransformer2DModel
from torch import Tensor
from transformers import Qwen2_5_VLForConditionalGeneration, Qwen2Tokenizer

from sfumato.core.card import Card
from sfumato.engine.families import USUAL, Manner, Text
from sfumato.engine.families._diffusers.adapting import Adaptable, Wardrobe
from sfumato.engine.families._diffusers.autoencoder import on_white, opaque
from sfumato.engine.families._diffusers.first_block import FirstBlock
from sfumato.engine.families._diffusers.folder import Folder
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.placing import placed
from sfumato.engine.families._diffusers.prompts import within
from sfumato.engine.families._diffusers.qwen_beside import QwenHelpers
from sfumato.engine.families._flux_torch import pack, unpack
from sfumato.engine.painting import Latent, Row

PATCH = 2  # latent places a side of one token
REQUEST = (
    "<|im_start|>system\nDescribe the image by detailing the color, shape, size, texture, quantity, text, spatial "
    "relationships of the objects and background:<|im_end|>\n<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
)
"""The words around a prompt, which the model was taught with."""
REQUEST_PIECES = 34  # of them before the prompt, whose states are left out


class QwenImage(Adaptable):
    """The loaded model. x of a row: float32 (channels, height / 8, width / 8), both sides even."""

    pipelines = ("QwenImagePipeline",)
    learned: ClassVar = {"transformer": QwenImageTransformer2DModel}
    loader = QwenImageLoraLoaderMixin
    rows_at_once = 1
    together = True  # for what steers all rows of a look; each is asked by itself

    def __init__(self, card: Card, folder: Path, place: Place | Manner = USUAL):
        self._place = place = placed(card, place, folder=folder)
        self.remark, self.needs = place.remark, place.needs
        self.beside = place.beside
        inside = Folder(card, folder, self.pipelines)
        self.card = inside.trained()
        self._pieces = inside.tokenizer("tokenizer", Qwen2Tokenizer)
        self._reader = inside.network("text_encoder", Qwen2_5_VLForConditionalGeneration, place)
        self._transformer = inside.network("transformer", QwenImageTransformer2DModel, place)
        self._first_block = FirstBlock(self._transformer)
        self._wardrobe = Wardrobe({"transformer": self._transformer}, self.loader, inside)
        self._autoencoder = FramesAutoencoder(inside, place)
        self.encode, self.decode = self._autoencoder.encode, self._autoencoder.decode
        self._helpers = QwenHelpers(self.encode, place)
        self.steered = self._helpers.steered
        self.read = lru_cache(maxsize=64)(self._read)

    def latent_shape(self, width: int, height: int) -> tuple[int, ...]:
        return self._autoencoder.shape(width, height)

    def tokens(self, width: int, height: int) -> int:
        side = self._autoencoder.reduction * PATCH
        return (width // side) * (height // side)

    @torch.inference_mode()
    def _read(self, prompt: str) -> Text:
        ids, unread = within(self._pieces, REQUEST, prompt, REQUEST_PIECES + self.card.text.tokens)
        said = self._reader(input_ids=ids.to(self._place.device), output_hidden_states=True)
        return Text(said.hidden_states[-1][:, REQUEST_PIECES:], unread)

    @torch.inference_mode()
    def look(self, rows: Sequence[Row]) -> list[Latent]:
        """Texts are of their own lengths, so rows are asked one by one."""
        self._dress()
        said = self._helpers.said(rows[0].text.beside, rows[0].sigma, self._given(rows[0]))
        return [self._look(row, said) for row in rows]

    def _given(self, row: Row) -> dict[str, Any]:
        """What the transformer, and what steers it, is asked with."""
        _, high, wide = row.x.shape
        return {
            "hidden_states": self._here(pack(torch.from_numpy(row.x)[None])),
            "timestep": self._here(torch.tensor([row.sigma])),
            "encoder_hidden_states": row.text.states,
            "img_shapes": [[(1, high // PATCH, wide // PATCH)]],
            "return_dict": False,
        }

    def _look(self, row: Row, said: list[Any] | None) -> Latent:
        channels, high, wide = row.x.shape
        with self._first_block.remembering(row.memory):
            velocity = self._transformer(**self._given(row), controlnet_block_samples=said)[0]
        seen = unpack(velocity.float().cpu(), channels, high, wide)[0].numpy()
        return row.x - np.float32(row.sigma) * seen

    def _here(self, x: Tensor) -> Tensor:
        return x.to(self._place.device, self._place.dtype)


class FramesAutoencoder:
    """Qwen-Image's: latent = (encoded - mean) / spread, each channel by its own; float32 (channels, high, wide)."""

    def __init__(self, folder: Folder, place: Place):
        self._network: Any = folder.network("vae", AutoencoderKLQwenImage, place)
        self._place = place
        config = self._network.config
        self.channels: int = config["z_dim"]
        self.reduction = 2 ** len(config["temperal_downsample"])
        self._mean, self._spread = (torch.tensor(config[f"latents_{name}"])[:, None, None] for name in ("mean", "std"))

    def shape(self, width: int, height: int) -> tuple[int, int, int]:
        """Of a latent, for a picture of width x height pixels."""
        return self.channels, height // self.reduction, width // self.reduction

    @torch.inference_mode()
    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """pixels: uint8 (height, width, 4), straight alpha, sRGB, laid on white."""
        mode = self._network.encode(self._here(on_white(pixels)[:, :, None]), return_dict=False)[0].mode()
        return ((mode[0, :, 0].float().cpu() - self._mean) / self._spread).numpy()

    @torch.inference_mode()
    def decode(self, latent: np.ndarray) -> np.ndarray:
        """uint8 (height, width, 4), opaque, sRGB."""
        x = torch.from_numpy(latent) * self._spread + self._mean
        return opaque(self._network.decode(self._here(x[None, :, None]), return_dict=False)[0][:, :, 0])

    def _here(self, x: Tensor) -> Tensor:
        return x.to(self._place.device, self._place.dtype)


PART = QwenImage
