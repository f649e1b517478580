"""Fakes to test with, for our own tests and for those of plug-ins: real parts made tiny, not mocks.

model = GaussianModel(rows_at_once=8)
events = list(run(plan(Order(prompt="any"), model.card).recipes, lambda name: model, exports.save))
"""

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from sfumato.core.card import Card
from sfumato.engine.families import Text
from sfumato.engine.painting import Latent, Row

SPREAD = 0.5  # of the pictures a GaussianModel knows, around its prompt's mean
REDUCTION = 8  # pixels a side of one latent place


def tiny_card(**changes: Any) -> Card:
    """The card of a model that is not there; changes: fields as in a card file."""
    fields = {
        "name": "gaussian",
        "title": "Gaussian",
        "about": "a model for tests",
        "knows": "one grey for each prompt",
        "lacks": "all else",
        "family": "gaussian",
        "licence": "Apache-2.0",
        "commercial": True,
        "parameters": 1,
        "operations": ["text-to-image"],
        "guidance_kind": "classifier-free",
        "guidance": {"low": 1, "high": 20, "default": 3},
        "steps": {"low": 1, "high": 1000, "default": 4},
        "sampler": "euler",
        "schedule": "flow",
        "text": {"tokens": 8, "negative": True},
        "sizes": {"multiple": 8, "low": 8, "high": 1024, "best": 64, "default": [16, 16]},
        "noise": {"scale": "flow"},
        "files": [{"name": "none", "sha256": "0" * 64}],
    }
    return Card.model_validate(fields | changes)


class GaussianModel:
    """A Model whose pictures of a prompt are one Gaussian, N(mean of the prompt, SPREAD^2), so that each look is exact.

    On the exact path noise z at level 1 of a flow ends at mean + SPREAD * z. asked: every call of look so far, as the
    rows it was given. Latents are float32 (1, height / 8, width / 8).
    """

    def __init__(self, card: Card | None = None, rows_at_once: int = 1):
        self.card = card or tiny_card()
        self.rows_at_once = rows_at_once
        self.asked: list[list[Row]] = []

    def latent_shape(self, width: int, height: int) -> tuple[int, ...]:
        return 1, height // REDUCTION, width // REDUCTION

    def tokens(self, width: int, height: int) -> int:
        return width // REDUCTION * (height // REDUCTION)

    def read(self, prompt: str) -> Text:
        """The mean, -1 to 1, made of the letters; words beyond the card's tokens are not read."""
        words = prompt.split()
        read, unread = words[: self.card.text.tokens], words[self.card.text.tokens :]
        return Text(sum(map(ord, " ".join(read))) % 201 / 100 - 1 if read else 0.0, " ".join(unread))

    def encode(self, pixels: np.ndarray) -> Latent:
        high, wide = pixels.shape[0] // REDUCTION, pixels.shape[1] // REDUCTION
        blocks = pixels[..., 0].reshape(high, REDUCTION, wide, REDUCTION).mean((1, 3), dtype=np.float32)
        return (blocks / 255 * 4 - 2)[None]

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        self.asked.append(list(rows))
        return [self._clean(row) for row in rows]

    def decode(self, latent: Latent) -> np.ndarray:
        grey = ((latent[0] + 2) / 4 * 255).clip(0, 255).round().astype(np.uint8)
        grey = grey.repeat(REDUCTION, 0).repeat(REDUCTION, 1)
        return np.stack([grey, grey, grey, np.full_like(grey, 255)], -1)

    def _clean(self, row: Row) -> Latent:
        """The mean of all pictures that could be behind x, by Bayes' rule."""
        signal = 1 - row.sigma if self.card.noise.scale == "flow" else 1.0
        seen = sqrt((signal * SPREAD) ** 2 + row.sigma**2)  # the spread of x
        gain = signal * SPREAD**2 / seen**2 if seen else 1.0
        return (row.text.states + gain * (row.x - signal * row.text.states)).astype(np.float32)
