"""Text to image: an empty canvas of the painted size; the engine starts from noise alone."""

from sfumato.core.canvas import Canvas
from sfumato.core.recipe import Recipe


def text_to_image(recipe: Recipe) -> Canvas:
    """The canvas of a picture that starts from nothing."""
    return Canvas(*recipe.painted_size)


PART = text_to_image
