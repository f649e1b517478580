"""Fakes to test with, for our own tests and for those of plug-ins: real parts made tiny, not mocks.

model = GaussianModel(rows_at_once=8)
events = list(run(plan(Order(prompt="any"), model.card).recipes, lambda name: model, exports.save))
"""

import json
from collections.abc import Mapping, Sequence
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
        "operations": ["text-to-image", "image-to-image"],
        "guidance_kind": "classifier-free",
        "guidance": {"low": 1, "high": 20, "default": 3},
        "steps": {"low": 1, "high": 1000, "default": 4},
        "sampler": "euler",
        "schedule": "flow",
        "text": {"tokens": 8, "negative": True},
        "sizes": {"multiple": 8, "low": 8, "high": 1024, "best": 64, "default": [16, 16]},
        "latent": {"channels": 1, "reduction": REDUCTION},
        "noise": {"scale": "flow"},
        "files": [{"name": "none", "sha256": "0" * 64}],
    }
    return Card.model_validate(fields | changes)


def safetensors_file(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> bytes:
    """A safetensors file's bytes; tensors: float16, float32 or int8."""
    types = {"float16": "F16", "float32": "F32", "int8": "I8"}
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    place, parts = 0, []
    for name, array in tensors.items():
        parts.append(array.tobytes())
        ends = [place, place := place + array.nbytes]
        header[name] = {"dtype": types[str(array.dtype)], "shape": list(array.shape), "data_offsets": ends}
    head = json.dumps(header).encode()
    return len(head).to_bytes(8, "little") + head + b"".join(parts)


def random_lora(
    modules: Mapping[str, tuple[int, int]], *, rank: int = 2, size: float = 0.05, seed: int = 0, **metadata: str
) -> bytes:
    """A LoRA file that has learned nothing but noise. modules: (rows, columns) of the matrices that it adds to.

    size: the spread of what is added. metadata: as base_model="pocket".
    """
    rng = np.random.default_rng(seed)
    tensors = {}
    for name, (rows, columns) in modules.items():
        spread = sqrt(size / sqrt(rank))
        for part, shape in [("A", (rank, columns)), ("B", (rows, rank))]:
            tensors[f"transformer.{name}.lora_{part}.weight"] = rng.normal(0, spread, shape).astype(np.float32)
    return safetensors_file(tensors, metadata)


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
