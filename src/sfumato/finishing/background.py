"""Lay a picture on one colour; what was transparent is that colour afterwards, and nothing is transparent."""

import re

from PIL import Image

from sfumato.core.errors import RequestError
from sfumato.finishing import Finisher, Size
from sfumato.weights import Weights


def background(image: Image.Image, value: str, weights: Weights) -> Image.Image:
    """value: `#rrggbb`, sRGB."""
    check(value, image.size, weights)
    ground = Image.new("RGBA", image.size, value)
    ground.alpha_composite(image)
    return ground


def check(value: str, size: Size, weights: Weights) -> Size:
    if not re.fullmatch("#[0-9a-f]{6}", value):
        raise RequestError(f"background takes a colour as #ff8800, not {value[:40]!r}")
    return size


PART = Finisher(background, check)
