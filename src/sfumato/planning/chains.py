"""Chains: finishing steps, one after another, held to what can be done in bearable time and memory."""

from collections.abc import Sequence

from sfumato import finishing
from sfumato.core.errors import RequestError
from sfumato.core.recipe import Recipe
from sfumato.core.wording import shown
from sfumato.exports.decoding import MOST_PIXELS  # what is made can be read again
from sfumato.weights import Weights

Size = tuple[int, int]

MOST_STEPS = 16


def checked_chain(steps: Sequence[str], size: Size, weights: Weights) -> tuple[tuple[str, ...], Size]:
    """The steps with their blanks filled, and the size (width, height) that a picture of this size then has.

    RequestError names the first step that cannot be, or that needs weights which are not here.
    """
    if len(steps) > MOST_STEPS:
        raise RequestError(f"{len(steps)} finishing steps are more than the {MOST_STEPS} there may be: leave some out")
    settled = []
    for step in steps:
        before, size = size, finishing.check([step], size, weights)
        if size[0] * size[1] > MOST_PIXELS:
            raise RequestError(
                f"{shown(step)} makes {size[0]}x{size[1]} of {before[0]}x{before[1]}; at most "
                f"{MOST_PIXELS // 10**6} megapixels are made: ask for less"
            )
        settled.append(finishing.settled(step))
    return tuple(settled), size


def followed(recipe: Recipe, steps: Sequence[str], weights: Weights) -> Recipe:
    """The recipe with more finishing steps behind its own; RequestError as above."""
    settled, size = checked_chain(steps, recipe.size, weights)
    done = {"finish": recipe.finish + settled, "width": size[0], "height": size[1]}
    return recipe.model_copy(update=done)


def finished_only(recipe: Recipe, start: str, size: Size, steps: Sequence[str], weights: Weights) -> Recipe:
    """The recipe of a kept picture of `size` as it is, with finishing steps; else as that which painted it.

    start: its sha256. RequestError as above.
    """
    plain = {name: Recipe.model_fields[name].default for name in ("mask", "margins", "window", "match", "toward")}
    kept = {"operation": "image-to-image", "start": start, "strength": 0.0, "finish": (), "loras": ()}
    sized = {"width": size[0], "height": size[1]}
    return followed(recipe.model_copy(update={**plain, **kept, **sized}), steps, weights)
