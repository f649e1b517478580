"""Exponential: every level is the same part of the one before.

Even in the logarithm of signal to noise, as in DPM-Solver, Lu et al. 2022, https://arxiv.org/abs/2206.00927.
"""

import numpy as np

from sfumato.engine.schedules import Schedule, Training


def exponential(steps: int, training: Training, tokens: int) -> list[float]:
    """From the largest level the model was trained with to its smallest, then 0."""
    table = training.table()
    return [*np.geomspace(table[-1], table[0], steps).tolist(), 0.0]


PART = Schedule(
    exponential,
    scale="diffusion",
    about="every step removes the same part of the noise",
    otherwise="exponential spreads a diffusion model's levels; a flow model's run from 1 to 0: use flow",
)
