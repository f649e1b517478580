"""Erase: take a thing out where the mask is white, and let what is around it go on.

The colours around it are spread over it first; from these the model paints, without a word of what was there.
"""

from sfumato.core.canvas import Pictures, Work
from sfumato.core.card import Card, Range
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe
from sfumato.operations import Frame, Operation
from sfumato.operations._blend import spread
from sfumato.operations.inpaint import frame, ground, within

REACH = 0.5  # of the window's side: what is around is to go on, not to end
STRENGTH = Range(low=0, high=1, default=0.5)


def paint(recipe: Recipe, pictures: Pictures) -> Work:
    """At strength 0 the colours that are spread are all there is; at 1 the model paints freely."""
    here = ground(recipe, pictures)
    return (yield from within(recipe, here, spread(here.page, here.free), REACH))


def erase_frame(order: Order, card: Card, pictures: Pictures) -> Frame:
    return frame(order, card, pictures, STRENGTH.usually(card.around))


PART = Operation(
    paint,
    takes=frozenset({"start", "mask", "strength"}),
    needs=frozenset({"image-to-image", "fill"}),
    frame=erase_frame,
    ground=ground,
    wordless=True,
)
