"""Euler ancestral: step further down than was meant, then add fresh noise back up to the level that was meant.

The reverse step of DDPM, Ho et al. 2020, https://arxiv.org/abs/2006.11239, in sigmas; equal to DDIM with eta 1.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

from sfumato.engine.painting import Latent, Look, Noise, Painting
from sfumato.engine.samplers import BY_CHANGE_OF_VARIABLES, Sampler


def euler_ancestral(x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting:
    """The noise left by the step and the fresh noise add up, as squares do, to the level that was meant."""
    for now, later in pairwise(sigmas):
        clean = yield Look(x, now)
        kept = (later / now) ** 2
        x = kept * x + (1 - kept) * clean
        if later > 0:
            x = x + later * sqrt(1 - kept) * noise()
    return x


PART = Sampler(
    euler_ancestral,
    order=0,
    looks_a_step=1,
    flow=BY_CHANGE_OF_VARIABLES,
    about="fresh noise at every step: lively, and never settles on one picture as steps grow",
)
