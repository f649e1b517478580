"""What an operation prepares for the engine, and how the two talk.

An operation at work is a generator: it yields a Canvas, is sent what the model painted on it, and returns the picture
in the end. Most paint once; a large new area takes several rounds, and strength 0 none.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass

from PIL import Image

from sfumato.core.errors import RequestError

Pictures = Callable[[str], Image.Image]
"""The kept picture of a sha256: RGBA, straight alpha, sRGB, not to be changed; RequestError if it is not here."""


def no_pictures(digest: str) -> Image.Image:
    """Where none are kept."""
    raise RequestError(f"picture {digest[:16]} cannot be had here: no place of pictures is given")


@dataclass(frozen=True, eq=False)
class Canvas:
    """width, height: pixels that the model paints.

    start: what it begins with, RGBA of that size; None: noise alone. strength: 0 to 1, how much of the way from noise
    is gone; at 1 nothing of `start` is left but where the mask keeps it. mask: L of that size, white where to paint;
    None: everywhere. round, rounds: the how manieth painting this is for the picture, from 1, and of how many.
    controls: the recipe's control pictures, in its order, RGB of that size. references: its reference pictures, RGBA.
    """

    width: int
    height: int
    start: Image.Image | None = None
    strength: float = 1.0
    mask: Image.Image | None = None
    round: int = 1
    rounds: int = 1
    controls: tuple[Image.Image, ...] = ()
    references: tuple[Image.Image, ...] = ()


Work = Generator[Canvas, Image.Image, Image.Image]
"""An operation at work: yields canvases, is sent them painted (RGBA), returns the picture."""


def any_white(mask: Image.Image) -> Image.Image:
    """A mask (L) in which all that is not black is white."""
    return mask.point([0] + [255] * 255)


@dataclass(frozen=True, eq=False)
class Ground:
    """What a picture has to keep. page: RGBA, of the picture's size. free: L, black where nothing may change.

    edged: whether an edge between the two is meant, as around a thing before its ground.
    """

    page: Image.Image
    free: Image.Image
    edged: bool = False
