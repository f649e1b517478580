"""Z-Image over diffusers' own parts: Qwen3 reads the prompt, one stream of tokens looks, an autoencoder decodes.

Alibaba Tongyi 2025, https://arxiv.org/abs/2511.22699. Text and picture go through the same blocks; the model is told
how much of the picture is there, 1 - sigma, and answers the way from noise to picture. Latents stay on the processor in
fp32, as in families/flux.py.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from diffusers.loaders.lora_pipeline import ZImageLoraLoaderMixin
from diffusers.models.transformers.transformer_z_image import ZImageTransformer2DModel
from transformers import Qwen2Tokenizer, Qwen3Model

from sfumato.core.card import Card
from sfumato.engine.families import USUAL, Manner, Text
from sfumato.engine.families._diffusers.adapting import Adaptable, Wardrobe
from sfumato.engine.families._diffusers.autoencoder import Autoencoder
from sfumato.engine.families._diffusers.first_block import FirstBlock
from sfumato.engine.families._diffusers.folder import Folder
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.placing import placed
from sfumato.engine.families._diffusers.prompts import within
from sfumato.engine.painting import Latent, Row

PATCH = 2  # latent places a side of one token
LAYER = -2  # of the reader, whose states are taken: the last but one
CHAT = "<|im_start|>user\n{}<|im_end|>\n<|im_start|>assistant\n"
"""The words around a prompt: Qwen3's form of a question. They stand here, so that no template of a folder is run."""


class ZImage(Adaptable):
    """The loaded model. x of a row: float32 (channels, height / 8, width / 8), both sides even."""

    pipelines = ("ZImagePipeline",)
    learned: ClassVar = {"transformer": ZImageTransformer2DModel}
    loader = ZImageLoraLoaderMixin
    rows_at_once = 1

    def __init__(self, card: Card, folder: Path, place: Place | Manner = USUAL):
        self._place = place = placed(card, place, folder=folder)
        self.remark, self.needs, self.together = place.remark, place.needs, place.together
        inside = Folder(card, folder, self.pipelines)
        self.card = inside.trained()
        self._pieces = inside.tokenizer("tokenizer", Qwen2Tokenizer)
        self._reader = inside.network("text_encoder", Qwen3Model, place)
        self._transformer = inside.network("transformer", ZImageTransformer2DModel, place)
        self._first_block = FirstBlock(self._transformer)
        self._wardrobe = Wardrobe({"transformer": self._transformer}, self.loader, inside)
        self._autoencoder = Autoencoder(inside, place)
        self.encode, self.decode = self._autoencoder.encode, self._autoencoder.decode
        self.read = lru_cache(maxsize=64)(self._read)

    def latent_shape(self, width: int, height: int) -> tuple[int, ...]:
        return self._autoencoder.shape(width, height)

    def tokens(self, width: int, height: int) -> int:
        side = self._autoencoder.reduction * PATCH
        return (width // side) * (height // side)

    @torch.inference_mode()
    def _read(self, prompt: str) -> Text:
        """The card's count of pieces is that of the whole question."""
        ids, unread = within(self._pieces, CHAT, prompt, self.card.text.tokens)
        said = self._reader(input_ids=ids.to(self._place.device), output_hidden_states=True)
        return Text(said.hidden_states[LAYER][0], unread)

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        self._dress()
        if any(row.memory for row in rows):
            return [clean for row in rows for clean in self._look([row])]
        return self._look(rows)

    @torch.inference_mode()
    def _look(self, rows: Sequence[Row]) -> list[Latent]:
        with self._first_block.remembering(rows[0].memory):
            answers = self._transformer(
                [torch.from_numpy(row.x)[:, None].to(self._place.device, self._place.dtype) for row in rows],
                torch.tensor([1 - row.sigma for row in rows], device=self._place.device),
                [row.text.states for row in rows],
                return_dict=False,
            )[0]
        ways = [answer[:, 0].float().cpu().numpy() for answer in answers]
        return [row.x + np.float32(row.sigma) * way for row, way in zip(rows, ways, strict=True)]


PART = ZImage
