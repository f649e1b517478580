"""Soft edges: how much the brightness changes, fine and coarse, without a network.

What HED (Xie and Tu 2015, https://arxiv.org/abs/1504.06375) draws is cleaner in textures, for it knows things; this is
slopes at three scales, the strongest of them at each place.
"""

import numpy as np
from PIL import Image

from sfumato.controls import Maker
from sfumato.controls._grey import blurred, brightness, shown, slopes
from sfumato.weights import Weights

SPREADS = (1.0, 2.0, 4.0)  # pixels
FULL = 0.98  # of the slopes, that are no brighter than white
LEAST = 0.1  # slope; a picture without edges stays black


def softedge(image: Image.Image, weights: Weights) -> Image.Image:
    """Bright edges on black, as broad as what they are the edges of is soft."""
    grey = brightness(image)
    strength = np.max([np.hypot(*slopes(blurred(grey, spread))) for spread in SPREADS], axis=0)
    seen = strength[strength > LEAST]
    return shown(blurred(strength / max(float(np.quantile(seen, FULL)) if seen.size else 1.0, LEAST), 0.8))


PART = Maker(softedge)
