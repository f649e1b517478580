"""Outpaint: a larger page around a picture, whose own pixels stay as they are.

The new area is painted in rounds, each a window of which about half is known already: first to the left and right,
then above and below. What no round has come to yet begins as the colours at the border, going on. Windows reach a
little beyond what is painted, for some models paint the frame of a picture there.
"""

from collections.abc import Iterator
from itertools import pairwise

from PIL import Image

from sfumato.core.canvas import Canvas, Ground, Pictures, Work
from sfumato.core.card import Card, Range
from sfumato.core.errors import RequestError
from sfumato.core.order import Order
from sfumato.core.ratios import ratio_of
from sfumato.core.recipe import Recipe
from sfumato.exports.decoding import LONGEST_SIDE, MOST_PIXELS
from sfumato.finishing._membrane import carried_on
from sfumato.operations import Frame, Operation, decided_strength
from sfumato.operations._blend import put_back
from sfumato.operations._windows import Box, Size, Window, cut, started

STRENGTH = Range(low=0, high=1, default=1)
MOST_ROUNDS = 64
BEYOND = 8  # a window reaches a so manieth of its side beyond what is painted
REACH = 0.6  # of the window's side, that a model which sees colours otherwise is corrected into the new area
ENLARGED = 2  # times a window may be larger than what the model paints, or as much as its usual pictures are

Margins = tuple[int, int, int, int]


def paint(recipe: Recipe, pictures: Pictures) -> Work:
    """Each round's model sees all that is known in its window; what it paints elsewhere is put back.

    At strength 0 the colours that are spread are all there is.
    """
    here = ground(recipe, pictures)
    page, unknown = carried_on(here.page, old_box(recipe.margins, here.page.size)), here.free.copy()
    rounds = list(tiles(old_box(recipe.margins, page.size), page.size, recipe.window)) if recipe.strength else []
    for number, (tile, left, top) in enumerate(rounds, 1):
        window = Window(left, top, recipe.window, recipe.window)
        start, mask = (cut(part, window, recipe.painted_size) for part in (page, unknown))
        painted = yield Canvas(*recipe.painted_size, start, recipe.strength, mask, number, len(rounds))
        now = Image.new("L", page.size)
        now.paste(unknown.crop(tile), tile)
        page = put_back(page, painted, window, now, round(REACH * recipe.window), carried_on=True)
        unknown.paste(0, tile)
    return page


def ground(recipe: Recipe, pictures: Pictures) -> Ground:
    old = pictures(str(recipe.start))
    left, top, right, bottom = recipe.margins or (0, 0, 0, 0)
    size = old.width + left + right, old.height + top + bottom
    page, free = Image.new("RGBA", size), Image.new("L", size, 255)
    box = old_box(recipe.margins, size)
    page.paste(old, box)
    free.paste(0, box)
    return Ground(page, free)


def frame(order: Order, card: Card, pictures: Pictures) -> Frame:
    old = started(order, pictures).size
    margins = decided_margins(order, old)
    size = old[0] + margins[0] + margins[2], old[1] + margins[1] + margins[3]
    if size[0] * size[1] > MOST_PIXELS or max(size) > LONGEST_SIDE:
        raise RequestError(
            f"{size[0]}x{size[1]} is too large: at most {MOST_PIXELS // 10**6} megapixels and {LONGEST_SIDE:,} a side"
        )
    sizes, strength = card.sizes, decided_strength(order, card, STRENGTH.usually(card.around))
    window = max(sizes.best, min(*old, max(ENLARGED * sizes.best, min(sizes.default))))
    if sizes.shape == "square":  # it frames all four sides, and several rounds of it would not go together
        window = max(sizes.best, max(size) + 2 * max(size) // BEYOND)
    rounds = len(list(tiles(old_box(margins, size), size, window)))
    if strength and rounds > MOST_ROUNDS:
        raise RequestError(f"so much new area takes {rounds} rounds; at most {MOST_ROUNDS} are painted: extend it less")
    decided = {"start": order.start, "strength": strength, "margins": margins, "window": window}
    return Frame(size, (window, window), decided)


def decided_margins(order: Order, old: Size) -> Margins:
    """New pixels at the left, top, right and bottom; for a ratio as even as can be."""
    if (order.margins is None) == (order.aspect_ratio is None):
        raise RequestError("say either a ratio to extend to, as 16:9, or how many pixels on which side")
    if order.margins is not None:
        if min(order.margins) < 0 or not any(order.margins):
            raise RequestError("extend by at least 1 pixel on one side, and by no less than 0 on any")
        return order.margins
    ratio = ratio_of(order.aspect_ratio)
    width, height = max(old[0], round(old[1] * ratio)), max(old[1], round(old[0] / ratio))
    across, down = width - old[0], height - old[1]
    if not (across or down):
        raise RequestError(f"the picture is {order.aspect_ratio} already: choose another ratio, or pixels on a side")
    return across // 2, down // 2, across - across // 2, down - down // 2


def old_box(margins: Margins | None, size: Size) -> Box:
    """Where on the page the picture is."""
    left, top, right, bottom = margins or (0, 0, 0, 0)
    return left, top, size[0] - right, size[1] - bottom


def tiles(known: Box, page: Size, window: int) -> Iterator[tuple[Box, int, int]]:
    """What each round paints, and the left and top of the window it is seen in; each touches what is known by then."""
    left, top, right, bottom = known
    step, beyond = max(1, window // 2), window // BEYOND
    for end, begin in pairwise([*range(left, 0, -step), 0]):
        yield from ((tile, begin - beyond, at) for tile, at in _split((begin, top, end, bottom), 1, window))
    for begin, end in pairwise([*range(right, page[0], step), page[0]]):
        yield from ((tile, end + beyond - window, at) for tile, at in _split((begin, top, end, bottom), 1, window))
    for end, begin in pairwise([*range(top, 0, -step), 0]):
        yield from ((tile, at, begin - beyond) for tile, at in _split((0, begin, page[0], end), 0, window))
    for begin, end in pairwise([*range(bottom, page[1], step), page[1]]):
        yield from ((tile, at, end + beyond - window) for tile, at in _split((0, begin, page[0], end), 0, window))


def _split(box: Box, axis: int, window: int) -> Iterator[tuple[Box, int]]:
    """The box in even pieces along an axis, and where a window around each begins; several overlap in what is seen."""
    begin, length = box[axis], box[axis + 2] - box[axis]
    pieces = 1 if length <= window else -(-length // max(1, window - 2 * (window // BEYOND)))
    for i in range(pieces):
        piece = list(box)
        piece[axis], piece[axis + 2] = begin + length * i // pieces, begin + length * (i + 1) // pieces
        yield (piece[0], piece[1], piece[2], piece[3]), (piece[axis] + piece[axis + 2] - window) // 2


PART = Operation(
    paint,
    takes=frozenset({"start", "strength", "margins", "aspect_ratio"}),
    needs=frozenset({"image-to-image", "fill"}),
    frame=frame,
    ground=ground,
    wordless=True,
)
