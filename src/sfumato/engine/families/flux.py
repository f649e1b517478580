"""FLUX.1 over diffusers' own parts: CLIP and T5 read the prompt, a transformer looks, an autoencoder decodes.

Black Forest Labs 2024, https://github.com/black-forest-labs/flux. CLIP gives one vector for the whole prompt, T5 the
tokens that the picture's attend to. Latents stay on the processor in fp32, whatever the device is, so that samplers
compute the same everywhere; they are a thousandth of the work.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
import torch
from diffusers.loaders.lora_pipeline import FluxLoraLoaderMixin
from diffusers.models.transformers.transformer_flux import FluxTransformer2DModel
from transformers import CLIPTextModel, CLIPTokenizer, T5EncoderModel, T5Tokenizer

from sfumato.core.card import Card
from sfumato.engine.families import USUAL, Manner, Text
from sfumato.engine.families._diffusers.adapting import Adaptable, Wardrobe
from sfumato.engine.families._diffusers.autoencoder import Autoencoder
from sfumato.engine.families._diffusers.beside import grouped
from sfumato.engine.families._diffusers.first_block import FirstBlock
from sfumato.engine.families._diffusers.flux_beside import FluxHelpers
from sfumato.engine.families._diffusers.folder import Folder
from sfumato.engine.families._diffusers.place import Place
from sfumato.engine.families._diffusers.placing import placed
from sfumato.engine.families._diffusers.prompts import pieces
from sfumato.engine.families._flux_torch import pack, places, unpack
from sfumato.engine.painting import Latent, Row

PATCH = 2  # latent places a side of one token


class Flux(Adaptable):
    """The loaded model. x of a row: float32 (channels, height / 8, width / 8), both sides even."""

    pipelines = ("FluxPipeline", "FluxFillPipeline", "FluxControlPipeline", "FluxKontextPipeline")
    learned: ClassVar = {"transformer": FluxTransformer2DModel, "text_encoder": CLIPTextModel}
    loader = FluxLoraLoaderMixin
    rows_at_once = 1

    def __init__(self, card: Card, folder: Path, place: Place | Manner = USUAL):
        self._place = place = placed(card, place, folder=folder)
        self.remark, self.needs, self.together = place.remark, place.needs, place.together
        self.beside = place.beside
        inside = Folder(card, folder, self.pipelines)
        self.card = inside.trained()
        self._clip_pieces = inside.tokenizer("tokenizer", CLIPTokenizer)
        self._t5_pieces = inside.tokenizer("tokenizer_2", T5Tokenizer)
        self._clip = inside.network("text_encoder", CLIPTextModel, place)
        self._t5 = inside.network("text_encoder_2", T5EncoderModel, place)
        self._transformer = inside.network("transformer", FluxTransformer2DModel, place)
        self._first_block = FirstBlock(self._transformer)
        self._wardrobe = Wardrobe({"transformer": self._transformer, "text_encoder": self._clip}, self.loader, inside)
        self._autoencoder = Autoencoder(inside, place)
        self.encode, self.decode = self._autoencoder.encode, self._autoencoder.decode
        self._helpers = FluxHelpers(self.card, self._autoencoder, place)
        self.steered = self._helpers.steered
        wanted = self._autoencoder.channels * PATCH**2 + self._helpers.channels
        if (there := self._transformer.config["in_channels"]) != wanted:
            raise inside.wrong(f"its transformer takes {there} channels, where what the card says makes {wanted}")
        self.read = lru_cache(maxsize=64)(self._read)

    def latent_shape(self, width: int, height: int) -> tuple[int, ...]:
        return self._autoencoder.shape(width, height)

    def tokens(self, width: int, height: int) -> int:
        side = self._autoencoder.reduction * PATCH
        return (width // side) * (height // side)

    @torch.inference_mode()
    def _read(self, prompt: str) -> Text:
        """T5 reads as many pieces as the card says; CLIP, of which the whole counts, the first 77."""
        self._dress()
        ids, unread = pieces(self._t5_pieces, prompt, self.card.text.tokens)
        states = self._t5(ids.to(self._place.device))[0]
        ids, _ = pieces(self._clip_pieces, prompt, self._clip_pieces.model_max_length)
        return Text((states, self._clip(ids.to(self._place.device)).pooler_output), unread)

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        self._dress()
        return grouped(rows, self._look)

    @torch.inference_mode()
    def _look(self, rows: Sequence[Row]) -> list[Latent]:
        x = torch.from_numpy(np.stack([row.x for row in rows]))
        _, channels, high, wide = x.shape
        tokens = high // PATCH * (wide // PATCH)
        states, pooled = (torch.cat(part) for part in zip(*(row.text.states for row in rows), strict=True))
        guidance = torch.tensor([1.0 if row.guidance is None else row.guidance for row in rows])
        given = {
            "hidden_states": self._here(pack(x)),
            "timestep": torch.tensor([row.sigma for row in rows], device=self._place.device),
            "guidance": guidance.to(self._place.device) if self._transformer.config["guidance_embeds"] else None,
            "encoder_hidden_states": states,
            "pooled_projections": pooled,
            "txt_ids": torch.zeros(states.shape[1], 3, device=self._place.device),
            "img_ids": places(high // PATCH, wide // PATCH).to(self._place.device),
            "return_dict": False,
        }
        given = self._helpers.answers(rows[0].text.beside, rows[0].sigma, given)
        with self._first_block.remembering(rows[0].memory):
            velocity = self._transformer(**given)[0]
        seen = unpack(velocity[:, :tokens].float().cpu(), channels, high, wide).numpy()
        return [row.x - np.float32(row.sigma) * one for row, one in zip(rows, seen, strict=True)]

    def _here(self, x: torch.Tensor) -> torch.Tensor:
        return x.to(self._place.device, self._place.dtype)


PART = Flux
