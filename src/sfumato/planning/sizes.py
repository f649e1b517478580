"""Sizes: from pixels, or a ratio and megapixels, to what is delivered and what the model paints.

A model paints best near one size. What is asked larger is painted near that size in the same shape, and enlarged by
finishing; what is asked smaller is painted at the asked size. Some paint only squares, and these at their best size.
"""

import math

from sfumato.core.card import Sizes
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.ratios import ratio_of
from sfumato.core.wording import shown


def asked_size(order: Order, sizes: Sizes) -> tuple[int, int]:
    """(width, height) of the finished picture; RequestError names the nearest possible size."""
    if order.width is not None or order.height is not None:
        if order.width is None or order.height is None:
            raise RequestError("a size has both a width and a height, as in --size 256x256")
        if order.aspect_ratio is not None or order.megapixels is not None:
            raise RequestError("give either --size or --aspect-ratio with --megapixels, not both")
        return checked_size((order.width, order.height), sizes)
    if order.aspect_ratio is None and order.megapixels is None:
        return sizes.default
    ratio = 1.0 if order.aspect_ratio is None else ratio_of(order.aspect_ratio)
    return _shaped(ratio, _pixels(order.megapixels, sizes, ratio), sizes)


def checked_size(size: tuple[int, int], sizes: Sizes) -> tuple[int, int]:
    """The size as it is; RequestError names the nearest possible one."""
    if (nearest := _nearest(*size, sizes)) != size:
        raise RequestError(
            f"size {shown(size[0])}x{shown(size[1])} is not possible: each side is a multiple of {sizes.multiple} "
            f"from {sizes.low} to {sizes.high}; the nearest is {nearest[0]}x{nearest[1]}"
        )
    return size


def painted_size(width: int, height: int, sizes: Sizes) -> tuple[int, int]:
    """The size the model paints for a picture of width x height."""
    if sizes.shape == "square":
        return sizes.best, sizes.best
    if width * height <= sizes.best**2 and max(width, height) <= 2 * sizes.best:
        return width, height
    return _shaped(width / height, sizes.best**2, sizes)


def nearest_shape(size: tuple[int, int], sizes: Sizes) -> tuple[int, int]:
    """The possible size nearest in shape to any size, and in area; the size itself if it is possible."""
    width, height = size
    return size if _nearest(width, height, sizes) == size else _shaped(width / height, width * height, sizes)


def seen_size(width: int, height: int, sizes: Sizes) -> tuple[int, int]:
    """The size the model paints where it sees a part of a picture, width x height: its best, in that shape."""
    if sizes.shape == "square":
        return sizes.best, sizes.best
    return _shaped(width / height, sizes.best**2, sizes)


def _pixels(megapixels: float | None, sizes: Sizes, ratio: float) -> float:
    if megapixels is None:
        return math.prod(sizes.default)
    stretch = max(ratio, 1 / ratio)
    low, high = sizes.low**2 * stretch / 1e6, sizes.high**2 / stretch / 1e6
    if not low * 0.99 <= megapixels <= high * 1.01:  # also false for NaN
        nearest = low if megapixels < low else high
        raise RequestError(
            f"megapixels {shown(megapixels)} is outside {low:.4f} to {high:.4f} for this shape; "
            f"the nearest is {nearest:.4f}"
        )
    return megapixels * 1e6


def _shaped(ratio: float, pixels: float, sizes: Sizes) -> tuple[int, int]:
    """The possible size that is nearest to the ratio (width / height) and the area: a tenth of either weighs alike."""
    sides = range(-(-sizes.low // sizes.multiple) * sizes.multiple, sizes.high + 1, sizes.multiple)

    def off(size: tuple[int, int]) -> float:
        shape = abs(math.log(size[0] / size[1] / ratio))
        area = abs(math.log(size[0] * size[1] / pixels))
        return 4 * shape + area

    return min(((w, h) for w in sides for h in sides), key=off)


def _nearest(width: int, height: int, sizes: Sizes) -> tuple[int, int]:
    def side(value: int) -> int:
        low, high = -(-sizes.low // sizes.multiple), sizes.high // sizes.multiple
        return min(max((value + sizes.multiple // 2) // sizes.multiple, low), high) * sizes.multiple

    return side(width), side(height)
