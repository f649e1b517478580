"""What a painting in progress is: a generator that asks to look, and is told what it sees.

A sampler is a plain loop over one picture. Where it needs the model it says `clean = yield Look(x, sigma)`, and is
answered with the clean picture that the model sees behind `x`. A guidance wraps such a loop and asks in `Row`s, which
name the text too. The conductor answers rows.

Two scales of noise are in use, and a look is always in the scale of the model that answers it:

- diffusion (Karras et al. 2022, https://arxiv.org/abs/2206.00364): x = clean + sigma * noise, sigma from about 80 to 0;
- flow (Lipman et al. 2023, https://arxiv.org/abs/2210.02747): x = (1 - sigma) * clean + sigma * noise, sigma from 1
to 0.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Literal

Latent = Any
"""A picture in the model's own space: a float32 array, numpy's or torch's, with no batch axis."""

Scale = Literal["diffusion", "flow"]

Noise = Callable[[], Latent]
"""Draws the next array of unit noise, of the latent's shape; the same order of calls gives the same noise."""


@dataclass(frozen=True)
class Look:
    """Asks for the clean picture behind `x`, whose noise level is `sigma`."""

    x: Latent
    sigma: float


@dataclass(frozen=True)
class Row:
    """One row for a model: a look, the text (as its family reads it) and the distilled guidance, if it takes one.

    memory: what earlier looks left for this one (engine/caches); such a row is asked by itself.
    """

    x: Latent
    sigma: float
    text: Any
    guidance: float | None = None
    memory: Any = None


Painting = Generator[Look, Latent, Latent]
"""A sampler at work: yields looks, is sent clean estimates, returns the finished latent."""

Guided = Generator[list[Row], list[Latent], Latent]
"""A guidance around a painting: yields the rows of one look, is sent their clean estimates, returns the latent."""
