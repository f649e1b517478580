"""A flow's even levels, shifted towards noise by a number from the model's card.

The shift is equation 23 of Esser et al. 2024 (Stable Diffusion 3), https://arxiv.org/abs/2403.03206.
"""

import numpy as np

from sfumato.engine.schedules import Schedule, Training


def flow(steps: int, training: Training, tokens: int) -> list[float]:
    """The card's shift, whatever the size of the picture."""
    return shifted(steps, training.shift, training.terminal)


def shifted(steps: int, shift: float, terminal: float = 0.0) -> list[float]:
    """Levels 1 to 1 / steps, then 0. A shift above 1 spends more steps near noise; 1 leaves them even.

    terminal: the last level before 0, to which the others are stretched from 1; 0 leaves them.
    """
    even = np.linspace(1, 1 / steps, steps)
    levels = shift * even / (1 + (shift - 1) * even)
    if terminal and steps > 1:
        levels = 1 - (1 - levels) * (1 - terminal) / (1 - levels[-1])
    return [*levels.tolist(), 0.0]


PART = Schedule(
    flow,
    scale="flow",
    about="even steps, shifted towards noise as the model's card says",
    otherwise="flow is for flow models; for a diffusion model use karras or scaled-linear",
)
