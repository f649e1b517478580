"""How far away things are: near is bright. By Depth Anything V2, Yang et al. 2024, https://arxiv.org/abs/2406.09414.

The network in ONNX sees the picture with sides of whole patches of 14 pixels, or squeezed into its one size if it has
one, and says how near each place is, up to an unknown scale; what is shown goes from the farthest to the nearest.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from sfumato.controls import Maker
from sfumato.controls._grey import on_white, shown
from sfumato.core.errors import MissingWeights
from sfumato.onnx import network, said_of
from sfumato.weights import Weights

WEIGHTS = "depth"
SIDE, PATCH = 518, 14  # pixels: of the shorter side, as the network was taught; and of what it sees at once
MOST = 4  # times the shorter side, that the longer may be
FLAT = 1e-6  # a picture without any depth stays black


def depth(image: Image.Image, weights: Weights) -> Image.Image:
    """Near things bright, far ones black."""
    if not weights.has(WEIGHTS):
        raise MissingWeights(
            f"finding depth in pictures needs weights that are not here yet: sfumato pull {WEIGHTS}; or give a picture "
            f"of it, near things bright, --control depth:FILE:ready"
        )
    (file,) = weights.find(WEIGHTS).values()
    near = nearness(on_white(image), file)
    low, high = float(near.min()), float(near.max())
    return shown((near - low) / max(high - low, FLAT)).resize(image.size, Image.Resampling.BICUBIC)


def nearness(image: Image.Image, file: Path) -> np.ndarray:
    """What the network says of an RGB picture: float32, more where it is nearer, at the size that it sees."""
    session = network(file)
    high, wide = session.get_inputs()[0].shape[-2:]  # numbers, or names of what may be any
    size = (wide, high) if isinstance(wide, int) and isinstance(high, int) else seen_at(image.size)
    said = said_of(np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float32) / 255, session)
    return said.reshape(said.shape[-2:])


def seen_at(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height), whole patches, the shorter side SIDE."""
    short = min(size)
    wide, high = (min(MOST * SIDE, round(side * SIDE / short / PATCH) * PATCH) for side in size)
    return wide, high


PART = Maker(depth)
