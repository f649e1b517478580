"""Euler's method: follow the slope at the start of the step to its end; one look a step.

Song et al. 2021, https://arxiv.org/abs/2011.13456, in the form of Karras et al. 2022, https://arxiv.org/abs/2206.00364.
"""

from collections.abc import Sequence
from itertools import pairwise

from sfumato.engine.painting import Latent, Look, Noise, Painting
from sfumato.engine.samplers import AS_IT_IS, Sampler


def euler(x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting:
    """On a flow model the slope is its velocity, and this is the loop that flow models are published with."""
    for now, later in pairwise(sigmas):
        slope = (x - (yield Look(x, now))) / now
        x = x + (later - now) * slope
    return x


PART = Sampler(euler, order=1, looks_a_step=1, flow=AS_IT_IS, about="plain and predictable; what flow models expect")
