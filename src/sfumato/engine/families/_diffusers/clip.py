"""CLIP reads a prompt for Stable Diffusion: in windows, with the weights of its words."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sfumato.core.card import Card
from sfumato.engine.emphasis import Weighted, weighted
from sfumato.engine.families._diffusers.windows import emphasised, windows


@dataclass(frozen=True)
class Clip:
    """A tokenizer and the text model that it is for, both of transformers.

    layer: which layer's states are taken, -2 for the last but one; None: the last, through the final norm.
    """

    tokenizer: Any
    network: Any
    layer: int | None = None

    @torch.inference_mode()
    def read(self, prompt: str, card: Card) -> tuple[Tensor, Tensor, str]:
        """(states (1, pieces, size), what the network gives for the first window as a whole, the unread end)."""
        parts = weighted(prompt) if card.text.weights else [Weighted(prompt, 1.0)]
        room = self.tokenizer.model_max_length - 2
        found, unread = windows(self.tokenizer, parts, max(1, card.text.tokens // room))
        answers = [self.network(one.ids.to(self.network.device), output_hidden_states=True) for one in found]
        states = [said[0] if self.layer is None else said.hidden_states[self.layer] for said in answers]
        heard = [emphasised(one, window) for one, window in zip(states, found, strict=True)]
        return torch.cat(heard, 1), answers[0][0], unread
