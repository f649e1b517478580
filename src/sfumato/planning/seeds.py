"""Seeds: what was given, or a fresh one; either way it is in the recipe."""

import secrets

from sfumato.core.errors import RequestError
from sfumato.core.wording import shown
from sfumato.engine.noise import SEED_LIMIT

FRESH_BITS = 32  # short enough to read out and type again


def checked_seed(seed: int | None, n: int) -> int:
    """The first picture's seed; picture i has seed + i, so all n must fit below SEED_LIMIT."""
    if seed is None:
        return secrets.randbits(FRESH_BITS)
    highest = SEED_LIMIT - n
    if not 0 <= seed <= highest:
        nearest = min(max(seed, 0), highest)
        raise RequestError(f"seed {shown(seed)} is outside 0 to {highest} (2^64 - n); the nearest is {nearest}")
    return seed
