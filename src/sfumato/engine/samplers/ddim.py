"""DDIM without added noise: keep the noise the model sees, and put less of it back.

Song et al. 2021, https://arxiv.org/abs/2010.02502, equation 12 with eta 0.
"""

from collections.abc import Sequence
from itertools import pairwise

from sfumato.engine.painting import Latent, Look, Noise, Painting
from sfumato.engine.samplers import Sampler


def ddim(x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting:
    """The same steps as euler's; the two differ only in the scale their papers write them in."""
    for now, later in pairwise(sigmas):
        clean = yield Look(x, now)
        seen_noise = (x - clean) / now
        x = clean + later * seen_noise
    return x


PART = Sampler(
    ddim,
    order=1,
    looks_a_step=1,
    flow="ddim is written for diffusion models; on a flow model the same step is called euler: use that",
    about="the classic deterministic sampler; equal to euler",
)
