"""Masks: where to paint, from a file in each of the ways that programs mean it, or from a box.

What comes out is one thing: L, of the picture's size, white where to paint, black where nothing changes, grey between.
"""

import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
from PIL import Image, ImageChops

from sfumato.core.errors import RequestError
from sfumato.core.registry import unknown
from sfumato.core.wording import shown
from sfumato.edits import Source, opened

Polarity = Literal["white", "black", "alpha"]
"""What of a mask file is painted: where it is white, where it is black, or where it is transparent (as OpenAI's)."""

SURE = 16  # of 255: so near to black or white counts as that; a JPEG's masks are full of such


@dataclass(frozen=True)
class Mask:
    """image: as said above. polarity: how the file was taken, None for a box. told: whether the person said so."""

    image: Image.Image
    polarity: Polarity | None = None
    told: bool = True

    @property
    def remark(self) -> str:
        """One line: what is painted, and how much."""
        share = 100 * float((np.asarray(self.image) > 0).mean())
        if self.polarity is None:
            return f"the box is painted, {share:.1f} % of the picture"
        what = {"white": "white is", "black": "black is", "alpha": "what is transparent is"}[self.polarity]
        why = "as told" if self.told else "inferred; say --mask-polarity if not so"
        return f"of the mask, {what} painted ({why}): {share:.1f} % of the picture"


@dataclass(frozen=True)
class Where:
    """Where to paint, as a person says it: a mask with its polarity, or a box; nothing: everywhere.

    mask: a picture, or a file. polarity: one of Polarity, None: as read_mask infers it. box: as box_mask reads it.
    """

    mask: Source | None = None
    polarity: str | None = None
    box: str | None = None

    @property
    def is_everywhere(self) -> bool:
        """Whether no part is named."""
        return self.mask is None and self.box is None

    @property
    def is_inferred(self) -> bool:
        """Whether what a mask means is for us to find out, and so to be told."""
        return self.mask is not None and self.polarity is None

    def on(self, size: tuple[int, int]) -> Mask | None:
        """The mask of a picture of this size (width, height), None: everywhere; RequestError for what cannot be."""
        if self.mask is not None and self.box is not None:
            raise RequestError("give either a mask file or a mask box, not both")
        if self.mask is None and self.polarity is not None:
            raise RequestError("a mask polarity says how a mask file is meant: give --mask FILE with it")
        if self.mask is not None:
            return read_mask(self.mask, size, self.polarity)
        return box_mask(self.box, size) if self.box is not None else None


EVERYWHERE = Where()


def read_mask(source: Source, size: tuple[int, int], polarity: str | None = None) -> Mask:
    """A mask's file, or a picture; polarity: one of Polarity, None: alpha if anything is transparent, else white.

    size: (width, height) of the picture. RequestError says what is wrong with the mask.
    """
    image = opened(source).image
    if image.size != size:
        raise RequestError(
            f"the mask is {image.width}x{image.height} pixels, the picture {size[0]}x{size[1]}: make it the same size"
        )
    if polarity is not None and polarity not in get_args(Polarity):
        raise unknown("mask polarity", polarity, list(get_args(Polarity)))
    alpha = image.getchannel("A")
    meant = polarity or ("white" if alpha.getextrema()[0] == 255 else "alpha")
    if meant == "alpha":
        grey = ImageChops.invert(alpha)
    else:
        ground = Image.new("RGBA", size, "black" if meant == "white" else "white")
        grey = Image.alpha_composite(ground, image).convert("L")
        grey = grey if meant == "white" else ImageChops.invert(grey)
    sure = grey.point([0 if v < SURE else 255 if v > 255 - SURE else v for v in range(256)])
    return Mask(_checked(sure, meant), cast(Polarity, meant), polarity is not None)


def box_mask(box: str, size: tuple[int, int]) -> Mask:
    """box: `left,top,right,bottom`, pixels; the last two are the first beyond."""
    if not re.fullmatch(r"[0-9]{1,5}(,[0-9]{1,5}){3}", box):
        raise RequestError(f"mask box {shown(box)} is not a box: write it as left,top,right,bottom, as 40,40,200,120")
    left, top, right, bottom = map(int, box.split(","))
    if not (left < right <= size[0] and top < bottom <= size[1]):
        raise RequestError(
            f"mask box {box} is not in the picture, 0,0,{size[0]},{size[1]}: give left < right, top < bottom, within it"
        )
    image = Image.new("L", size)
    image.paste(255, (left, top, right, bottom))
    return Mask(_checked(image, "white"))


def _checked(grey: Image.Image, meant: str) -> Image.Image:
    least, most = cast("tuple[int, int]", grey.getextrema())
    if most == 0:
        none = {"white": "white", "black": "black", "alpha": "transparent"}[meant]
        other = {"white": "black", "black": "white", "alpha": "white"}[meant]
        raise RequestError(f"nothing in the mask is {none}, so nothing would be painted: try --mask-polarity {other}")
    if least == 255:
        raise RequestError("the mask is all of the picture: leave it out, and say with --strength how much may change")
    return grey
