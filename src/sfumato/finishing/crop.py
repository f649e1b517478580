"""Cut a picture down to a part of it; what is left stays as it is."""

import re

from PIL import Image

from sfumato.core.errors import RequestError
from sfumato.finishing import Finisher, Size
from sfumato.weights import Weights


def crop(image: Image.Image, value: str, weights: Weights) -> Image.Image:
    """value: `900x600+12+0`, width x height in pixels, and how far its corner is from the left and from the top."""
    width, height = check(value, image.size, weights)
    left, top = (int(side) for side in value.split("+")[1:])
    return image.crop((left, top, left + width, top + height))


def check(value: str, size: Size, weights: Weights) -> Size:
    if not (found := re.fullmatch(r"([0-9]{1,5})x([0-9]{1,5})\+([0-9]{1,5})\+([0-9]{1,5})", value, re.ASCII)):
        raise RequestError(f"crop takes a part as 900x600+12+0, not {value[:40]!r}")
    width, height, left, top = map(int, found.groups())
    if not (width and height and left + width <= size[0] and top + height <= size[1]):
        raise RequestError(f"crop {value} does not lie within the picture, which is {size[0]}x{size[1]}")
    return width, height


PART = Finisher(crop, check)
