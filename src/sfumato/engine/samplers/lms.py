"""Linear multistep: a cubic through the slopes at the last four looks, integrated exactly over the step.

Adams-Bashforth for uneven levels (Hairer, Norsett and Wanner, Solving Ordinary Differential Equations I, III.5), on the
slope of Karras et al. 2022, https://arxiv.org/abs/2206.00364.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from numpy.polynomial.polynomial import polyfromroots, polyint, polyval

from sfumato.engine.painting import Latent, Look, Noise, Painting
from sfumato.engine.samplers import Sampler

LOOKS_KEPT = 4


def lms(x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting:
    """Second order over all: the first step has one slope only, and its error stays."""
    levels: list[float] = []
    slopes: list[Latent] = []
    for now, later in pairwise(sigmas):
        levels = [now, *levels[: LOOKS_KEPT - 1]]
        slopes = [(x - (yield Look(x, now))) / now, *slopes[: LOOKS_KEPT - 1]]
        x = x + sum(weight * slope for weight, slope in zip(weights(levels, later), slopes, strict=True))
    return x


def weights(levels: Sequence[float], later: float) -> list[float]:
    """What each slope counts in the integral from levels[0] to `later` of the polynomial through all of them."""
    now, step = levels[0], later - levels[0]
    places = [(level - now) / step for level in levels]  # the step is 0 to 1, so that no power grows large
    areas = []
    for place in places:
        others = [other for other in places if other != place]
        area = polyval(1.0, polyint(polyfromroots(others))) / prod(place - other for other in others)
        areas.append(step * float(area))
    return areas


PART = Sampler(
    lms,
    order=2,
    looks_a_step=1,
    flow="lms extrapolates slopes over a diffusion model's levels; use heun or dpmpp-2m on a flow model",
    about="smooth at 30 steps and more; restless below",
)
