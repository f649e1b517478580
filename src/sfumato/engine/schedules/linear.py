"""The levels of evenly spaced timesteps, where the betas of training rise in a straight line.

Ho et al. 2020, https://arxiv.org/abs/2006.11239; the three spacings are table 2 of Lin et al. 2023,
https://arxiv.org/abs/2305.08891.
"""

from dataclasses import replace

import numpy as np

from sfumato.core.errors import RequestError
from sfumato.engine.schedules import Schedule, Training


def linear(steps: int, training: Training, tokens: int) -> list[float]:
    """The model's own levels if it was trained on this curve; else another curve between the same betas."""
    return evenly_spaced(steps, replace(training, betas="linear"))


def evenly_spaced(steps: int, training: Training) -> list[float]:
    """The levels at `steps` timesteps of the training's table, then 0; between two timesteps, on the line."""
    table = training.table()
    every = training.timesteps // steps
    match training.spacing:
        case "linspace":
            timesteps = np.linspace(training.timesteps - 1, 0, steps)
        case "leading":
            timesteps = np.arange(steps)[::-1] * every + training.offset
        case "trailing":
            timesteps = np.arange(training.timesteps, 0, -training.timesteps / steps)[:steps].round() - 1
    levels = np.interp(timesteps, np.arange(training.timesteps), table)
    if np.any(np.diff(levels) >= 0):
        raise RequestError(f"{steps} steps are too many for a model of {training.timesteps} timesteps: ask for fewer")
    return [*levels.tolist(), 0.0]


PART = Schedule(
    linear,
    scale="diffusion",
    about="even timesteps over betas that rise in a straight line",
    otherwise="linear takes timesteps of a diffusion model; a flow model has none: use flow",
)
