"""Text to image: an empty canvas of the painted size; the engine starts from noise alone."""

from sfumato.core.canvas import Canvas, Pictures, Work
from sfumato.core.recipe import Recipe
from sfumato.operations import SIZE, STEERED, Operation
from sfumato.operations._steered import steered


def paint(recipe: Recipe, pictures: Pictures) -> Work:
    """A picture that starts from nothing."""
    return (yield Canvas(*recipe.painted_size, **steered(recipe, pictures, recipe.painted_size)))


PART = Operation(paint, takes=SIZE | STEERED | {"background"}, needs=frozenset({"text-to-image"}))
