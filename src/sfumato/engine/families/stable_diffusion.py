"""Stable Diffusion 1 and 2 over diffusers' own parts: CLIP reads the prompt, a UNet looks, an autoencoder decodes.

Rombach et al. 2022, https://arxiv.org/abs/2112.10752. Latents stay on the processor in fp32, as in families/flux.py.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import torch
from diffusers.loaders.lora_pipeline import StableDiffusionLoraLoaderMixin
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

from sfumato.core.card import Card
from sfumato.engine.families import USUAL, Manner, Text
from sfumato.engine.families._diffusers.adapting import Adaptable, Wardrobe
from sfumato.engine.families._diffusers.autoencoder import Autoencoder
from sfumato.engine.families._diffusers.beside import grouped
from sfumato.engine.families._diffusers.clip import Clip
from sfumato.engine.families._diffusers.folder import Folder
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.placing import placed
from sfumato.engine.families._diffusers.unet import Unet
from sfumato.engine.families._diffusers.wordy import Wordy
from sfumato.engine.painting import Latent, Row


class StableDiffusion(Adaptable, Wordy):
    """The loaded model. x of a row: float32 (channels, height / 8, width / 8)."""

    pipelines = ("StableDiffusionPipeline",)
    learned: ClassVar = {"unet": UNet2DConditionModel, "text_encoder": CLIPTextModel}
    loader = StableDiffusionLoraLoaderMixin
    rows_at_once = 1

    def __init__(self, card: Card, folder: Path, place: Place | Manner = USUAL):
        self.card = card
        self._place = place = placed(card, place, folder=folder)
        self.remark, self.needs, self.together = place.remark, place.needs, place.together
        self.beside = place.beside
        inside = Folder(card, folder, self.pipelines)
        self._clip = Clip(
            inside.tokenizer("tokenizer", CLIPTokenizer), inside.network("text_encoder", CLIPTextModel, place)
        )
        self._unet = Unet(inside, place, card.noise)
        networks = {"unet": self._unet.network, "text_encoder": self._clip.network}
        self.steered = self._unet.helpers.steered
        self._wardrobe = Wardrobe(networks, self.loader, inside)
        self._autoencoder = Autoencoder(inside, place)
        self.encode, self.decode = self._autoencoder.encode, self._autoencoder.decode
        self.read = lru_cache(maxsize=256)(self._read)

    def latent_shape(self, width: int, height: int) -> tuple[int, ...]:
        return self._autoencoder.shape(width, height)

    def tokens(self, width: int, height: int) -> int:
        _, high, wide = self.latent_shape(width, height)
        return high * wide

    def _read(self, prompt: str) -> Text:
        self._dress()
        states, _, unread = self._clip.read(prompt, self.card, self._words_of(0))
        return Text(states, unread)

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        self._dress()
        return grouped(rows, self._look)

    def _look(self, rows: Sequence[Row]) -> list[Latent]:
        return self._unet.look(rows, torch.cat([row.text.states for row in rows]))


PART = StableDiffusion
