"""Finishers: what is done to a painted picture, one file each.

A recipe names its finishing steps in order, as `name:value`. A finisher is

    def background(image: Image.Image, value: str) -> Image.Image

with image: RGBA, sRGB, straight alpha. To add one, add a file with the function and `PART = ...`.
"""

from collections.abc import Callable

from PIL import Image

from sfumato.core.recipe import Recipe
from sfumato.core.registry import Registry

Finisher = Callable[[Image.Image, str], Image.Image]

finishers: Registry[Finisher] = Registry(__name__, "finishing step")


def finish(image: Image.Image, recipe: Recipe) -> Image.Image:
    """The picture after all of the recipe's finishing steps."""
    for step in recipe.finish:
        name, _, value = step.partition(":")
        image = finishers[name](image, value)
    return image
