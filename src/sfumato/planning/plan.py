"""Turn one order into recipes: fill each blank from the card, refuse what cannot be, warn of what will not be read."""

import math
from dataclasses import dataclass, field

from sfumato.core.card import Card, Range
from sfumato.core.errors import RequestError, UnknownName
from sfumato.core.order import Order
from sfumato.core.recipe import Recipe
from sfumato.core.registry import unknown
from sfumato.engine.samplers import samplers
from sfumato.engine.schedules import schedules
from sfumato.planning.backgrounds import checked_background
from sfumato.planning.prompts import checked_negative, checked_prompt
from sfumato.planning.seeds import checked_seed
from sfumato.planning.sizes import asked_size, painted_size

MOST_PICTURES = 10_000
RESCALE = Range(low=0, high=1, default=0)


@dataclass(frozen=True)
class Plan:
    """recipes: one a picture, in order. warnings: one line each, of what will not be done quite as asked."""

    recipes: list[Recipe]
    warnings: list[str] = field(default_factory=list)


def plan(order: Order, card: Card) -> Plan:
    """Recipes for an order on the card's model; RequestError names the first value that cannot be."""
    warnings: list[str] = []
    n = checked_whole("n", order.n, 1, MOST_PICTURES)
    width, height = asked_size(order, card.sizes)
    painted = painted_size(width, height, card.sizes)
    sampler = order.sampler or card.sampler
    if reason := samplers[sampler].refuses(card.noise.scale):
        raise RequestError(f"{card.name} cannot use sampler {sampler!r}: {reason}")
    schedule = order.schedule or card.schedule
    if reason := schedules[schedule].refuses(card.noise.scale):
        raise RequestError(f"{card.name} cannot use schedule {schedule!r}: {reason}")
    seed = checked_seed(order.seed, n)
    negative = checked_negative(order.negative, card)
    guidance = checked("guidance", order.guidance, card.guidance)
    if negative and guidance == 1 and card.guidance_kind == "classifier-free":
        warnings.append("at guidance 1 the negative prompt has no effect: raise --guidance, or leave --negative out")
    first = Recipe(
        model=card.name,
        weights=card.weights,
        prompt=checked_prompt(order.prompt),
        negative=negative,
        style=checked_style(order.style, card),
        seed=seed,
        steps=int(checked("steps", order.steps, card.steps)),
        guidance=guidance,
        rescale=checked("rescale", order.rescale, RESCALE),
        sampler=sampler,
        schedule=schedule,
        width=width,
        height=height,
        painted_width=painted[0],
        painted_height=painted[1],
        finish=finishing_steps((width, height), painted, checked_background(order.background)),
    )
    return Plan([first.model_copy(update={"seed": seed + i}) for i in range(n)], warnings)


def checked(name: str, value: float | None, range: Range) -> float:
    """The value, or the card's default for a blank; RequestError with the range and the nearest right value."""
    if value is None:
        return range.default
    if math.isnan(value):
        raise RequestError(f"{name} is not a number: give {range.low:g} to {range.high:g} (usually {range.default:g})")
    if not range.low <= value <= range.high:
        nearest = min(max(value, range.low), range.high)
        raise RequestError(f"{name} {value:g} is outside {range.low:g} to {range.high:g}; the nearest is {nearest:g}")
    return value


def checked_whole(name: str, value: int, low: int, high: int) -> int:
    if not low <= value <= high:
        raise RequestError(f"{name} {value} is outside {low} to {high}; the nearest is {min(max(value, low), high)}")
    return value


def checked_style(style: str | None, card: Card) -> str | None:
    if style is None or style == "none":
        return None
    if card.styles is None:
        raise RequestError(f"{card.name} has no styles: leave --style out and say it in the prompt")
    if style not in card.styles.names:
        error: UnknownName = unknown(f"style of {card.name}", style, sorted(card.styles.names))
        raise error
    return style


def finishing_steps(size: tuple[int, int], painted: tuple[int, int], background: str) -> tuple[str, ...]:
    """What has to be done to the painted picture, in order, as a recipe names it."""
    steps = []
    if painted != size:
        steps.append(f"resize:{size[0]}x{size[1]}")
    if background != "transparent":
        steps.append(f"background:{background}")
    return tuple(steps)
