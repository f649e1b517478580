"""Image to image: begin with a picture instead of noise, some way down the levels.

SDEdit, Meng et al. 2021, https://arxiv.org/abs/2108.01073. Strength 0 gives the picture back as it is; 1 ignores it.
"""

from sfumato.core.canvas import Canvas, Pictures, Work
from sfumato.core.card import Card, Range
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe
from sfumato.operations import STEERED, Frame, Operation, decided_strength
from sfumato.operations._steered import steered
from sfumato.operations._windows import Window, cut, started, uncut

STRENGTH = Range(low=0, high=1, default=0.6)
MUCH_LARGER = 16  # in area; what is enlarged less than four times looks as the model's pictures do


def paint(recipe: Recipe, pictures: Pictures) -> Work:
    """The whole picture is seen and painted; of a model that paints squares, the square around it."""
    page = pictures(str(recipe.start))
    if recipe.strength == 0:
        return page.copy()
    window = Window.around(page.size, recipe.painted_size)
    beside = steered(recipe, pictures, page.size, lambda image: cut(image, window, recipe.painted_size))
    painted = yield Canvas(*recipe.painted_size, cut(page, window, recipe.painted_size), recipe.strength, **beside)
    return uncut(painted, window, page.size)


def frame(order: Order, card: Card, pictures: Pictures) -> Frame:
    page = started(order, pictures)
    sizes = card.sizes
    seen = (max(page.size), max(page.size)) if sizes.shape == "square" else page.size
    strength = decided_strength(order, card, STRENGTH)
    warnings = ()
    if strength > 0 and page.width * page.height > MUCH_LARGER * sizes.best**2:
        warnings = (
            f"the model paints about {sizes.best}x{sizes.best} pixels: what it makes of {page.width}x{page.height} "
            f"is enlarged, and softer; sfumato upscale may sharpen it",
        )
    return Frame(page.size, seen, {"start": order.start, "strength": strength}, warnings)


PART = Operation(
    paint,
    takes=STEERED | {"start", "strength"},
    needs=frozenset({"image-to-image", "variation", "instruct"}),
    frame=frame,
)
