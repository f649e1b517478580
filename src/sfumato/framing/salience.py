"""What a person looks at in a picture, as a map of weights, so that a crop can keep it.

A transparent picture says it by its alpha. Else the network for cutting out says it, where its weights are here. Else
it is what is unlike the colours of the border, for things mostly stand within: the boundary prior of Wei et al. 2012,
Geodesic saliency using background priors, by colour alone.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from sfumato.core.errors import MissingWeights
from sfumato.finishing import cutout
from sfumato.weights import Weights

SIDE = 320  # pixels of the map's longest side
SOFT = 2  # pixels of the map: a blur that takes grain away
RIM = 0.04  # of its shorter side, that is the border
COLOURS, RARE = 8, 0.02  # of the border; what less of it than this share has is no colour of its own
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
        return Salience(_unlike_border(small), "contrast with its border", False)
    seen = Image.fromarray(cutout.seen(image, file).clip(0, 1), "F")
    return Salience(np.asarray(seen.resize(small.size, Image.Resampling.BILINEAR)), "the cut-out network", True)


def _unlike_border(small: Image.Image) -> np.ndarray:
    """How far colours are from the nearest that the border has, in CIELAB; the half that is nearer counts nothing."""
    from PIL import ImageCms

    to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
    soft = small.convert("RGB").filter(ImageFilter.GaussianBlur(SOFT))
    lab = np.asarray(ImageCms.applyTransform(soft, to_lab)).astype(np.float32)
    lab[..., 1:] = (lab[..., 1:] + 128) % 256  # a and b come as signed bytes
    far = np.linalg.norm(lab[:, :, None] - _border_colours(lab), axis=-1).min(-1)
    far = np.maximum(far - np.median(far), 0)
    return far / far.max() if far.max() > 0 else np.ones_like(far)


def _border_colours(lab: np.ndarray) -> np.ndarray:
    """The few colours that stand for the border's: float32 (n, 3), as lab is (height, width, 3), 0 to 255."""
    rim = max(1, round(RIM * min(lab.shape[:2])))
    border = [part.reshape(-1, 3) for part in (lab[:rim], lab[-rim:], lab[:, :rim], lab[:, -rim:])]
    pixels = np.concatenate(border).clip(0, 255).astype(np.uint8)
    few = Image.fromarray(pixels[None], "RGB").quantize(COLOURS, kmeans=2)  # it does not mind that they are CIELAB
    found = np.asarray(few.getpalette(), np.float32).reshape(-1, 3)[:COLOURS]
    shares = np.bincount(np.asarray(few).ravel(), minlength=len(found))[: len(found)] / len(pixels)
    return found[shares >= RARE]
