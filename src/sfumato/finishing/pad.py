"""Put a picture in the middle of a larger, empty canvas; its own pixels stay as they are."""

import re

from PIL import Image

from sfumato.core.errors import RequestError
from sfumato.finishing import LARGEST, Finisher, Size
from sfumato.weights import Weights


def pad(image: Image.Image, value: str, weights: Weights) -> Image.Image:
    """value: `432x144`, width x height in pixels; no side smaller than the picture's."""
    width, height = check(value, image.size, weights)
    canvas = Image.new("RGBA", (width, height))
    canvas.paste(image, ((width - image.width) // 2, (height - image.height) // 2))
    return canvas


def check(value: str, size: Size, weights: Weights) -> Size:
    if not re.fullmatch(r"[0-9]{1,5}x[0-9]{1,5}", value):
        raise RequestError(f"pad takes a size as 432x144, not {value[:40]!r}")
    width, height = (int(side) for side in value.split("x"))
    if not (size[0] <= width <= LARGEST and size[1] <= height <= LARGEST):
        raise RequestError(f"pad takes a size from {size[0]}x{size[1]} to {LARGEST} a side, not {value}")
    return width, height


PART = Finisher(pad, check)
