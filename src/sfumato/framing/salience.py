"""What a person looks at in a picture, as a map of weights, so that a crop can keep it.

A transparent picture says it by its alpha. Else the network for cutting out says it, where its weights are here. Else
it is what differs most from the mean colour: Achanta et al. 2009, Frequency-tuned salient region detection.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from sfumato.core.errors import MissingWeights
from sfumato.finishing import cutout
from sfumato.weights import Weights

SIDE = 320  # pixels of the map's longest side
OPEN = 0.02  # of all pixels that are transparent: then alpha says what there is


@dataclass(frozen=True)
class Salience:
    """weights: float32, 0 to 1, as many rows and columns for their picture as it is high and wide, only fewer.

    by: what found it. sure: whether it shows a thing, or only where there is most to see.
    """

    weights: np.ndarray
    by: str
    sure: bool


def salience(image: Image.Image, weights: Weights) -> Salience:
    """image: RGBA, sRGB, straight alpha; weights: of the network for cutting out, which need not be here."""
    small = image.convert("RGBa")
    small.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    small = small.convert("RGBA")
    alpha = np.asarray(small.getchannel("A"), np.float32) / 255
    if (alpha < 0.5).mean() > OPEN and alpha.any():
        return Salience(alpha, "what is not transparent", True)
    try:
        (file,) = weights.find(cutout.WEIGHTS).values()
    except MissingWeights:
        return Salience(_contrast(small), "contrast", False)
    seen = Image.fromarray(cutout.seen(image, file).clip(0, 1), "F")
    return Salience(np.asarray(seen.resize(small.size, Image.Resampling.BILINEAR)), "the cut-out network", True)


def _contrast(small: Image.Image) -> np.ndarray:
    """How far colours are from the mean one, in CIELAB; the half that is nearer to it counts nothing."""
    from PIL import ImageCms

    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    soft = small.convert("RGB").filter(ImageFilter.GaussianBlur(1))
    lab = np.asarray(ImageCms.applyTransform(soft, to_lab)).astype(np.float32)
    lab[..., 1:] = (lab[..., 1:] + 128) % 256  # a and b come as signed bytes
    far = np.sqrt(((lab - lab.mean((0, 1))) ** 2).sum(-1))
    far = np.maximum(far - np.median(far), 0)
    return far / far.max() if far.max() > 0 else np.ones_like(far)
