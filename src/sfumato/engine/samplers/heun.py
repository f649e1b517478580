"""Heun's method: average the slopes at both ends of the step; two looks a step.

Algorithm 1 of Karras et al. 2022, https://arxiv.org/abs/2206.00364.
"""

from collections.abc import Sequence
from itertools import pairwise

from sfumato.engine.painting import Latent, Look, Noise, Painting
from sfumato.engine.samplers import AS_IT_IS, Sampler


def heun(x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting:
    """Second order: twice the looks, a quarter of the error."""
    for now, later in pairwise(sigmas):
        slope = (x - (yield Look(x, now))) / now
        arrival = x + (later - now) * slope
        if later == 0:  # the slope is not defined at sigma 0
            x = arrival
        else:
            slope_there = (arrival - (yield Look(arrival, later))) / later
            x = x + (later - now) * (slope + slope_there) / 2
    return x


PART = Sampler(heun, order=2, looks_a_step=2, flow=AS_IT_IS, about="slow and exact: two looks a step")
