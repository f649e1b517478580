"""Inpaint: paint where the mask is white, at the picture's own resolution, and change nothing elsewhere.

The model sees the mask with some of what is around it, at the size it paints best; what it paints is brought to the
picture's resolution and put back.
"""

from PIL import Image

from sfumato.core.canvas import Canvas, Ground, Pictures, Work, no_pictures
from sfumato.core.card import Card, Range
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe
from sfumato.operations import STEERED, Frame, Operation, decided_strength
from sfumato.operations._blend import put_back
from sfumato.operations._steered import steered
from sfumato.operations._windows import Box, Window, cut, started

STRENGTH = Range(low=0, high=1, default=1)
CONTEXT = 0.5  # of the mask's longer side, that is seen around it


def paint(recipe: Recipe, pictures: Pictures) -> Work:
    """Strength below 1 keeps something of what is under the mask; at 0 the picture stays as it is."""
    here = ground(recipe, pictures)
    return (yield from within(recipe, here, here.page, pictures=pictures))


def within(
    recipe: Recipe, here: Ground, begun: Image.Image, share: float | None = None, pictures: Pictures = no_pictures
) -> Work:
    """The page, painted where it is free; begun: RGBA, what the painting begins with there.

    share: of the window's side, how far into the mask colours are brought to those outside; None: as usual.
    """
    window = Window.on(seen(here.free, recipe.painted_size), here.page.size, recipe.painted_size)
    if recipe.strength == 0:
        painted = begun.crop(window.box)
    else:
        start, mask = (cut(part, window, recipe.painted_size) for part in (begun, here.free))
        beside = steered(recipe, pictures, here.page.size, lambda image: cut(image, window, recipe.painted_size))
        painted = yield Canvas(*recipe.painted_size, start, recipe.strength, mask, **beside)
    reach = None if share is None else round(share * min(window.size))
    return put_back(here.page, painted, window, here.free, reach)


def ground(recipe: Recipe, pictures: Pictures) -> Ground:
    return Ground(pictures(str(recipe.start)), pictures(str(recipe.mask)).convert("L"))


def frame(order: Order, card: Card, pictures: Pictures, strength: Range = STRENGTH) -> Frame:
    page = started(order, pictures)
    if order.mask is None:
        raise RequestError(f"{order.operation} paints where a mask says: name one")
    mask = pictures(order.mask).convert("L")
    if mask.size != page.size:
        raise RequestError(f"the mask is {mask.width}x{mask.height} pixels, the picture {page.width}x{page.height}")
    left, top, right, bottom = seen(mask, (card.sizes.best, card.sizes.best))
    wide, high = min(right - left, page.width), min(bottom - top, page.height)
    decided = {"start": order.start, "mask": order.mask, "strength": decided_strength(order, card, strength)}
    return Frame(page.size, (wide, high), decided)


def seen(mask: Image.Image, least: tuple[int, int]) -> Box:
    """The mask's own box with what is around it: at least so many pixels, for more than the model paints is no gain."""
    box = mask.getbbox()
    if box is None:
        raise RequestError("the mask is all black: nothing would be painted")
    left, top, right, bottom = box
    context = CONTEXT * max(right - left, bottom - top)
    across = max(context, (least[0] - right + left) / 2)
    down = max(context, (least[1] - bottom + top) / 2)
    return round(left - across), round(top - down), round(right + across), round(bottom + down)


PART = Operation(
    paint,
    takes=STEERED | {"start", "mask", "strength"},
    needs=frozenset({"image-to-image", "instruct", "fill"}),
    frame=frame,
    ground=ground,
)
