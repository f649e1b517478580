"""Noise that depends on the seed alone: Philox, a counter-based generator, drawn in float32 on the CPU.

Draw k of a seed is keyed by (seed, k), so it is the same whether the picture is painted alone, among others, or again;
and later draws do not depend on how large earlier ones were. Philox: Salmon et al. 2011,
https://doi.org/10.1145/2063384.2063405.
"""

import numpy as np

SEED_LIMIT = 2**64
"""Seeds are whole numbers from 0 to SEED_LIMIT - 1; 0 is a seed like any other."""


class SeededNoise:
    """Calling it draws the next float32 array of `shape`, unit normal."""

    def __init__(self, seed: int, shape: tuple[int, ...]):
        self.seed = seed
        self.shape = shape
        self.drawn = 0

    def __call__(self) -> np.ndarray:
        key = np.array([self.seed, self.drawn], dtype=np.uint64)
        self.drawn += 1
        return np.random.Generator(np.random.Philox(key=key)).standard_normal(self.shape, dtype=np.float32)
