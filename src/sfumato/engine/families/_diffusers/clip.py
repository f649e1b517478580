"""CLIP reads a prompt for Stable Diffusion: in windows, with the weights of its words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sfumato.core.card import Card
from sfumato.engine.emphasis import Weighted, weighted
from sfumato.engine.families._diffusers.windows import NONE, Window, emphasised, windows


@dataclass(frozen=True)
class Clip:
    """A tokenizer and the text model that it is for, both of transformers.

    layer: which layer's states are taken, -2 for the last but one; None: the last, through the final norm.
    """

    tokenizer: Any
    network: Any
    layer: int | None = None

    @torch.inference_mode()
    def read(self, prompt: str, card: Card, words: Mapping[str, Tensor] = NONE) -> tuple[Tensor, Tensor, str]:
        """(states (1, pieces, size), what the network gives for the first window as a whole, the unread end).

        words: of one's own, their vectors by name.
        """
        parts = weighted(prompt) if card.text.weights else [Weighted(prompt, 1.0)]
        room = self.tokenizer.model_max_length - 2
        found, unread = windows(self.tokenizer, parts, max(1, card.text.tokens // room), words)
        answers = [self._heard(one) for one in found]
        states = [said[0] if self.layer is None else said.hidden_states[self.layer] for said in answers]
        heard = [emphasised(one, window) for one, window in zip(states, found, strict=True)]
        return torch.cat(heard, 1), answers[0][0], unread

    def _heard(self, window: Window) -> Any:
        """What the network says of a window; vectors take the place of what its vocabulary has for their ids."""

        def put(module: Any, given: Any, embedded: Tensor) -> Tensor:
            for at, vector in window.vectors.items():
                embedded[:, at] = vector.to(embedded)
            return embedded

        hook = self.network.get_input_embeddings().register_forward_hook(put)
        try:
            return self.network(window.ids.to(self.network.device), output_hidden_states=True)
        finally:
            hook.remove()
