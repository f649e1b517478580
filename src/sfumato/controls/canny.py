"""Edges, one pixel wide: Canny 1986, https://doi.org/10.1109/TPAMI.1986.4767851.

Where the slope of a smoothed picture is steepest along its own direction there is an edge; a weak one counts where it
goes on from a strong one.
"""

import numpy as np
from PIL import Image

from sfumato.controls import Maker
from sfumato.controls._grey import blurred, brightness, shown, slopes
from sfumato.weights import Weights

LOW, HIGH = 100 / 255, 200 / 255
"""Slopes of weak and of strong edges; those that the ControlNets were taught with."""
SPREAD = 0.8  # pixels that noise is smoothed over
NEAR = [(down, across) for down in (-1, 0, 1) for across in (-1, 0, 1) if (down, across) != (0, 0)]


def canny(image: Image.Image, weights: Weights) -> Image.Image:
    """White edges on black."""
    right, down = slopes(blurred(brightness(image), SPREAD))
    slope = np.hypot(right, down)
    ridge = np.where(_is_ridge(slope, right, down), slope, 0)
    return shown(_joined(ridge > HIGH, ridge > LOW).astype(np.float32))


def _is_ridge(slope: np.ndarray, right: np.ndarray, down: np.ndarray) -> np.ndarray:
    """Whether no neighbour along the slope's direction, in eighths of a turn, is steeper."""
    eighth = (np.round(np.arctan2(down, right) / (np.pi / 4)).astype(int)) % 4
    padded, found = np.pad(slope, 1), np.zeros(slope.shape, bool)
    high, wide = slope.shape
    for turn, (y, x) in enumerate([(0, 1), (1, 1), (1, 0), (1, -1)]):
        ahead = padded[1 + y : 1 + y + high, 1 + x : 1 + x + wide]
        behind = padded[1 - y : 1 - y + high, 1 - x : 1 - x + wide]
        found |= (eighth == turn) & (slope > behind) & (slope >= ahead)
    return found


def _joined(strong: np.ndarray, weak: np.ndarray) -> np.ndarray:
    """The strong places, and all weak ones that a way over weak ones leads to."""
    found = np.pad(strong, 1)
    open_ = np.pad(weak, 1) & ~found
    front = np.argwhere(found)
    while len(front):
        reached = np.concatenate([front + step for step in NEAR])
        reached = reached[open_[reached[:, 0], reached[:, 1]]]
        front = np.unique(reached, axis=0)
        open_[front[:, 0], front[:, 1]] = False
        found[front[:, 0], front[:, 1]] = True
    return found[1:-1, 1:-1]


PART = Maker(canny)
