"""Finishers: what is done to a painted picture, one file each.

A recipe names its finishing steps in order, as `name:value`. A finisher is two functions:

    def apply(image: Image.Image, value: str, weights: Weights) -> Image.Image
    def check(value: str, size: tuple[int, int], weights: Weights) -> tuple[int, int]

with image: RGBA, sRGB, straight alpha. `check` says what size (width, height) a picture of this size then has, and
raises what `apply` would raise, as far as that shows without the picture; so nobody waits for a picture that cannot be
finished. To add one, add a file with both and `PART = Finisher(apply, check)`; a value that may have blanks has a third
function, which fills them, and a step that takes long a fourth, which tells how far it is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from sfumato.core.registry import Registry
from sfumato.weights import Weights

if TYPE_CHECKING:
    from PIL import Image

Size = tuple[int, int]

LARGEST = 16_384  # pixels a side that a finisher makes


Told = Callable[[int, int], None]
"""Told how many pieces of a step are done, and of how many."""


@dataclass(frozen=True)
class Finisher:
    """See above; weights: where the models are kept that some of them run. settled: a right value without blanks.

    telling: the same as apply, and calls a Told after each piece.
    """

    apply: "Callable[[Image.Image, str, Weights], Image.Image]"
    check: Callable[[str, Size, Weights], Size]
    settled: Callable[[str], str] = lambda value: value
    telling: "Callable[[Image.Image, str, Weights, Told], Image.Image] | None" = None


finishers: Registry[Finisher] = Registry(__name__, "finishing step")


def finish(
    image: "Image.Image", steps: Iterable[str], weights: Weights, told: Callable[[str, int, int], None] | None = None
) -> "Image.Image":
    """The picture after all of a recipe's finishing steps; told: called with the step, and with what a Told is."""
    for step in steps:
        name, _, value = step.partition(":")
        finisher = finishers[name]
        if told is None or finisher.telling is None:
            image = finisher.apply(image, value, weights)
        else:
            image = finisher.telling(image, value, weights, partial(told, step))
    return image


def settled(step: str) -> str:
    """A right step as a recipe has it, without blanks: `upscale:4` is `upscale:4:drawing`."""
    name, colon, value = step.partition(":")
    return name + colon + finishers[name].settled(value)


def check(steps: Iterable[str], size: Size, weights: Weights) -> Size:
    """The size that a picture of this size has after the steps; RequestError for the first that cannot be."""
    for step in steps:
        name, _, value = step.partition(":")
        size = finishers[name].check(value, size, weights)
    return size
