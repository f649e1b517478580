"""UniPC: each look also corrects the step that led to it, at no extra cost.

Zhao et al. 2023, https://arxiv.org/abs/2302.04867: order 2, data prediction, B2(h), where the picture is
clean + sigma * noise. Its predictor is then dpmpp-2m's step.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import expm1, log

from sfumato.engine.painting import Latent, Look, Noise, Painting
from sfumato.engine.samplers import BY_CHANGE_OF_VARIABLES, Sampler
from sfumato.engine.samplers.dpmpp_2m import halfway

Seen = tuple[Latent, float]
"""A clean picture, and the level it was seen from."""


def unipc(x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting:
    """Third order: the corrector gains one over the predictor, except in a last step to 0."""
    start, before = x, None  # of the step that led here
    seen: Seen | None = None
    for now, later in pairwise(sigmas):
        clean = yield Look(x, now)
        if seen is not None:
            x = corrected(start, (clean, now), seen, before)
        start, before, seen = x, seen, (clean, now)
        kept = later / now
        x = kept * x + (1 - kept) * halfway(clean, now, later, before)
    return x


def corrected(start: Latent, arrived: Seen, left: Seen, before: Seen | None) -> Latent:
    """The step from `start` taken again, with what was seen at its end.

    The clean picture is taken to change as a parabola in log sigma, through `arrived`, `left` and `before`; in the
    first step, which has no `before`, by half of the change seen.
    """
    clean, sigma = left
    clean_there, sigma_there = arrived
    kept = sigma_there / sigma
    change = (clean_there - clean) / 2
    if before is not None:
        clean_before, sigma_before = before
        step = log(sigma / sigma_there)
        back = log(sigma / sigma_before) / step  # where `before` lies when `left` is 0 and `arrived` is 1; negative
        linear, square = mean_place(step)
        past = (linear - square) / (1 - back)
        change = past / back * (clean_before - clean) + (linear - past) * (clean_there - clean)
    return kept * start + (1 - kept) * (clean + change)


def mean_place(step: float) -> tuple[float, float]:
    """The means of r and of r**2 for r from 0 to 1, where r weighs as exp(step * r): as a step in log sigma does."""
    total = -expm1(-step)
    linear = (step - total) / step / total
    return linear, (1 - 2 / step * linear * total) / total


PART = Sampler(
    unipc,
    order=3,
    looks_a_step=1,
    flow=BY_CHANGE_OF_VARIABLES,
    about="the most exact for one look a step; good from 8 steps on",
)
