"""A flow's even levels, shifted towards noise the more the larger the picture is.

FLUX's rule (time_shift in https://github.com/black-forest-labs/flux), after "Resolution-dependent shifting" in Esser et
al. 2024, https://arxiv.org/abs/2403.03206: noise hides less of a larger picture, so more steps go where it is strong.
"""

from math import exp

from sfumato.engine.schedules import Schedule, Training
from sfumato.engine.schedules.flow import shifted

BASE_TOKENS = 256


def flow_dynamic(steps: int, training: Training, tokens: int) -> list[float]:
    """The logarithm of the shift lies on the line through the card's two shifts, and goes on beyond them."""
    slope = (training.max_shift - training.base_shift) / (training.max_tokens - BASE_TOKENS)
    mu = training.base_shift + slope * (tokens - BASE_TOKENS)
    return shifted(steps, exp(mu), training.terminal)


PART = Schedule(
    flow_dynamic,
    scale="flow",
    about="even steps, shifted towards noise with the picture's size (FLUX)",
    otherwise="flow-dynamic is for flow models; for a diffusion model use karras or scaled-linear",
)
