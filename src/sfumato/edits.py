"""Edits: what finishing does to a painted picture, for a picture that is there already, ours or anyone's."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from sfumato import exports
from sfumato.core.picture import Edit, Picture, Save
from sfumato.core.recipe import Recipe

Source = Picture | Edit | str | Path | bytes | Image.Image
"""A picture, the path of one, a file's bytes, or pixels alone: RGBA, sRGB."""


@dataclass(frozen=True)
class Opened:
    """A picture to edit; recipe, ai_made, warnings: as Edit's."""

    image: Image.Image
    recipe: Recipe | None
    ai_made: bool
    warnings: tuple[str, ...] = ()


def opened(source: Source) -> Opened:
    """The pixels, and what is known of how they were made; UnreadableFile."""
    if isinstance(source, Picture | Edit):
        return Opened(source.image, source.recipe, source.ai_made)
    if isinstance(source, Image.Image):
        return Opened(source, None, False)
    path = source if isinstance(source, bytes) else Path(source)
    image, _ = exports.pixels(path)
    found = exports.read(path)
    if found.recipe is not None and found.recipe.size == image.size:
        return Opened(image, found.recipe, True)
    if found.source is None:
        return Opened(image, None, False)
    why = "its size is not the recipe's" if found.recipe is not None else f"it is written as by {found.source}"
    name = path.name if isinstance(path, Path) else "the file"
    return Opened(image, None, True, (f"what {name} says of how it was made is not taken over: {why}",))


def edited(source: Source, steps: tuple[str, ...], work: Callable[[Image.Image], Image.Image], save: Save) -> Edit:
    """The picture after some work, that a recipe tells as these finishing steps."""
    since, known = time.perf_counter(), opened(source)
    image, recipe = work(known.image), known.recipe
    if recipe is not None:
        done = {"finish": recipe.finish + steps, "width": image.width, "height": image.height}
        recipe = recipe.model_copy(update=done)
    return Edit(image, recipe, time.perf_counter() - since, save, known.ai_made, known.warnings)
