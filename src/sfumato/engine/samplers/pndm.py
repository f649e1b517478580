"""PNDM, its multistep part (PLMS): weigh the noise seen at the last four looks as if the levels were evenly spaced.

Liu et al. 2022, https://arxiv.org/abs/2202.09778; its transfer part is DDIM's step. The first step looks twice,
where the paper starts with Runge-Kutta; so did Stable Diffusion as it was published.
"""

from collections.abc import Sequence
from itertools import pairwise

from sfumato.engine.painting import Latent, Look, Noise, Painting
from sfumato.engine.samplers import Sampler

ADAMS_BASHFORTH = ((), (1,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))
"""Weights of the last looks, newest first, by how many there are."""


def pndm(x: Latent, sigmas: Sequence[float], noise: Noise) -> Painting:
    """Second order wherever the levels are not even, fourth where they are and the start is forgotten."""
    seen: list[Latent] = []
    for now, later in pairwise(sigmas):
        seen = [(x - (yield Look(x, now))) / now, *seen[:3]]
        slope = sum(weight * old for weight, old in zip(ADAMS_BASHFORTH[len(seen)], seen, strict=True))
        if len(seen) == 1 and later > 0:
            arrival = x + (later - now) * slope
            slope = (slope + (arrival - (yield Look(arrival, later))) / later) / 2
        x = x + (later - now) * slope
    return x


PART = Sampler(
    pndm,
    order=2,
    looks_a_step=1,
    flow="pndm weighs its looks for a diffusion model's even timesteps; use heun or dpmpp-2m on a flow model",
    about="what Stable Diffusion 1 was published with; one look more than steps",
)
