"""DPM-Solver++ (2M) for the stochastic equation: as dpmpp-2m, with half of each step's noise drawn anew.

Lu et al. 2022, https://arxiv.org/abs/2211.01095 (SDE-DPM-Solver++ 2M), where the picture is clean + sigma * noise.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import sqrt

from sfumato.engine.painting import Latent, Look, Noise, Painting
from sfumato.engine.samplers import BY_CHANGE_OF_VARIABLES, Sampler
from sfumato.engine.samplers.dpmpp_2m import halfway


def dpmpp_2m_sde(x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting:
    """kept: how much of `x` is left; it falls twice as fast in log sigma as in dpmpp-2m, and fresh noise fills up."""
    before = None
    for now, later in pairwise(sigmas):
        clean = yield Look(x, now)
        kept = (later / now) ** 2
        x = kept * x + (1 - kept) * halfway(clean, now, later, before)
        if later > 0:
            x = x + later * sqrt(1 - kept) * noise()
        before = clean, now
    return x


PART = Sampler(
    dpmpp_2m_sde,
    order=0,
    looks_a_step=1,
    flow=BY_CHANGE_OF_VARIABLES,
    about="dpmpp-2m with fresh noise: more detail, and more steps (25 and up)",
)
