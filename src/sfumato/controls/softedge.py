"""Soft edges: by HED where its weights are here, else by how much the brightness changes, fine and coarse.

HED (`_hed.py`) knows what people draw, and is calm in textures. Without it these are slopes at three scales, the
strongest of them at each place.
"""

import numpy as np
from PIL import Image

from sfumato.controls import Maker
from sfumato.controls._grey import blurred, brightness, on_white, shown, slopes
from sfumato.weights import Weights

WEIGHTS = "soft-edges"
LONGEST = 768  # pixels of the longer side, that HED sees at most; its answer is enlarged

SPREADS = (1.0, 2.0, 4.0)  # pixels
FULL = 0.98  # of the slopes, that are no brighter than white
LEAST = 0.1  # slope; a picture without edges stays black


def softedge(image: Image.Image, weights: Weights) -> Image.Image:
    """Bright edges on black, as broad as what they are the edges of is soft."""
    return by_hed(image, weights) if weights.has(WEIGHTS) else by_slopes(image)


def how(weights: Weights) -> str:
    """Which of the two."""
    if weights.has(WEIGHTS):
        return "softedge: by HED"
    return f"softedge: by slopes; sfumato pull {WEIGHTS} brings HED, which is calmer in textures"


def by_hed(image: Image.Image, weights: Weights) -> Image.Image:
    """As the network says."""
    from sfumato.controls import _hed

    (file,) = weights.find(WEIGHTS).values()
    smaller = on_white(image)
    smaller.thumbnail((LONGEST, LONGEST))
    edges = _hed.read(file)(np.asarray(smaller, np.float32)[..., ::-1] - _hed.MEAN)
    return shown(edges).resize(image.size, Image.Resampling.BICUBIC)


def by_slopes(image: Image.Image) -> Image.Image:
    """Without a network."""
    grey = brightness(image)
    strength = np.max([np.hypot(*slopes(blurred(grey, spread))) for spread in SPREADS], axis=0)
    seen = strength[strength > LEAST]
    return shown(blurred(strength / max(float(np.quantile(seen, FULL)) if seen.size else 1.0, LEAST), 0.8))


PART = Maker(softedge, how=how)
