"""DPM-Solver++ (2M): a straight line through the last two clean pictures says where the next step heads.

Algorithm 2 of Lu et al. 2022, https://arxiv.org/abs/2211.01095, where the picture is clean + sigma * noise.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import log

from sfumato.engine.painting import Latent, Look, Noise, Painting
from sfumato.engine.samplers import BY_CHANGE_OF_VARIABLES, Sampler


def dpmpp_2m(x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting:
    """Second order for one look a step: the look before is used again."""
    before = None
    for now, later in pairwise(sigmas):
        clean = yield Look(x, now)
        kept = later / now
        x = kept * x + (1 - kept) * halfway(clean, now, later, before)
        before = clean, now
    return x


def halfway(clean: Latent, now: float, later: float, before: tuple[Latent, float] | None) -> Latent:
    """The clean picture expected in the middle of the step, in log sigma; `before`: the last look's picture and level.

    A first step has nothing before it, and a step to 0 is endless in log sigma: both take `clean` as it is.
    """
    if before is None or later == 0:
        return clean
    clean_before, sigma_before = before
    reach = log(now / later) / log(sigma_before / now) / 2
    return clean + reach * (clean - clean_before)


PART = Sampler(
    dpmpp_2m,
    order=2,
    looks_a_step=1,
    flow=BY_CHANGE_OF_VARIABLES,
    about="sharp in 20 to 30 steps; a good first choice for diffusion models",
)
