"""Families: how a kind of model is fed, one file or folder each.

A family loads a card's weights into a Model, which reads prompts, encodes pictures, looks (rows in, clean estimates
out) and decodes. To add one, add a module with `PART = load`, a function `(card, folder) -> Model`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from sfumato.core.card import Card
from sfumato.core.registry import Registry
from sfumato.engine.painting import Latent, Row


@dataclass(frozen=True)
class Text:
    """A prompt as a family has read it. unread: the end of the prompt that the model does not take in."""

    states: Any
    unread: str = ""


class Model(Protocol):
    """A loaded model. rows_at_once: how many rows one look may hold (1 where rows would disturb each other)."""

    card: Card
    rows_at_once: int

    def latent_shape(self, width: int, height: int) -> tuple[int, ...]:
        """The latent's shape for a picture of width x height pixels."""
        ...

    def tokens(self, width: int, height: int) -> int:
        """How many tokens such a picture has; for schedules whose shift depends on it."""
        ...

    def read(self, prompt: str) -> Text:
        """The prompt as the model takes it; "" for none."""
        ...

    def encode(self, pixels: np.ndarray) -> Latent:
        """pixels: uint8 (height, width, 4), straight alpha, sRGB, to a latent."""
        ...

    def look(self, rows: Sequence[Row]) -> list[Latent]:
        """The clean latent behind each row's x; at most rows_at_once rows, all of one shape."""
        ...

    def decode(self, latent: Latent) -> np.ndarray:
        """A latent to uint8 (height, width, 4), straight alpha, sRGB."""
        ...


Load = Callable[[Card, Path], Model]

families: Registry[Load] = Registry(__name__, "family")
