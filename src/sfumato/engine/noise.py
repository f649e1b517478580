"""Noise that depends on the seed alone: Philox, a counter-based generator, drawn in float32 on the CPU.

Draw k of a seed is keyed by (seed, k), so it is the same whether the picture is painted alone, among others, or again;
and later draws do not depend on how large earlier ones were. Philox: Salmon et al. 2011,
https://doi.org/10.1145/2063384.2063405.
"""

import numpy as np

SEED_LIMIT = 2**64
"""Seeds are whole numbers from 0 to SEED_LIMIT - 1; 0 is a seed like any other."""


class TurnedNoise:
    """Draws of two seeds, each pair met part of the way from the first to the second.

    Along the arc between them (Shoemake 1985, Animating rotation with quaternion curves): noise keeps its length so,
    which a straight line would cut short. share: 0 is the first, 1 the second.
    """

    def __init__(self, first: "SeededNoise", second: "SeededNoise", share: float):
        self.first, self.second, self.share = first, second, share
        self.shape = first.shape

    def __call__(self) -> np.ndarray:
        one, other = self.first(), self.second()
        cosine = float((one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum()))
        angle = np.arccos(min(max(cosine, -1.0), 1.0))
        if angle < 1e-4 or angle > np.pi - 1e-4:  # the same draw, or there is no one arc
            return one if self.share < 0.5 else other
        parts = np.sin((1 - self.share) * angle) / np.sin(angle), np.sin(self.share * angle) / np.sin(angle)
        return np.float32(parts[0]) * one + np.float32(parts[1]) * other


A_ROUND = 2**32  # draws that are set aside for each painting of one picture


class SeededNoise:
    """Calling it draws the next float32 array of `shape`, unit normal; round: the how manieth painting, from 0."""

    def __init__(self, seed: int, shape: tuple[int, ...], round: int = 0):
        self.seed = seed
        self.shape = shape
        self.drawn = round * A_ROUND

    def __call__(self) -> np.ndarray:
        key = np.array([self.seed, self.drawn], dtype=np.uint64)
        self.drawn += 1
        return np.random.Generator(np.random.Philox(key=key)).standard_normal(self.shape, dtype=np.float32)
