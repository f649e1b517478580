"""Windows: the part of a page that a model sees, in the shape it paints.

A page is a picture at its own resolution. A window that reaches beyond it sees the page's edge go on.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from sfumato.core.canvas import Pictures, any_white
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.finishing.resize import resized

Size = tuple[int, int]
Box = tuple[int, int, int, int]
"""left, top, right, bottom: pixels; the last two are the first beyond."""


@dataclass(frozen=True)
class Window:
    """A box on a page, in its pixels; it may reach beyond."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def around(cls, page: Size, shape: Size) -> "Window":
        """The smallest window of this shape (width, height) that holds the whole page, in its middle."""
        scale = max(page[0] / shape[0], page[1] / shape[1])
        width, height = (max(round(side * scale), whole) for side, whole in zip(shape, page, strict=True))
        return cls((page[0] - width) // 2, (page[1] - height) // 2, width, height)

    @classmethod
    def on(cls, box: Box, page: Size, shape: Size) -> "Window":
        """A window of this shape (width, height) with the box in its middle, moved onto the page as far as it fits."""
        scale = max((box[2] - box[0]) / shape[0], (box[3] - box[1]) / shape[1])
        width, height = (round(side * scale) for side in shape)
        whole = cls.around(page, shape)
        if width >= whole.width:
            return whole
        left = _placed((box[0] + box[2] - width) // 2, width, page[0])
        return cls(left, _placed((box[1] + box[3] - height) // 2, height, page[1]), width, height)

    @classmethod
    def amid(cls, page: Size, side: int) -> "Window":
        """A square whose middle is the page's."""
        return cls((page[0] - side) // 2, (page[1] - side) // 2, side, side)

    @property
    def size(self) -> Size:
        return self.width, self.height

    @property
    def box(self) -> Box:
        """On the page."""
        return self.left, self.top, self.left + self.width, self.top + self.height

    def within(self, page: Size) -> Box:
        """The part of the box that is on the page."""
        left, top, right, bottom = self.box
        return max(left, 0), max(top, 0), min(right, page[0]), min(bottom, page[1])

    def of_page(self, page: Size) -> Box:
        """The same part, in the window's own pixels."""
        left, top, right, bottom = self.within(page)
        return left - self.left, top - self.top, right - self.left, bottom - self.top


def _placed(begin: int, length: int, whole: int) -> int:
    return (whole - length) // 2 if length > whole else min(max(begin, 0), whole - length)


def cut(page: Image.Image, window: Window, size: Size) -> Image.Image:
    """What the window shows, brought to a size (width, height). A mask (L) keeps all that it has, however small."""
    across, down = size[0] / window.width, size[1] / window.height
    left, top, right, bottom = window.of_page(page.size)
    begin = min(round(left * across), size[0] - 1), min(round(top * down), size[1] - 1)
    end = max(round(right * across), begin[0] + 1), max(round(bottom * down), begin[1] + 1)
    inside, part = (end[0] - begin[0], end[1] - begin[1]), page.crop(window.within(page.size))
    if part.mode == "L":
        seen = np.asarray(any_white(part.resize(inside, Image.Resampling.BOX)))
    else:
        seen = np.asarray(resized(part, inside))
    beyond = (begin[1], size[1] - end[1]), (begin[0], size[0] - end[0])
    return Image.fromarray(np.pad(seen, (*beyond, *[(0, 0)] * (seen.ndim - 2)), mode="edge"))


def uncut(painted: Image.Image, window: Window, page: Size) -> Image.Image:
    """The part of a painted window that is on the page, at the page's resolution."""
    across, down = painted.width / window.width, painted.height / window.height
    left, top, right, bottom = window.of_page(page)
    if (across, down) == (1, 1):
        return painted.crop((left, top, right, bottom))
    box = left * across, top * down, min(right * across, painted.width), min(bottom * down, painted.height)
    return resized(painted, (right - left, bottom - top), box)


def started(order: Order, pictures: Pictures) -> Image.Image:
    """The picture that an order begins with."""
    if order.start is None:
        raise RequestError(f"{order.operation} begins with a picture: name one")
    return pictures(order.start)
