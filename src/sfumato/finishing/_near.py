"""What lies near something: flags that spread, or shrink, by so many rows and columns.

The reach of a few shifts grows threefold with each, so a wide one costs hardly more than a narrow one; Pillow's rank
filters look at every pixel of the square (a minute for a cut-out of 4096 px).
"""

from collections.abc import Iterator

import numpy as np


def shifts(radius: int) -> Iterator[int]:
    """Steps to both sides that, one after another, reach everything within the radius, and nothing beyond."""
    reach = 0
    while reach < radius:
        step = min(2 * reach + 1, radius - reach)
        yield step
        reach += step


def widened(flags: np.ndarray, radius: int) -> np.ndarray:
    """Where a true one is within so many rows and columns; boolean (height, width)."""
    for axis in range(2):
        for step in shifts(radius):
            before, flags = flags.swapaxes(0, axis), flags.copy()
            after = flags.swapaxes(0, axis)
            after[step:] |= before[:-step]
            after[:-step] |= before[step:]
    return flags


def narrowed(flags: np.ndarray, radius: int) -> np.ndarray:
    """Where all within so many rows and columns are true; beyond the border nothing is false."""
    return ~widened(~flags, radius)
