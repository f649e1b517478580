"""Stable Diffusion XL over diffusers' own parts: two CLIPs read the prompt, a UNet looks, an autoencoder decodes.

Podell et al. 2023, https://arxiv.org/abs/2307.01952. The UNet is told the size that a picture had before it was cropped
to be learned from, and where; it is asked for pictures that were never cropped. Latents stay on the processor in fp32,
as in families/flux.py.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import torch
from diffusers.loaders.lora_pipeline import StableDiffusionXLLoraLoaderMixin
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

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

LAYER = -2  # of each CLIP, whose states are taken: the last but one


class StableDiffusionXL(Adaptable, Wordy):
    """The loaded model. x of a row: float32 (channels, height / 8, width / 8)."""

    pipelines = ("StableDiffusionXLPipeline",)
    learned: ClassVar = {
        "unet": UNet2DConditionModel, "text_encoder": CLIPTextModel, "text_encoder_2": CLIPTextModelWithProjection,
    }  # fmt: skip
    loader = StableDiffusionXLLoraLoaderMixin
    readers = ("text_encoder", "text_encoder_2")
    rows_at_once = 1

    def __init__(self, card: Card, folder: Path, place: Place | Manner = USUAL):
        self.card = card
        self._place = place = placed(card, place, folder=folder)
        self.remark, self.needs, self.together = place.remark, place.needs, place.together
        self.beside = place.beside
        inside = Folder(card, folder, self.pipelines)
        self._clips = [
            Clip(
                inside.tokenizer("tokenizer" + nth, CLIPTokenizer),
                inside.network("text_encoder" + nth, self.learned["text_encoder" + nth], place),
                LAYER,
            )
            for nth in ("", "_2")
        ]
        self._nothing_is_zero = bool(inside.index.get("force_zeros_for_empty_prompt", True))
        self._unet = Unet(inside, place, card.noise)
        first, second = self._clips
        networks = {"unet": self._unet.network, "text_encoder": first.network, "text_encoder_2": second.network}
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
        """The states of both CLIPs side by side, and the second's vector of the prompt as a whole."""
        self._dress()
        (first, _, _), (second, whole, unread) = (
            clip.read(prompt, self.card, self._words_of(nth)) for nth, clip in enumerate(self._clips)
        )
        known = torch.cat([first, second], -1), whole
        if not prompt and self._nothing_is_zero:  # how the model was taught what no prompt is
            known = torch.zeros_like(known[0]), torch.zeros_like(known[1])
        return Text(known, unread)

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        self._dress()
        return grouped(rows, self._look)

    def _look(self, rows: Sequence[Row]) -> list[Latent]:
        states, pooled = (torch.cat(part) for part in zip(*(row.text.states for row in rows), strict=True))
        _, high, wide = rows[0].x.shape
        size = [high * self._autoencoder.reduction, wide * self._autoencoder.reduction]
        sizes = torch.tensor([[*size, 0, 0, *size]] * len(rows), device=states.device, dtype=states.dtype)
        return self._unet.look(rows, states, {"text_embeds": pooled, "time_ids": sizes})


PART = StableDiffusionXL
