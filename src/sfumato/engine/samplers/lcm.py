"""Latent consistency: jump to the clean picture, add fresh noise of the next level, and jump again.

Luo et al. 2023, https://arxiv.org/abs/2310.04378; the loop is algorithm 1 of Song et al. 2023,
https://arxiv.org/abs/2303.01469.
"""

from collections.abc import Sequence
from itertools import pairwise

from sfumato.engine.painting import Latent, Look, Noise, Painting
from sfumato.engine.samplers import Sampler


def lcm(x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting:
    """For models distilled to answer with the end of the path, not with the mean of all pictures it could be.

    The papers mix a little of x into the answer, so that it holds at sigma 0; above timestep 10 that is less than
    0.00003 of it, and is left out.
    """
    for now, later in pairwise(sigmas):
        x = yield Look(x, now)
        if later > 0:
            x = x + later * noise()
    return x


PART = Sampler(
    lcm,
    order=0,
    looks_a_step=1,
    flow="lcm is for diffusion models distilled to it; a distilled flow model (schnell, turbo) takes euler",
    about="4 to 8 steps, for models distilled to it (LCM, and LCM LoRAs)",
)
