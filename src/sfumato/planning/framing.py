"""Sizes of a picture on its way: what is painted, what becomes of it, and the steps in between."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sfumato.core.canvas import Pictures
from sfumato.core.card import Card, Sizes
from sfumato.core.order import Order
from sfumato.operations import Operation
from sfumato.planning.chains import checked_chain
from sfumato.planning.sizes import asked_size, painted_size, seen_size
from sfumato.weights import Weights


@dataclass(frozen=True)
class Framing:
    """size, painted: (width, height), of the picture and of what the model paints. decided: more of the recipe."""

    size: tuple[int, int]
    painted: tuple[int, int]
    decided: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def framing(operation: Operation, order: Order, card: Card, pictures: Pictures) -> Framing:
    """Sizes, as the order says them or as they come of the picture that it begins with."""
    if operation.frame is None:
        size = asked_size(order, card.sizes)
        return Framing(size, painted_size(*size, card.sizes))
    frame = operation.frame(order, card, pictures)
    return Framing(frame.size, seen_size(*frame.seen, card.sizes), frame.decided, frame.warnings)


def finishing(
    order: Order, card: Card, framed: Framing, ground: str, weights: Weights, *, keeps_frame: bool
) -> tuple[tuple[int, int], tuple[str, ...]]:
    """The finished picture's (width, height), and the steps to it from the painted one.

    keeps_frame: the operation lays what is painted into its picture itself, so sizes and backgrounds need no step.
    """
    cut = ("cutout",) if order.background is not None and ground == "transparent" and not card.alpha else ()
    then, finished = checked_chain((*cut, *order.then), framed.size, weights)
    return finished, then if keeps_frame else finishing_steps(card.sizes, framed.size, framed.painted, then, ground)


def finishing_steps(
    sizes: Sizes, size: tuple[int, int], painted: tuple[int, int], then: tuple[str, ...], background: str
) -> tuple[str, ...]:
    """What has to be done to the painted picture, in order, as a recipe names it; then: steps that are asked for.

    The square of a model that paints only squares goes into the middle of an empty canvas.
    """
    steps, (width, height) = [], size
    inside = (min(size), min(size)) if sizes.shape == "square" else size
    if painted != inside:
        steps.append(f"resize:{inside[0]}x{inside[1]}")
    if inside != size:
        steps.append(f"pad:{width}x{height}")
    steps += then
    if background != "transparent":
        steps.append(f"background:{background}")
    return tuple(steps)
