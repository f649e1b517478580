"""A line drawing of a picture: differences of two blurs, made sharp.

XDoG, Winnemöller et al. 2012, https://doi.org/10.1016/j.cag.2012.03.004, with white lines on black.
"""

import numpy as np
from PIL import Image

from sfumato.controls import Maker
from sfumato.controls._grey import blurred, brightness, shown
from sfumato.weights import Weights

SPREAD, WIDER = 1.0, 1.6  # pixels, and how many times that the other blur is
SHARPNESS = 20.0  # of the paper's p
DARK, STEEP = 0.78, 12.0  # below which brightness a line begins, and how quickly it is full


def lineart(image: Image.Image, weights: Weights) -> Image.Image:
    """White lines on black."""
    grey = brightness(image)
    fine, broad = blurred(grey, SPREAD), blurred(grey, SPREAD * WIDER)
    sharpened = grey_of(fine, broad)
    return shown(np.tanh(STEEP * np.maximum(DARK - sharpened, 0) / SHARPNESS * 4))


def grey_of(fine: np.ndarray, broad: np.ndarray) -> np.ndarray:
    """1 where the picture is flat, whatever its brightness; below where it is darker than around."""
    return 1 + SHARPNESS * (fine - broad)


PART = Maker(lineart)
