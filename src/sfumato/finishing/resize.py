"""Bring a picture to another size with Lanczos' filter; where it grows, the edge of what is painted stays an edge.

Alpha is respected, so no edge takes colour from nothing. Enlarging four times spreads a transparent edge over four
pixels and more, which looks like fog around a sticker; so alpha is steepened about its middle, the more the more the
picture grows. What is opaque or empty stays so.
"""

import re

from PIL import Image

from sfumato.core.errors import RequestError
from sfumato.finishing import LARGEST, Finisher, Size
from sfumato.weights import Weights

Box = tuple[float, float, float, float]

STEEPER = 0.4  # of alpha's slope, for each time the picture grows; 1.0 would undo the filter and show its steps
STEEPEST = 3.0


def resize(image: Image.Image, value: str, weights: Weights) -> Image.Image:
    """value: `256x256`, width x height in pixels."""
    return resized(image, check(value, image.size, weights))


def check(value: str, size: Size, weights: Weights) -> Size:
    width, _, height = value.partition("x")
    if not all(re.fullmatch("[0-9]{1,5}", side) and 0 < int(side) <= LARGEST for side in (width, height)):
        raise RequestError(f"resize takes a size as 256x256, sides 1 to {LARGEST}, not {value[:40]!r}")
    return int(width), int(height)


def resized(image: Image.Image, size: Size, box: Box | None = None) -> Image.Image:
    """An RGBA picture, or the part of it in a box (left, top, right, bottom), at another size (width, height)."""
    left, top, right, bottom = box or (0, 0, *image.size)
    grown = min(size[0] / (right - left), size[1] / (bottom - top))
    new = image.convert("RGBa").resize(size, Image.Resampling.LANCZOS, box=box).convert("RGBA")
    if grown > 1:
        slope = min(1 + STEEPER * (grown - 1), STEEPEST)
        steepened = [min(max(round((a - 127.5) * slope + 127.5), 0), 255) for a in range(256)]
        new.putalpha(new.getchannel("A").point(steepened))
    return new


PART = Finisher(resize, check)
