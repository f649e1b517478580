"""Colour under the transparent part of a picture: what is painted goes on there, as far as anyone can tell.

A filter or a network that looks at colours near an edge then meets no black, white or leftovers from where nothing
shows. Push and pull: averages by alpha on ever smaller pictures, which then fill what the larger ones leave open.
Gortler et al. 1996, The Lumigraph, section 3.4.
"""

import numpy as np

TRUSTED = 0.25  # alpha from which a pixel's own colour is taken as it is
TRUSTED_SMALL = 1 / 16  # the same on smaller pictures, where it is how much of the ground is known

SOME = np.float32(1e-12)


def bled(rgba: np.ndarray) -> np.ndarray:
    """uint8 (height, width, 4), straight alpha, to the colours alone: float32 (height, width, 3), 0 to 1."""
    colour, alpha = rgba[..., :3] / np.float32(255), rgba[..., 3:] / np.float32(255)
    if alpha.min() == 1:
        return colour
    levels = [(colour * alpha, alpha)]
    while max(levels[-1][1].shape[:2]) > 1:
        levels.append((_halved(levels[-1][0]), _halved(levels[-1][1])))
    known = levels[-1][0] / np.maximum(levels[-1][1], SOME)
    for weighted, alpha in levels[-2::-1]:
        far = _doubled(known)[: alpha.shape[0], : alpha.shape[1]]
        enough = TRUSTED if weighted is levels[0][0] else TRUSTED_SMALL
        trust = np.minimum(alpha / np.float32(enough), 1)
        known = far + trust * (weighted / np.maximum(alpha, SOME) - far)
    return known


def _halved(array: np.ndarray) -> np.ndarray:
    """Half as many rows and columns, each a mean reaching half into its neighbours; beyond the border is nothing."""
    for _ in range(2):
        wide = np.pad(array, ((1, 1 + len(array) % 2), (0, 0), (0, 0)))
        array = ((wide[:-3:2] + wide[3::2] + 3 * (wide[1:-2:2] + wide[2:-1:2])) / np.float32(8)).swapaxes(0, 1)
    return array


def _doubled(array: np.ndarray) -> np.ndarray:
    """Twice as many rows and columns, bilinear."""
    for _ in range(2):
        wide = np.pad(array, ((1, 1), (0, 0), (0, 0)), mode="edge")
        pairs = [(3 * array + wide[:-2]) / np.float32(4), (3 * array + wide[2:]) / np.float32(4)]
        array = np.stack(pairs, 1).reshape(2 * len(array), *array.shape[1:]).swapaxes(0, 1)
    return array
