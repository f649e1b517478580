"""Operations: from a recipe to a picture, by way of canvases that the engine paints, one file each.

    def paint(recipe: Recipe, pictures: Pictures) -> Work

is a generator (see core/canvas.py): it yields a Canvas, is sent it painted, and returns the picture. Pillow and numpy
only, and the same for every model. An operation that starts from a picture also says beforehand, in `frame`, what size
comes of it and what part of it the model sees. To add one, add a file with these and `PART = Operation(...)`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sfumato.core.canvas import Ground, Pictures, Work
from sfumato.core.card import Card, Range
from sfumato.core.order import Order
from sfumato.core.ranges import checked
from sfumato.core.recipe import Recipe
from sfumato.core.registry import Registry

SIZE = frozenset({"width", "height", "aspect_ratio", "megapixels"})
STEERED = frozenset({"controls", "references"})


@dataclass(frozen=True)
class Frame:
    """size: (width, height) of the picture. seen: of the part that the model paints, in the picture's pixels.

    decided: fields of the recipe. warnings: one line each.
    """

    size: tuple[int, int]
    seen: tuple[int, int]
    decided: Mapping[str, Any]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """takes: fields of an order that not every operation has; others that are set are refused.

    needs: of these the model's card must list one among its operations. frame: None where the order says the size;
    RequestError names what cannot be. ground: what the finished picture is held against; None where all of it may
    change. wordless: whether the prompt may be empty. cut_out: whether what it begins with is a thing without its
    ground.
    """

    paint: Callable[[Recipe, Pictures], Work]
    takes: frozenset[str]
    needs: frozenset[str]
    frame: Callable[[Order, Card, Pictures], Frame] | None = None
    ground: Callable[[Recipe, Pictures], Ground] | None = None
    wordless: bool = False
    cut_out: bool = False


def decided_strength(order: Order, card: Card, usual: Range) -> float:
    """The order's strength, else the usual; 1 where words alone say what changes (planning refuses any other)."""
    return checked("strength", order.strength, usual) if card.takes_strength else 1


operations: Registry[Operation] = Registry(__name__, "operation")
