"""Strength: how far down the levels a painting begins, and what it begins with.

The levels are those of diffusers' image-to-image pipelines at the same strength: of its steps, a diffusion model takes
the last int(steps * strength), and a flow model leaves out the first int(steps - steps * strength).
"""

from collections.abc import Sequence

from sfumato.engine.painting import Latent, Scale


def steps_at(strength: float, steps: int, scale: Scale) -> int:
    """How many of the steps are gone at this strength, 0 to 1."""
    if scale == "diffusion":
        return min(int(steps * strength), steps)
    return steps - int(max(steps - min(steps * strength, steps), 0))


def levels_at(strength: float, sigmas: Sequence[float], scale: Scale) -> list[float]:
    """The last levels of a schedule; at strength 1 all of them."""
    gone = steps_at(strength, len(sigmas) - 1, scale)
    return list(sigmas[len(sigmas) - 1 - gone :])


def noised(clean: Latent, noise: Latent, sigma: float, scale: Scale) -> Latent:
    """A clean latent with this much noise in it; noise: unit."""
    return (1 - sigma) * clean + sigma * noise if scale == "flow" else clean + sigma * noise
