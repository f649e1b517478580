"""Schedules: which noise levels a painting passes through, one file each.

    def karras(steps: int, training: Training, tokens: int) -> list[float]

gives steps + 1 falling levels, in the scale of the model (engine/painting.py); the last is 0 unless the model's
training says otherwise. To add one, add a file with the function and `PART = Schedule(...)`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sfumato.core.errors import RequestError
from sfumato.core.registry import Registry
from sfumato.engine.painting import Scale

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Training:
    """The noise a model was trained with, as its card states it.

    Diffusion: the betas of its 1000 timesteps, and how a few of them are chosen (spacing and offset as in diffusers).
    Flow: `shift`, or for a shift that grows with the picture, its two ends (at 256 and at max_tokens tokens). terminal:
    the last level before 0, to which all are stretched; 0: they are left as they fall.
    """

    scale: Scale
    betas: Literal["linear", "scaled-linear"] = "scaled-linear"
    beta_start: float = 0.00085
    beta_end: float = 0.012
    timesteps: int = 1000
    spacing: Literal["leading", "trailing", "linspace"] = "linspace"
    offset: int = 0
    shift: float = 1.0
    base_shift: float = 0.5
    max_shift: float = 1.15
    max_tokens: int = 4096
    terminal: float = 0.0

    def table(self) -> "np.ndarray":
        """sigma of every training timestep, rising, float64 (timesteps,): sqrt((1 - a) / a) of the products a."""
        import numpy as np  # late: the command line lists schedules without it

        if self.betas == "linear":
            betas = np.linspace(self.beta_start, self.beta_end, self.timesteps)
        else:
            betas = np.linspace(self.beta_start**0.5, self.beta_end**0.5, self.timesteps) ** 2
        kept = np.cumprod(1 - betas)
        return np.sqrt((1 - kept) / kept)


@dataclass(frozen=True)
class Schedule:
    """Levels for a number of steps, and the scale of the models it is for; `otherwise` says why not for others."""

    levels: Callable[[int, Training, int], list[float]]
    scale: Scale
    about: str
    otherwise: str

    def sigmas(self, steps: int, training: Training, tokens: int) -> list[float]:
        """steps + 1 falling levels; tokens: of the picture, for shifts that depend on its size."""
        if reason := self.refuses(training.scale):
            raise RequestError(reason)
        return self.levels(steps, training, tokens)

    def refuses(self, scale: Scale) -> str | None:
        """Why this schedule is not offered for models of this scale; None if it is."""
        return None if scale == self.scale else self.otherwise


schedules: Registry[Schedule] = Registry(__name__, "schedule")
