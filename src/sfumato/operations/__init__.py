"""Operations: from a recipe to the canvas that the engine paints on, one file each.

    def text_to_image(recipe: Recipe) -> Canvas

Pillow and numpy only, and the same for every model. To add one, add a file with the function and `PART = ...`.
"""

from collections.abc import Callable

from sfumato.core.canvas import Canvas
from sfumato.core.recipe import Recipe
from sfumato.core.registry import Registry

Operation = Callable[[Recipe], Canvas]

operations: Registry[Operation] = Registry(__name__, "operation")
