"""Cut out the thing that a picture shows: what is around it becomes transparent, with clean edges.

U^2-Net, Qin et al. 2020, https://arxiv.org/abs/2005.09007, in its small form: it sees the picture at 320 x 320 and says
where the thing is; `_matting.py` makes edges of that.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from sfumato.core.errors import JobFailed, RequestError
from sfumato.finishing import Finisher, Size
from sfumato.finishing._matting import decontaminated, matte
from sfumato.onnx import network, said_of
from sfumato.weights import Weights

WEIGHTS = "cutout"
SIDE = 320  # pixels a side that the network sees
LEAST = 0.3  # the network's answer at its surest place; below, there is no thing


def cutout(image: Image.Image, value: str, weights: Weights) -> Image.Image:
    """value: nothing. What is transparent stays so."""
    check(value, image.size, weights)
    (file,) = weights.find(WEIGHTS).values()
    rgb, shown = _on_white(image)
    alpha = np.minimum(matte(rgb, seen(Image.fromarray(rgb, "RGB"), file)), shown)
    if not alpha.any():
        raise JobFailed("nothing in this picture stands out from its ground, so nothing can be cut out")
    return Image.fromarray(np.dstack([decontaminated(rgb, alpha), alpha]), "RGBA")


def check(value: str, size: Size, weights: Weights) -> Size:
    if value:
        raise RequestError(f"cutout takes no value, not {value[:40]!r}: write cutout alone")
    weights.require(WEIGHTS)
    return size


def _on_white(image: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Colours as they are seen on white, uint8 (height, width, 3), and alpha; nothing else is held on to."""
    image = image.convert("RGBA")
    laid = Image.new("RGBA", image.size, "white")
    laid.alpha_composite(image)
    return np.asarray(laid.convert("RGB")), np.asarray(image.getchannel("A"))


def seen(image: Image.Image, file: Path) -> np.ndarray:
    """Where the thing is, as the network sees it: float32 (320, 320), 0 to 1."""
    small = np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS), np.float32)
    mask = said_of(small / max(small.max(), 1), network(file))[0, 0]
    low, high = float(mask.min()), float(mask.max())
    return (mask - low) / max(high - low, LEAST)


PART = Finisher(cutout, check)
