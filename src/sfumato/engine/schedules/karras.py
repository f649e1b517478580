"""Karras: levels even in their seventh root, so that most steps are spent near the finished picture.

Equation 5 of Karras et al. 2022, https://arxiv.org/abs/2206.00364.
"""

import numpy as np

from sfumato.engine.schedules import Schedule, Training

RHO = 7.0  # the paper's choice for pictures


def karras(steps: int, training: Training, tokens: int) -> list[float]:
    """From the largest level the model was trained with to its smallest, then 0."""
    table = training.table()
    roots = np.linspace(table[-1] ** (1 / RHO), table[0] ** (1 / RHO), steps)
    return [*(roots**RHO).tolist(), 0.0]


PART = Schedule(
    karras,
    scale="diffusion",
    about="more steps near the finished picture; good with dpmpp-2m",
    otherwise="karras spreads a diffusion model's levels; a flow model's run from 1 to 0: use flow",
)
