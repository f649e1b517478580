"""The levels of evenly spaced timesteps, where the square roots of the betas rise in a straight line.

The curve of latent diffusion, Rombach et al. 2022, https://arxiv.org/abs/2112.10752; Stable Diffusion's own.
"""

from dataclasses import replace

from sfumato.engine.schedules import Schedule, Training
from sfumato.engine.schedules.linear import evenly_spaced


def scaled_linear(steps: int, training: Training, tokens: int) -> list[float]:
    """The model's own levels if it was trained on this curve; else another curve between the same betas."""
    return evenly_spaced(steps, replace(training, betas="scaled-linear"))


PART = Schedule(
    scaled_linear,
    scale="diffusion",
    about="even timesteps over Stable Diffusion's betas",
    otherwise="scaled-linear takes timesteps of a diffusion model; a flow model has none: use flow",
)
